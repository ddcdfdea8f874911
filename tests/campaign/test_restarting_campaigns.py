"""Campaigns that begin anew, through the real program: kills, batches ahead, stages, and what the user is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.campaign.test_screened_campaigns import figures, repeated_after_kills

METHOD = """
[method]
name = "optimise"
batch_size = 16
genetic = { parents = 4 }
replay = { rows = 8 }
restart = { patience = 40 }
screen = { candidates = 32, children = 16, start = 32, trained_on = 60 }
"""


@pytest.fixture
def restarting_file(campaign_file: Path) -> Path:
    """The small campaign, of 300 calls, for polar molecules alone; many have the highest score of all soon."""
    text = campaign_file.read_text(encoding="utf-8").replace('[[objective.component]]\noracle = "qed"\n', "")
    lines = [line for line in text.splitlines() if not line.startswith(("method =", "budget"))]
    campaign_file.write_text("budget = 300\n" + "\n".join(lines) + METHOD, encoding="utf-8")
    return campaign_file


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_run_that_begins_anew_repeats_itself_after_kills(tmp_path: Path, restarting_file: Path, ahead: int) -> None:
    text = restarting_file.read_text(encoding="utf-8")
    restarting_file.write_text(f"ahead = {ahead}\n" + text, encoding="utf-8")
    whole, log = repeated_after_kills(restarting_file, tmp_path, (100, 250))
    assert [row[0] for row in whole] == list(range(1, 301))
    assert len({row[2] for row in whole}) == 300  # nothing is measured again
    restarts = [line["restarts"] for line in log]
    assert restarts[0] == 0.0
    assert restarts[-1] > 1.0
    assert restarts == sorted(restarts)


def test_the_log_and_the_report_say_when_a_run_began_anew(tmp_path: Path, restarting_file: Path) -> None:
    result = CliRunner().invoke(app, ["run", str(restarting_file), "--out", str(tmp_path / "run"), "--log", "json"])
    assert result.exit_code == 0, result.output
    assert "restart 1" in result.output
    last = int(figures(tmp_path / "run")[-1]["restarts"])
    assert f"; restart {last}; " in CliRunner().invoke(app, ["status", str(tmp_path / "run")]).output
    assert json.loads(CliRunner().invoke(app, ["status", str(tmp_path / "run"), "--json"]).output)["restarts"] == last
    assert "the model began anew from the prior" in (tmp_path / "run" / "report.html").read_text()
