"""Campaigns with prior and policy on a GPU that is none: the same ledger as on a CPU, and no call lost by a kill."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from fake_gpu import fake_gpu

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign, saved_settings
from chemmara.records.ledger import Ledger
from chemmara.rl.named_methods import METHODS

CAMPAIGN = """
prior = "{prior}"
budget = 60
hit_threshold = 0.4
seed = 3
threads = 1
checkpoint_seconds = 1000.0
objective = "qed"
method = {{ name = "{method}", batch_size = 16, tau = 0.3 }}
"""


class KilledError(Exception):
    """A kill -9, as far as a file can tell."""


def leg(out: Path, file: Path | None, device: str, steps: int | None) -> str:
    """Begin the campaign of a file, or resume it, on a device; killed after so many steps unless they are None."""
    taken = 0

    def tell(_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == steps:
            raise KilledError

    with fake_gpu() if device == "cuda" else nullcontext():
        run = Run.start(out, load_campaign(file, device=device)) if file else None
        with run or Run.resume(out, saved_settings(out, device=device)) as run:
            return run.go(tell)


def calls(out: Path) -> list[tuple]:
    with Ledger.open(out / "ledger.sqlite") as ledger:
        return [(call.call, call.step, call.smiles, call.score) for call in ledger.calls()]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_runs_there_and_makes_the_calls_that_it_makes_on_a_cpu(
    method: str, tiny_prior: Path, tmp_path: Path
) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(CAMPAIGN.format(prior=tiny_prior, method=method))
    ends = [leg(tmp_path / device, file, device, None) for device in ("cpu", "cuda")]
    assert ends[0] == ends[1] == "the budget of 60 oracle calls is spent"
    assert calls(tmp_path / "cuda") == calls(tmp_path / "cpu")


@pytest.mark.parametrize("second", ["cuda", "cpu"])
@pytest.mark.parametrize("first", ["cuda", "cpu"])
def test_a_killed_run_goes_on_where_either_device_left_it_and_no_call_is_paid_for_twice(
    first: str, second: str, tiny_prior: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "campaign.toml", tmp_path / "run"
    file.write_text(CAMPAIGN.format(prior=tiny_prior, method="mara"))
    with pytest.raises(KilledError):
        leg(out, file, first, 2)
    before = calls(out)
    with pytest.raises(KilledError):
        leg(out, None, second, 1)
    assert calls(out)[: len(before)] == before
    assert "is spent" in leg(out, None, second, None)
    after = calls(out)
    assert after[: len(before)] == before
    assert [call for call, *_ in after] == list(range(1, 61))
    assert len({smiles for _, _, smiles, _ in after}) == 60
