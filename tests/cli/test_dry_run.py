"""`--dry-run`: what would be called and how often, without a call and without a file."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from chemmara.scoring.load import load_objective
from chemmara.scoring.spending import spending
from chemmara.system.locking import only_writer
from cli.main import app

TELLTALE = (
    "from pathlib import Path\n\n\ndef own(molecules):\n    Path('{mark}').touch()\n    return [0.5] * len(molecules)\n"
)


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that the oracle makes when it is called."""
    return tmp_path / "called"


@pytest.fixture
def objective(tmp_path: Path, mark: Path) -> str:
    """An oracle of one's own that takes 3 s a molecule, as its settings say, and tells when it was called."""
    (tmp_path / "own.py").write_text(TELLTALE.format(mark=mark))
    return f'oracle = "python"\nname = "affinity"\ncall = "{tmp_path}/own.py:own"\nlow = 0\nhigh = 1\ncost_ms = 3000\n'


@pytest.fixture
def campaign(tmp_path: Path, campaign_file: Path, objective: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(f"{campaign_file.read_text()}\n[[objective.component]]\n{objective}")
    return path


def test_the_time_is_calls_by_cost_over_workers() -> None:
    # 600 molecules, qed 2 ms: 1.2 s; two at a time: 0.6 s
    assert spending(load_objective("qed"), 600, 2).seconds == pytest.approx(0.6)


def test_a_dry_run_says_what_it_would_call_and_calls_and_writes_nothing(
    tmp_path: Path, campaign: Path, mark: Path
) -> None:
    result = chemmara("run", campaign, "--out", tmp_path / "r", "--budget", 1000, "--workers", 2, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "at most 1000 oracle calls" in result.stdout
    assert f'  {"affinity":<24}{"python":<18}{"3,000":>10} ms  call = "{tmp_path}/own.py:own"' in result.stdout
    assert "about 25 min 1 s by 2 processes" in result.stdout  # 1,000 * (3,000 + 2 + 0.1 ms) / 2 = 1,501 s
    assert not mark.exists()
    assert not (tmp_path / "r").exists()


def test_a_dry_run_of_a_resumption_counts_what_is_left(tmp_path: Path, campaign: Path, mark: Path) -> None:
    out = tmp_path / "r"
    assert chemmara("run", campaign, "--out", out, "--budget", 40).exit_code == 0
    mark.unlink()
    files = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for command in (("resume", out), ("run", campaign, "--out", out, "--resume")):
        found = json.loads(chemmara(*command, "--budget", 100, "--dry-run", "--json").stdout)
        assert (found["calls"], [use["component"] for use in found["oracles"]]) == (60, ["qed", "tpsa", "affinity"])
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == files
    assert not mark.exists()


def test_a_dry_run_finds_the_mistakes_that_the_command_finds(tmp_path: Path, campaign: Path) -> None:
    out = tmp_path / "r"
    assert chemmara("run", campaign, "--out", out, "--budget", 40).exit_code == 0
    holds = chemmara("run", campaign, "--out", out, "--dry-run")
    assert (holds.exit_code, "holds a run already" in holds.stderr) == (2, True)
    nothing = chemmara("resume", tmp_path / "x", "--dry-run")
    assert (nothing.exit_code, "no such folder" in nothing.stderr) == (2, True)
    prior = chemmara("run", campaign, "--out", tmp_path / "new", "--prior", "chembl-grue", "--dry-run")
    assert (prior.exit_code, "no such prior" in prior.stderr) == (2, True)


def test_a_dry_run_of_a_folder_that_another_process_holds_is_refused_as_the_run_is(
    tmp_path: Path, campaign: Path
) -> None:
    with only_writer(tmp_path / "r"):
        refused = chemmara("run", campaign, "--out", tmp_path / "r", "--dry-run")
    assert refused.exit_code == 2
    assert "is writing there" in refused.stderr


def test_a_dry_comparison_counts_all_its_runs(tmp_path: Path, campaign: Path, mark: Path) -> None:
    command = ("compare", campaign, "--methods", "mara,vanilla,reinvent", "--seeds", 2, "--budget", 50)
    result = chemmara(*command, "--out", tmp_path / "c", "--dry-run")
    assert "6 runs (mara, vanilla, reinvent; seeds 3 to 4) of 50 calls each, 0 spent" in result.stdout
    assert "at most 300 oracle calls" in result.stdout
    assert not (tmp_path / "c").exists()
    assert not mark.exists()


def test_dry_scoring_counts_the_molecules_and_writes_no_table(tmp_path: Path, objective: str, mark: Path) -> None:
    (tmp_path / "o.toml").write_text(f"[[component]]\n{objective}")
    (tmp_path / "l.smi").write_text("CCO\nOCC\nC1CC\nCCN\n")
    out = tmp_path / "scored.csv"
    result = chemmara("score", tmp_path / "l.smi", "--objective", tmp_path / "o.toml", "--out", out, "--dry-run")
    # four rows, of which one is invalid and two are ethanol: at most three molecules of 3 s
    assert "4 rows, 1 invalid, 2 different; at most 3 oracle calls" in result.stdout
    assert "about 9 s by one process" in result.stdout
    assert not out.exists()
    assert not mark.exists()
