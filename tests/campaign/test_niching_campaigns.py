"""Campaigns that leave niches, through the real program: kills, a budget that grows, and what the user is told."""

import json
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from cli.main import app
from tests.campaign.test_campaign import rows
from tests.campaign.test_screened_campaigns import figures, repeated_after_kills

METHOD = """
[method]
name = "mara"
tau = 0.25
batch_size = 16
replay = { joined = 8 }
niching = { hits = 100, circles = 10000, price = 1.0 }
screen = { candidates = 32, start = 32, trained_on = 60 }
"""


@pytest.fixture
def niching_file(campaign_file: Path) -> Path:
    """The small campaign, of 400 calls, with a low threshold; a niche is left as soon as it has a hundred hits."""
    text = campaign_file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("method =", "hit_threshold", "budget"))]
    campaign_file.write_text("budget = 400\nhit_threshold = 0.1\n" + "\n".join(lines) + METHOD, encoding="utf-8")
    return campaign_file


def test_a_run_that_leaves_a_niche_repeats_itself_after_kills(tmp_path: Path, niching_file: Path) -> None:
    whole, log = repeated_after_kills(niching_file, tmp_path, (130, 340))
    with Run.resume(tmp_path / "whole", load_campaign(niching_file)) as run:
        assert run.learner.niches is not None
        assert run.learner.niches.budget == 400
    assert [row[0] for row in whole] == list(range(1, 401))
    niches = [line["niche"] for line in log]
    assert niches[0] == 1.0
    assert niches[-1] > 1.0
    assert niches == sorted(niches)


def test_a_budget_that_grows_changes_no_step_that_was_taken(tmp_path: Path, niching_file: Path) -> None:
    with Run.start(tmp_path / "run", load_campaign(niching_file)) as run:
        run.go()
    before = rows(tmp_path / "run")
    with Run.resume(tmp_path / "run", load_campaign(niching_file, budget=440)) as run:
        assert run.learner.niches is not None
        assert run.learner.niches.budget == 440
        run.go()
    assert rows(tmp_path / "run")[:400] == before
    # A run that was interrupted keeps to the plan that it had, whatever the budget is by then.
    settings = load_campaign(niching_file)
    with Run.start(tmp_path / "cut", settings) as run, pytest.raises(KeyboardInterrupt):
        run.go(interrupted_at(150))
    with Run.resume(tmp_path / "cut", load_campaign(niching_file, budget=440)) as run:
        assert run.learner.niches is not None
        assert run.learner.niches.budget == 400
        with pytest.raises(KeyboardInterrupt):
            run.go(interrupted_at(200))
    copytree(tmp_path / "cut", tmp_path / "again")
    with Run.resume(tmp_path / "cut", load_campaign(niching_file, budget=440)) as run:
        run.go()
        assert run.learner.niches is not None
        assert run.learner.niches.budget == 440  # once the old one is spent
    # Interrupted and resumed beyond it, the run is the same.
    with (
        Run.resume(tmp_path / "again", load_campaign(niching_file, budget=440)) as run,
        pytest.raises(KeyboardInterrupt),
    ):
        run.go(interrupted_at(410))
    with Run.resume(tmp_path / "again", load_campaign(niching_file, budget=440)) as run:
        run.go()
    assert rows(tmp_path / "again") == rows(tmp_path / "cut")


def interrupted_at(calls: int) -> object:
    """What hears of every step, and interrupts after so many calls."""

    def tell(standing: object) -> None:
        if standing.calls >= calls:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    return tell


def test_the_log_and_the_report_say_in_which_niche_a_step_was(tmp_path: Path, niching_file: Path) -> None:
    arguments = ["run", str(niching_file), "--out", str(tmp_path / "run"), "--log", "json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert max(line["niche"] for line in lines) > 1
    assert "niche 2, " in result.output
    last = int(lines[-1]["niche"])
    shown = CliRunner().invoke(app, ["status", str(tmp_path / "run")]).output
    assert (f"; niche {last}; " in shown) == (last > 1)
    assert json.loads(CliRunner().invoke(app, ["status", str(tmp_path / "run"), "--json"]).output)["niche"] == last
    assert "the policy began anew, away from them" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("niching.hits=99", "niching.hits"),
        ("niching.hit=300", "unknown key 'hit'"),
        ("niching.price=2", "niching.price"),
        ("niching=false+screen=false+diversity_filter=false+diversity=1", "this method has none of them"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(
    tmp_path: Path, campaign_file: Path, assignment: str, words: str
) -> None:
    arguments = ["run", str(campaign_file), "--out", str(tmp_path / "run"), "--method", f"mara+{assignment}"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_niching_the_policy_stays(tmp_path: Path, niching_file: Path) -> None:
    text = niching_file.read_text(encoding="utf-8")
    table = "niching = { hits = 100, circles = 10000, price = 1.0 }"
    assert table in text
    niching_file.write_text(text.replace(table, "niching = false"), encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(niching_file)) as run:
        assert run.learner.niches is None
        run.go()
    assert all("niche" not in line for line in figures(tmp_path / "run"))
