"""The table of components: complete, true, and what the documentation shows."""

import json
import shutil
from math import isfinite
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from chemmara.config import parse
from chemmara.molecules.chem import parse as molecule_of
from chemmara.scoring.components.table import Row, component_table, own_settings, value_range
from chemmara.scoring.objective import ObjectiveConfig
from cli.main import app

DOCS = Path(__file__).parents[2] / "docs"
ROWS = {row.oracle: row for row in component_table()}
NEEDS_FILES = {"qsar", "docking", "program", "rest"}  # tried by tests of their own


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_each_component_has_a_definition_unit_range_example_and_cost(row: Row) -> None:
    assert len(row.definition) > 5
    assert not row.definition.endswith(".")
    assert isinstance(row.unit, str)
    assert row.cost > 0
    assert row.example["oracle"] == row.oracle
    assert all(words for words in own_settings(row.settings).values())


@pytest.mark.parametrize("name", sorted(set(ROWS) - NEEDS_FILES))
def test_each_example_works_and_keeps_to_its_range(name: str, drugs: dict[str, str]) -> None:
    row = ROWS[name]
    oracle = parse(row.settings, row.example, source=name).build()  # type: ignore[attr-defined]
    molecules = [molecule for smiles in list(drugs.values())[:6] if (molecule := molecule_of(smiles)) is not None]
    values = oracle(molecules)
    assert values.shape == (len(molecules),)
    assert ((values >= oracle.low) & (values <= oracle.high)).all()
    assert all(isfinite(value) for value in values)
    np.testing.assert_array_equal(values, oracle(molecules))
    assert value_range(row)


def test_the_documentation_shows_the_table_as_the_program_prints_it() -> None:
    printed = CliRunner().invoke(app, ["oracle", "list", "--markdown"])
    assert printed.exit_code == 0
    assert printed.stdout.strip() in (DOCS / "oracles.md").read_text(encoding="utf-8")


def test_list_show_and_json() -> None:
    run = CliRunner()
    assert "qed" in run.invoke(app, ["oracle", "list"]).stdout
    assert [row["oracle"] for row in json.loads(run.invoke(app, ["oracle", "list", "--json"]).stdout)] == list(ROWS)
    assert "zaleplon_mpo_prev" in run.invoke(app, ["oracle", "list", "--tasks"]).stdout
    shown = run.invoke(app, ["oracle", "show", "similarity"]).stdout
    assert "fingerprint" in shown
    result = run.invoke(app, ["oracle", "show", "similarty"])
    assert (result.exit_code, "did you mean 'similarity'?" in result.output) == (2, True)


def test_show_gives_the_defaults_of_the_settings() -> None:
    run = CliRunner()
    lines = [line.split(maxsplit=1) for line in run.invoke(app, ["oracle", "show", "program"]).stdout.splitlines()]
    settings = {line[0]: line[1] for line in lines if len(line) == 2}
    assert settings["time_limit"].endswith("(default: 60.0)")
    assert settings["batch_size"].endswith("(default: 64)")
    assert settings["restarts"].endswith("(default: 1)")
    assert settings["output"].endswith('(default: "jsonl")')
    assert "default" not in settings["command"] + settings["low"]
    shown = json.loads(run.invoke(app, ["oracle", "show", "docking", "--json"]).stdout)
    assert shown["defaults"] == {"exhaustiveness": 8, "stereoisomers": 1, "seed": 42}
    assert shown["settings"].keys() > shown["defaults"].keys()


def test_an_example_can_be_pasted_into_an_objective(tmp_path: Path) -> None:
    from chemmara.config import load

    shown = CliRunner().invoke(app, ["oracle", "show", "similarity"]).stdout
    (tmp_path / "o.toml").write_text(shown[shown.index("[[component]]") :])
    assert load(ObjectiveConfig, tmp_path / "o.toml").names == ["similarity"]


def test_oracle_test_tells_values_and_costs_and_fails_where_one_is_silent(tmp_path: Path) -> None:
    run = CliRunner()
    result = run.invoke(app, ["oracle", "test", "drug-like"])
    assert result.exit_code == 0
    assert result.stdout.count("ms a molecule") == 5
    shutil.copy(DOCS / "examples" / "python_oracle.py", tmp_path)
    (tmp_path / "o.toml").write_text('[[component]]\noracle = "program"\ncommand = ["false"]\nlow = 0.0\nhigh = 1.0\n')
    result = run.invoke(app, ["oracle", "test", str(tmp_path / "o.toml")])
    assert (result.exit_code, "no value from program" in result.output) == (2, True)


def test_objective_show_explains_and_draws(tmp_path: Path) -> None:
    run = CliRunner()
    out = tmp_path / "curves.png"
    result = run.invoke(
        app, ["objective", "show", "drug-like", "--smiles", "CCO", "--smiles", "C1CC", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert "not SMILES syntax" in result.stdout
    assert out.read_bytes().startswith(b"\x89PNG")
    shown = json.loads(run.invoke(app, ["objective", "show", "qed", "--json"]).stdout)
    assert [row["component"] for row in shown if 0 < row["desirability"] < 1] == ["qed", "qed"]


def test_score_task_gives_totals_and_reasons(tmp_path: Path) -> None:
    (tmp_path / "l.smi").write_text("CC(=O)Oc1ccccc1C(=O)O aspirin\nC1CC broken\n")
    run = CliRunner()
    result = run.invoke(app, ["score", str(tmp_path / "l.smi"), "--task", "qed"])
    header, aspirin, broken = result.stdout.strip().splitlines()
    assert header.split(",")[-3:] == ["total", "qed", "error"]
    assert aspirin.split(",")[-3].startswith("0.5501")
    assert broken.split(",")[-3:] == ["", "", "invalid SMILES: not SMILES syntax"]
    result = run.invoke(app, ["score", str(tmp_path / "l.smi"), "--task", "qed", "--suite-score"])
    # One molecule: .55012 (1 + 1/10 + 1/100) / 3
    assert float(result.stdout) == pytest.approx(0.550122 * 1.11 / 3, abs=1e-5)
    for wrong in (["--task", "qedd"], ["--task", "qed", "--objective", "drug-like"], []):
        assert run.invoke(app, ["score", str(tmp_path / "l.smi"), *wrong]).exit_code == 2
