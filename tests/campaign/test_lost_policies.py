"""A policy that writes nothing any more: the run stops and says why, with all that was measured in the ledger."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chemmara.campaign.progress import Progress, why_over
from chemmara.campaign.settings import load_campaign
from chemmara.campaign.start import StartConfig
from chemmara.records.ledger import Ledger
from cli.main import app


def test_a_loss_that_is_no_number_stops_the_run_in_one_line(tmp_path: Path, campaign_file: Path) -> None:
    words = ["run", str(campaign_file), "--out", str(tmp_path / "run"), "--method", "vanilla+beta=1e-300"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2, result.output
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: the policy has diverged: its loss is ")
    assert "a smaller learning_rate or a larger beta" in last
    with Ledger.open(tmp_path / "run" / "ledger.sqlite") as ledger:
        assert ledger.calls()


def test_a_policy_that_writes_no_molecule_does_not_repeat_itself() -> None:
    settings, idle = load_campaign("quickstart"), load_campaign("quickstart").max_idle_steps
    silent = why_over(settings, Progress(idle=idle, wrote=False), 9, [])
    assert silent == f"no new molecule in {idle} steps: the policy writes no valid molecule any more"
    assert (
        why_over(settings, Progress(idle=idle), 9, []) == f"no new molecule in {idle} steps: the policy repeats itself"
    )


def test_the_policy_of_a_mad_learning_rate_writes_nothing(tmp_path: Path, campaign_file: Path) -> None:
    text = campaign_file.read_text(encoding="utf-8")
    campaign_file.write_text("max_idle_steps = 3\n" + text, encoding="utf-8")
    method = "vanilla+learning_rate=100+screen=false+replay=false"
    result = CliRunner().invoke(app, ["run", str(campaign_file), "--out", str(tmp_path / "run"), "--method", method])
    assert result.exit_code == 0, result.output
    assert "Ended: no new molecule in 3 steps: the policy writes no valid molecule any more." in result.stderr


def test_a_run_ends_soon_where_nothing_holds_what_start_gives(
    tmp_path: Path, campaign_file: Path, tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is a thousand tries: 200 idle steps of them took hours."""
    monkeypatch.setattr("chemmara.decoration.search.PATIENCE", 20)  # tries in a step, where it is 1,000
    start = '\n[start]\nlike = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"\nsimilarity = "0.99..1"\n'
    text = campaign_file.read_text(encoding="utf-8").replace(str(tiny_prior), "chembl-gru")
    campaign_file.write_text(text + start, encoding="utf-8")
    result = CliRunner().invoke(app, ["run", str(campaign_file), "--out", str(tmp_path / "run")])
    assert result.exit_code == 2, result.output
    last = result.stderr.strip().splitlines()[-1]
    why = "no molecule that holds what [start] gives was found in 3 steps; widen it"
    assert last == f"error: {tmp_path / 'run'}: nothing was measured: {why}"


def test_a_run_from_parts_that_has_found_some_has_its_idle_steps() -> None:
    """3 barren steps end it where they were its first, whatever its seeds scored, and not after a step with a call."""
    start = StartConfig(like="CC(C)Cc1ccc(cc1)C(C)C(=O)O")
    settings = load_campaign("quickstart").model_copy(update={"start": start})
    assert why_over(settings, Progress(step=2, idle=2, wrote=False), 0, []) == ""
    assert "widen it" in why_over(settings, Progress(step=3, idle=3, wrote=False), 2, [0.4, 0.9])
    assert why_over(settings, Progress(step=4, idle=3, wrote=False), 9, [0.5]) == ""
