"""`resume --retry`: what an outage cost is measured again, at no call, and the run goes on."""

import math
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chemmara.records.ledger import Call, Ledger
from cli.main import app

CAMPAIGN = """
prior = "{prior}"
budget = 96
seed = 1
threads = 1
checkpoint_seconds = 0.001
[method]
batch_size = 16
tau = 0.5
[[objective.component]]
oracle = "qed"
[[objective.component]]
oracle = "python"
name = "dock"
call = "dock.py:dock"
low = 0.0
high = 1.0
"""
DOCK = """
from pathlib import Path

HERE = Path(__file__).parent


def dock(molecules):
    asked = HERE / "asked"
    seen = asked.read_text() if asked.exists() else ""
    asked.write_text(seen + "x" * len(molecules))
    if (HERE / "away").exists() or (HERE / "away from 40").exists() and len(seen) >= 40:
        raise RuntimeError("no licence")
    if any(m.GetNumAtoms() % 7 == 0 for m in molecules):
        raise RuntimeError("no pose")
    return [1 / m.GetNumAtoms() for m in molecules]
"""


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def calls(folder: Path) -> list[Call]:
    with Ledger.open(folder / "run/ledger.sqlite") as ledger:
        return ledger.calls()


@pytest.fixture
def folder(tmp_path: Path, tiny_prior: Path) -> Path:
    """A campaign whose oracle is away after 40 molecules."""
    (tmp_path / "c.toml").write_text(CAMPAIGN.format(prior=tiny_prior))
    (tmp_path / "dock.py").write_text(DOCK)
    (tmp_path / "away from 40").touch()
    return tmp_path


def test_what_was_lost_has_its_score_and_the_run_goes_on_to_its_budget(folder: Path) -> None:
    stopped = chemmara("run", folder / "c.toml", "--out", folder / "run", "--keep-going")
    assert stopped.exit_code == 0, stopped.output
    before = calls(folder)
    assert len(before) == 96
    lost = [call for call in before if "no licence" in call.error]
    hopeless = [call for call in before if "no pose" in call.error]
    assert len(lost) > 20
    assert hopeless
    (folder / "away from 40").unlink()
    again = chemmara("resume", folder / "run", "--retry", "--budget", 112)
    assert again.exit_code == 0, again.output
    after = calls(folder)
    assert len(after) == 112
    for was, now in zip(before, after, strict=False):
        same = ("call", "step", "smiles", "stage") if math.isnan(was.score) else vars(was)
        assert all(getattr(was, name) == getattr(now, name) for name in same)
        assert was.components["qed"] == now.components["qed"]
    scored = [now for now in after[:96] if now.call in {call.call for call in lost} and not now.error]
    for call in scored:  # the geometric mean of both
        assert call.score == pytest.approx(math.sqrt(call.components["qed"] * call.components["dock"]))
    assert all("no pose" in now.error for now in after[:96] if now.error)
    assert f"{len(scored)} of {len(lost) + len(hopeless)} calls that had no score have one now" in again.stderr
    assert not any("no licence" in call.error for call in after)


def test_an_oracle_that_is_still_away_is_asked_for_a_batch_of_each_reason_and_nothing_is_spent(folder: Path) -> None:
    assert chemmara("run", folder / "c.toml", "--out", folder / "run", "--keep-going").exit_code == 0
    (folder / "away").touch()
    before, asked = calls(folder), (folder / "asked").stat().st_size
    number = sum(math.isnan(call.score) for call in before)
    refused = chemmara("resume", folder / "run", "--retry", "--budget", 112)
    assert refused.exit_code == 2, refused.output
    assert f"none of the {number} calls without a score has one now, and nothing was spent" in refused.stderr
    assert calls(folder) == before
    most = 2 * 16 * 2  # for "no licence" and "no pose" a batch at once, and each of its molecules by itself
    assert 0 < (folder / "asked").stat().st_size - asked <= most


def test_a_run_that_stopped_in_its_first_batch_is_mended_too(folder: Path) -> None:
    (folder / "away").touch()
    assert chemmara("run", folder / "c.toml", "--out", folder / "run").exit_code == 2
    (folder / "away").unlink()
    (folder / "away from 40").unlink()
    again = chemmara("resume", folder / "run", "--retry")
    assert again.exit_code == 0, again.output
    after = calls(folder)
    assert len(after) == 96
    assert sum(math.isnan(call.score) for call in after) == sum("no pose" in call.error for call in after)


def slow_to_save(folder: Path, more: str = "") -> None:
    """The campaign with no checkpoint before its end, and a policy that changes fast."""
    text = (folder / "c.toml").read_text().replace("checkpoint_seconds = 0.001", "checkpoint_seconds = 1e6")
    (folder / "c.toml").write_text(text.replace("batch_size = 16", f"batch_size = 16\nlearning_rate = 0.02\n{more}"))


def test_an_outage_that_stops_a_run_leaves_only_its_last_batch_to_be_met_again(folder: Path) -> None:
    slow_to_save(folder)
    stopped = chemmara("run", folder / "c.toml", "--out", folder / "run")
    assert stopped.exit_code == 2, stopped.output
    (folder / "away from 40").unlink()
    again = chemmara("resume", folder / "run", "--retry")
    assert again.exit_code == 0, again.output
    after = calls(folder)
    assert len(after) == 96
    assert not any("no licence" in call.error for call in after)


def test_no_score_changes_before_steps_that_are_taken_once_more(folder: Path) -> None:
    """Without its checkpoint (a kill before the first) a run repeats all its steps."""
    assert chemmara("run", folder / "c.toml", "--out", folder / "run", "--keep-going").exit_code == 0
    (folder / "run/checkpoint.safetensors").unlink()
    (folder / "away from 40").unlink()
    before = calls(folder)
    refused = chemmara("resume", folder / "run", "--retry")
    assert (refused.exit_code, "has 96 calls from which the policy has not learned yet" in refused.stderr) == (2, True)
    assert calls(folder) == before


def test_children_are_bred_within_a_step_which_is_repeated_as_it_was(folder: Path) -> None:
    slow_to_save(folder, 'name = "reinvent"\ngenetic = { generations = 3, offspring = 12, parents = 16 }')
    stopped = chemmara("run", folder / "c.toml", "--out", folder / "run")
    assert stopped.exit_code == 2, stopped.output
    (folder / "away from 40").unlink()
    refused = chemmara("resume", folder / "run", "--retry")
    assert (refused.exit_code, "chemmara resume" in refused.stderr) == (2, True), refused.output
    assert chemmara("resume", folder / "run").exit_code == 0
    assert chemmara("resume", folder / "run", "--retry", "--keep-going").exit_code == 0
    assert not any("no licence" in call.error for call in calls(folder))
