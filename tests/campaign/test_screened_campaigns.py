"""Screened campaigns, through the real program: the budget, kills, costly oracles, and what the user is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.screening.targets import CostlyTargets
from cli.main import app
from tests.campaign.test_campaign import killed_and_resumed, rows
from tests.conftest import DRUGS, with_method_tables

SCREEN = """
[method.screen]
candidates = 64
children = 16
start = 32
trained_on = 60
"""


@pytest.fixture
def screened_file(campaign_file: Path) -> Path:
    """The small campaign with screening, children and a saved state every few steps."""
    method = "[method]\ntau = 0.3\nbatch_size = 16\nreplay = { rows = 8 }\ngenetic = { parents = 4 }\n"
    return with_method_tables(campaign_file, method + SCREEN)


def figures(folder: Path) -> list[dict[str, float]]:
    """The log of a run, step by step."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def repeated_after_kills(
    file: Path, folder: Path, kills: tuple[int, ...]
) -> tuple[list[tuple], list[dict[str, float]]]:
    """Ledger and log of a whole run, which it also has where it is killed after so many calls each time."""
    with Run.start(folder / "whole", load_campaign(file)) as run:
        run.go()
    whole, log = rows(folder / "whole"), figures(folder / "whole")
    killed_and_resumed(file, folder / "killed", kills)
    assert rows(folder / "killed") == whole
    assert figures(folder / "killed") == log
    return whole, log


def test_a_screened_run_spends_its_budget_to_the_call_and_repeats_itself_after_kills(
    tmp_path: Path, screened_file: Path
) -> None:
    whole, log = repeated_after_kills(screened_file, tmp_path, (20, 120))
    assert [row[0] for row in whole] == list(range(1, 151))
    assert len({row[2] for row in whole}) == 150
    assert [line["screen_active"] for line in log[:2]] == [0.0, 0.0]
    assert log[-1]["screen_active"] == 1.0
    assert max(line["screen_children"] for line in log) > 0


def test_workers_and_a_costly_oracle_change_nothing_of_the_choice(tmp_path: Path, screened_file: Path) -> None:
    text = screened_file.read_text(encoding="utf-8")
    text = text.replace('oracle = "tpsa"', 'oracle = "python"\ncall = "own_oracle.py:polar"\nlow = 0.0')
    module = tmp_path / "own_oracle.py"
    module.write_text(
        "from rdkit.Chem.rdMolDescriptors import CalcTPSA\n\n\n"
        "def polar(molecules):\n    return [CalcTPSA(m) for m in molecules]\n",
        encoding="utf-8",
    )
    screened_file.write_text(text, encoding="utf-8")
    ledgers = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        with Run.start(folder, load_campaign(screened_file, workers=workers)) as run:
            assert run.learner.screening is not None
            assert isinstance(run.learner.screening.model.targets, CostlyTargets)
            run.go()
        ledgers.append(rows(folder))
        assert figures(folder)[-1]["screen_active"] == 1.0
    assert ledgers[0] == ledgers[1]


def test_a_library_is_chosen_from_and_one_that_is_not_there_is_named(tmp_path: Path, screened_file: Path) -> None:
    (tmp_path / "own.smi").write_text("\n".join(DRUGS.values()), encoding="utf-8")
    text = screened_file.read_text(encoding="utf-8")
    screened_file.write_text(text + 'library = "own.smi"\nothers = 1.0\n', encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(screened_file)) as run:
        run.go()
    assert {row[2] for row in rows(tmp_path / "run")} & set(DRUGS.values())
    (tmp_path / "own.smi").unlink()
    result = CliRunner().invoke(app, ["run", str(screened_file), "--out", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert f"{tmp_path / 'own.smi'}: no such file" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("screen.candidates=0", "screen has no candidates"),
        ("screen.surogate=forest", "unknown key 'surogate'"),
        ("screen.choose=best", "choose"),
        ("screen=true+estimator=rloo+replay=false", "which biases rloo"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(
    tmp_path: Path, screened_file: Path, assignment: str, words: str
) -> None:
    arguments = ["run", str(screened_file), "--out", str(tmp_path / "run"), "--method", f"vanilla+{assignment}"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()
