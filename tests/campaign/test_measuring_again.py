"""`resume --retry`: what an outage cost is measured again, at no call, and the run goes on."""

import math
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chemmara.campaign.again import measure_again
from chemmara.campaign.settings import saved_settings
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


def test_an_oracle_that_is_still_away_is_asked_for_one_batch_only(folder: Path) -> None:
    assert chemmara("run", folder / "c.toml", "--out", folder / "run", "--keep-going").exit_code == 0
    (folder / "away").touch()
    before, asked = calls(folder), (folder / "asked").stat().st_size
    number = sum(math.isnan(call.score) for call in before)
    assert measure_again(folder / "run", saved_settings(folder / "run")) == (number, 0)
    assert calls(folder) == before
    most = 16 * 2  # a batch at once, and each of its molecules by itself
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


def test_what_is_measured_again_changes_no_step_that_is_taken_once_more(folder: Path) -> None:
    """The checkpoint is older than the last step: the calls between them keep what the policy will learn from."""
    text = (folder / "c.toml").read_text().replace("checkpoint_seconds = 0.001", "checkpoint_seconds = 1e6")
    (folder / "c.toml").write_text(text.replace("batch_size = 16", "batch_size = 16\nlearning_rate = 0.02"))
    stopped = chemmara("run", folder / "c.toml", "--out", folder / "run")
    assert stopped.exit_code == 2, stopped.output
    assert "no licence" in stopped.stderr
    (folder / "away from 40").unlink()
    again = chemmara("resume", folder / "run", "--retry")
    assert again.exit_code == 0, again.output
    assert len(calls(folder)) == 96
