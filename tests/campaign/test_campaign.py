"""Campaigns, through the real program, the real ledger and real kills."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.records.ledger import Ledger
from tests.support.processes import start, start_alone


def rows(folder: Path) -> list[tuple]:
    """Every call of a run, with all that the ledger says of it."""
    connection = sqlite3.connect(f"file:{folder}/ledger.sqlite?mode=ro", uri=True)  # never makes the file
    try:
        return connection.execute("SELECT * FROM calls ORDER BY call").fetchall()
    finally:
        connection.close()


def wait_for_calls(process: subprocess.Popen[str], folder: Path, number: int) -> None:
    """Until the run in another process has spent that many calls."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if len(rows(folder)) >= number:
                return
        except sqlite3.OperationalError:
            pass
        time.sleep(0.01)
    raise AssertionError(f"the run did not get to {number} calls: {process.communicate()}")


def killed_and_resumed(file: Path, folder: Path, kills: Sequence[int]) -> str:
    """Stdout of a run in another process that is killed after so many calls each time, and resumed to its end."""
    process = start("run", file, "--out", folder)
    for calls in kills:
        wait_for_calls(process, folder, calls)
        process.kill()
        process.communicate()
        process = start("resume", folder)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out


@pytest.fixture
def uninterrupted(tmp_path: Path, campaign_file: Path) -> list[tuple]:
    with Run.start(tmp_path / "whole", load_campaign(campaign_file)) as run:
        assert run.go() == "the budget of 150 oracle calls is spent"
    return rows(tmp_path / "whole")


def test_a_run_spends_its_budget_to_the_call_and_repeats_itself_by_seed(
    tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]
) -> None:
    assert [row[0] for row in uninterrupted] == list(range(1, 151))
    assert len({row[2] for row in uninterrupted}) == 150
    for name, seed in (("again", None), ("other", 4)):
        with Run.start(tmp_path / name, load_campaign(campaign_file, seed=seed)) as run:
            run.go()
    assert rows(tmp_path / "again") == uninterrupted
    assert rows(tmp_path / "other") != uninterrupted


def test_workers_change_no_row(tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]) -> None:
    with Run.start(tmp_path / "pool", load_campaign(campaign_file, workers=2)) as run:
        run.go()
    assert rows(tmp_path / "pool") == uninterrupted


def test_after_kills_at_any_moment_the_ledger_ends_as_if_nothing_had_happened(
    tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]
) -> None:
    folder = tmp_path / "killed"
    out = killed_and_resumed(campaign_file, folder, (1, 60, 110))
    assert rows(folder) == uninterrupted
    assert "report.html" in out
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert (folder / "hits.csv").exists()
    assert load_prior(folder / "policy").tokenizer.notation == "selfies"


def test_an_interrupt_saves_and_says_130(tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]) -> None:
    folder = tmp_path / "interrupted"
    process = start("run", campaign_file, "--out", folder)
    wait_for_calls(process, folder, 30)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    first, *_, noticed, saved, last = err.strip().splitlines()
    assert first.startswith("1 thread for the network (as the settings say), scoring in the same process;")
    assert noticed == "interrupted: finishing the step, then saving (Ctrl-C again stops at once)"
    assert saved == f"saved; go on with: chemmara resume {folder}"
    assert last == "interrupted"
    again = start("run", campaign_file, "--out", folder, "--resume")
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert rows(folder) == uninterrupted


def test_ctrl_c_in_a_terminal_reaches_the_workers_too_and_costs_no_molecule(
    tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]
) -> None:
    folder = tmp_path / "terminal"
    process = start_alone("run", campaign_file, "--out", folder, "--workers", 2)
    wait_for_calls(process, folder, 30)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    again = start("resume", folder)
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert rows(folder) == uninterrupted


def test_a_larger_budget_goes_on_from_the_end(tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]) -> None:
    settings = load_campaign(campaign_file, budget=170)
    with Run.resume(tmp_path / "whole", settings) as run:
        run.go()
    assert rows(tmp_path / "whole")[:150] == uninterrupted
    assert len(rows(tmp_path / "whole")) == 170
    with pytest.raises(ChemmaraError, match="can grow but not shrink"):
        Run.resume(tmp_path / "whole", load_campaign(campaign_file, budget=10))
    with pytest.raises(ChemmaraError, match="another method"):
        Run.resume(tmp_path / "whole", load_campaign(campaign_file, budget=170, method="vanilla"))


def test_a_run_learns(tmp_path: Path, campaign_file: Path) -> None:
    """It learns: over 1,000 calls that no screening chose, the mean score of 300 rises by over 5 standard errors."""
    text = campaign_file.read_text(encoding="utf-8").replace(
        'name = "prior-undone"', 'name = "prior-undone", screen = false'
    )
    campaign_file.write_text(text, encoding="utf-8")
    with Run.start(tmp_path / "long", load_campaign(campaign_file, budget=1000)) as run:
        run.go()
    with Ledger.open(tmp_path / "long" / "ledger.sqlite") as ledger:
        scores = ledger.frame()["score"]
    first, last = scores[:300], scores[-300:]
    assert last.mean() - first.mean() > 5 * ((first.var() + last.var()) / 300) ** 0.5


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(
    tmp_path: Path, campaign_file: Path, uninterrupted: list[tuple]
) -> None:
    with pytest.raises(ChemmaraError, match="--resume goes on with it, --force begins again"):
        Run.start(tmp_path / "whole", load_campaign(campaign_file))
    assert rows(tmp_path / "whole") == uninterrupted
    (tmp_path / "whole" / "notes.txt").write_text("mine")
    with Run.start(tmp_path / "whole", load_campaign(campaign_file), force=True) as run:
        assert run.ledger.calls() == []
    assert (tmp_path / "whole" / "notes.txt").read_text() == "mine"
