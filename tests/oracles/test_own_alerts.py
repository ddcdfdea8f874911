"""Alerts from the user's file, and the names of what alerts and rules found."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.patterns import Pattern, read_patterns
from chemmara.oracles.rules import RULES, RuleSet, Violations
from chemmara.oracles.substructure import Alerts
from cli.main import app

TABLE = 'Name,SMARTS\nheavy halide,"[Br,I]"\n,[NX3H2]C(=O)\n'
OBJECTIVE = """
[[component]]
oracle = "qed"
[[component]]
oracle = "alerts"
role = "filter"
catalogs = ["PAINS"]
patterns_file = "mine.csv"
[[component]]
oracle = "rules"
rules = "veber"
role = "filter"
"""


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", TABLE),
        ("a.tsv", "alert\tsmarts\nheavy halide\t[Br,I]\n\t[NX3H2]C(=O)\n"),
        ("a.sma", "# ours\n[Br,I] heavy halide\n\n[NX3H2]C(=O)\n"),
        ("a.txt", "\ufeff[Br,I]\theavy halide\r\n[NX3H2]C(=O)\r\n"),
    ],
)
def test_a_file_of_patterns(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    amide = "[NX3H2]C(=O)"
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_patterns(packed) == read_patterns(tmp_path / name)
    assert read_patterns(tmp_path / name) == (Pattern("heavy halide", "[Br,I]"), Pattern(amide, amide))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.csv", "name,pattern\nx,C\n", "has no column smarts (it has name, pattern)"),
        ("a.csv", "name,smarts\n", "holds no pattern"),
        ("a.csv", "name,smarts\nx,C\ny,C(\n", "row 2: 'C(' is not SMARTS"),
        ("a.txt", "C\nC( open\n", "line 2: 'C(' is not SMARTS"),
        ("b.txt", None, "no such file"),
        ("b.csv.gz", "name,smarts\n", "truncated or damaged (Not a gzipped file (b'na'))"),
    ],
)
def test_what_is_no_file_of_patterns_is_named(tmp_path: Path, name: str, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ChemmaraError) as refused:
        read_patterns(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name}: ")
    assert str(refused.value).endswith(why)
    (tmp_path / "o.toml").write_text(f'[[component]]\noracle = "alerts"\npatterns_file = "{name}"\n')
    shown = chemmara("objective", "show", tmp_path / "o.toml")
    assert (shown.exit_code, why in shown.stderr) == (2, True)


def test_the_count_is_that_of_the_names(drugs: dict[str, str]) -> None:
    mine = (Pattern("primary amide", "[NX3H2]C(=O)"), Pattern("ring", "[R]"))
    molecules = [molecule for molecule in map(parse, drugs.values()) if molecule]
    for oracle in (Alerts(), Alerts(("PAINS", "NIBR"), mine), Alerts((), mine), *map(Violations, RULES)):
        assert oracle(molecules).tolist() == [len(oracle.found(molecule)) for molecule in molecules]
    apart = Alerts(("PAINS",))(molecules) + Alerts((), mine)(molecules)
    assert Alerts(("PAINS",), mine)(molecules).tolist() == apart.tolist()


@given(st.sampled_from(sorted(RULES)), st.integers(1, 40))
def test_rules_broken_are_named_by_their_property(rules: RuleSet, carbons: int) -> None:
    molecule = parse("C" * carbons)
    assert molecule is not None
    assert set(Violations(rules).found(molecule)) <= set(RULES[rules])


def test_score_says_what_was_found(tmp_path: Path) -> None:
    """Bromoacetamide has two of our alerts and none of PAINS; a chain of 20 carbons has 17 rotatable bonds, 10 at most
    with Veber; quinone is one of PAINS."""
    (tmp_path / "o.toml").write_text(OBJECTIVE)
    (tmp_path / "mine.csv").write_text(TABLE)
    library = tmp_path / "l.csv"
    library.write_text(f"smiles,alerts_found\nNC(=O)CBr,old\n{'C' * 20},\nO=C1C=CC(=O)C=C1,\nC1CC,\nCCO,\n")
    scored = chemmara("score", library, "--objective", tmp_path / "o.toml", "--found", "--out", tmp_path / "s.csv")
    assert scored.exit_code == 0, scored.output
    assert "columns that it has already are replaced: alerts_found" in scored.stderr
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))
    assert [row["alerts_found"] for row in rows] == ["heavy halide; [NX3H2]C(=O)", "", "quinone_A(370)", "", ""]
    assert [row["rules_found"] for row in rows] == ["", "rotatable_bonds", "", "", ""]
    assert [row["alerts"] for row in rows] == ["2.0", "0.0", "1.0", "", "0.0"]
    plain = chemmara("score", library, "--objective", tmp_path / "o.toml", "--out", tmp_path / "p.csv")
    assert plain.exit_code == 0
    kept = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    assert [row["alerts_found"] for row in kept] == ["old", "", "", "", ""]
    assert "rules_found" not in kept[0]


def test_objective_show_names_them(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(OBJECTIVE)
    (tmp_path / "mine.csv").write_text(TABLE)
    words = ("objective", "show", tmp_path / "o.toml", "--smiles", "NC(=O)CBr")
    assert "desirability 0.000  (heavy halide; [NX3H2]C(=O))" in chemmara(*words).output
    told = {row["component"]: row["found"] for row in json.loads(chemmara(*words, "--json").stdout)}
    assert told == {"qed": "", "alerts": "heavy halide; [NX3H2]C(=O)", "rules": ""}


def test_a_component_keeps_its_name(tmp_path: Path) -> None:
    objective = (
        '[[component]]\noracle = "qed"\nname = "alerts_found"\n[[component]]\noracle = "alerts"\nrole = "filter"\n'
    )
    (tmp_path / "o.toml").write_text(objective)
    (tmp_path / "l.smi").write_text("CCO\n")
    refused = chemmara("score", tmp_path / "l.smi", "--objective", tmp_path / "o.toml", "--found")
    why = "--found: a component is called alerts_found, like a column that is added; rename it"
    assert (refused.exit_code, why in refused.stderr) == (2, True)
