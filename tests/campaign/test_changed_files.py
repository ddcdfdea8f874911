"""An own oracle whose file changes while a run is under way: said on resuming, and no part of a table."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

OBJECTIVE = """
[[objective.component]]
oracle = "python"
name = "mine"
call = "{folder}/mine.py:score"
low = 0.0
high = 1.0
"""
SCORE = "def score(molecules):\n    return [{weight} * m.GetNumAtoms() / 100 for m in molecules]\n"


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, tiny_prior: Path) -> Path:
    """A campaign and a suite with an oracle in a file beside them."""
    mend(tmp_path, 1.0)
    objective = OBJECTIVE.format(folder=tmp_path)
    (tmp_path / "c.toml").write_text(
        f'prior = "{tiny_prior}"\nbudget = 24\n[method]\nbatch_size = 8\ntau = 0.5\n{objective}'
    )
    task = objective.replace("[[objective", "[[task.objective")
    (tmp_path / "s.toml").write_text(
        f'name = "tiny"\nabout = "tiny"\nprior = "{tiny_prior}"\nbudget = 24\nseeds = 1\nfigures = ["hits"]\n'
        f'[[task]]\nname = "atoms"\nhit_threshold = 0.1\n{task}'
    )
    return tmp_path


def mend(folder: Path, weight: float) -> None:
    (folder / "mine.py").write_text(SCORE.format(weight=weight))


def test_a_run_goes_on_and_says_that_its_oracle_has_changed(folder: Path) -> None:
    assert chemmara("run", folder / "c.toml", "--out", folder / "run").exit_code == 0
    unchanged = chemmara("resume", folder / "run", "--budget", 32)
    assert (unchanged.exit_code, "have changed" in unchanged.stderr) == (0, False)
    mend(folder, 0.5)
    changed = chemmara("resume", folder / "run", "--budget", 40)
    assert changed.exit_code == 0, changed.output
    assert "the files of 'mine' have changed since the run was begun" in changed.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "s.toml", "--methods", "mara+batch_size=8"),
        ("compare", "c.toml", "--methods", "mara", "--seeds", 1),
    ],
)
def test_no_table_holds_runs_from_before_and_after_a_change(folder: Path, command: tuple[object, ...]) -> None:
    words = [command[0], folder / str(command[1]), *command[2:], "--out", folder / "out"]
    assert chemmara(*words).exit_code == 0
    assert chemmara(*words).exit_code == 0  # again: nothing is left to run
    mend(folder, 0.5)
    refused = chemmara(*words)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "the files of 'mine' have changed since the run was begun; choose another --out" in refused.stderr


def test_a_task_whose_objective_was_changed_is_refused_though_its_runs_have_ended(folder: Path) -> None:
    words = ["benchmark", folder / "s.toml", "--methods", "mara+batch_size=8", "--out", folder / "out"]
    suite, campaign = folder / "s.toml", folder / "c.toml"
    text = suite.read_text()
    suite.write_text(text[: text.index("[[task]]")] + '[[task]]\nname = "atoms"\ncampaign = "c.toml"\n')
    assert chemmara(*words).exit_code == 0
    campaign.write_text(campaign.read_text().replace("high = 1.0", "high = 0.9"))
    refused = chemmara(*words)
    assert refused.exit_code == 2, refused.output
    assert "was begun with another objective; choose another folder" in refused.stderr


def test_earlier_runs_stay_in_a_comparison_and_another_budget_is_refused(folder: Path) -> None:
    words = ["compare", folder / "c.toml", "--out", folder / "out", "--seeds", 1]
    assert chemmara(*words, "--methods", "mara").exit_code == 0
    assert chemmara(*words[:-2], "--methods", "vanilla", "--seeds", "0..1").exit_code == 0
    assert (folder / "out" / "vanilla" / "1" / "ledger.sqlite").exists()
    table = (folder / "out" / "table.md").read_text()
    assert [name in table for name in ("| mara |", "| vanilla |", "mara - vanilla")] == [True, True, True]
    refused = chemmara(*words, "--methods", "vanilla", "--budget", 32)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "mara/0: was run with another budget; choose another --out" in refused.stderr
