"""Molecule files through the real program: reasons under `error`, notes and refusals on stderr."""

import csv
import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from tests.molecules.test_sdf import record

ROOT = Path(__file__).parents[2]


@pytest.fixture
def objective(tmp_path: Path) -> Path:
    path = tmp_path / "objective.toml"
    path.write_text(
        'aggregation = "arithmetic"\n[[component]]\noracle = "tpsa"\n'
        'transform = { kind = "ramp", worst = 0.0, best = 60.0 }\n'
    )
    return path


def chemmara(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def test_the_reason_of_an_unreadable_record_stands_under_error_beside_its_tags(tmp_path: Path, objective: Path) -> None:
    tags = "> <id>\n000{}\n\n> <smiles>\n{}\n\n"
    good, bad = (
        record("CCO", "a", tags.format(1, "CC")),
        record("CCO", "b", tags.format(2, "C")).replace("V2000", "V9000"),
    )
    (tmp_path / "x.sdf").write_text(good + bad)
    for source, stdin in ((tmp_path / "x.sdf", None), ("-", (good + bad).encode())):
        result = chemmara("score", source, "--objective", objective, stdin=stdin)
        first, second = csv.DictReader(io.StringIO(result.stdout))
        assert (first["smiles"], first["name"], first["id"], first["smiles (tag)"]) == ("CCO", "a", "0001", "CC")
        assert (second["smiles"], second["name"], second["id"], second["total"]) == ("", "b", "0002", "")
        assert second["error"].startswith("not a molecule: Unsupported CTAB version: 'V9000'")
        assert "the first is row 2: not a molecule: Unsupported" in result.stderr
    by_tag = chemmara("score", tmp_path / "x.sdf", "--objective", objective, "--smiles-column", "smiles (tag)")
    assert [row["error"] for row in csv.DictReader(io.StringIO(by_tag.stdout))] == ["", ""]


def test_every_command_sees_the_columns_of_rows_that_end_in_a_comma(
    tmp_path: Path, objective: Path, tiny_prior: Path
) -> None:
    aspirin = "CC(=O)Oc1ccccc1C(=O)O"
    (tmp_path / "x.csv").write_text(f"smiles,name\n{aspirin},aspirin,\n")
    scored = chemmara("score", tmp_path / "x.csv", "--objective", objective)
    assert scored.stdout.splitlines()[1].startswith(f"{aspirin},aspirin,1.0,63.6")
    assert (
        chemmara("likelihood", tiny_prior, tmp_path / "x.csv").stdout.splitlines()[1].startswith(f"{aspirin},aspirin,")
    )
    assert '"invalid": 0' in chemmara("diversity", tmp_path / "x.csv", "--json").stdout
    prepared = chemmara("corpus", "prepare", tmp_path / "x.csv", "--out", tmp_path / "corpus")
    assert prepared.exit_code == 0, prepared.output
    assert (tmp_path / "corpus" / "train.smi").read_text() == f"{aspirin}\n"
    objective.write_text('[[component]]\noracle = "similarity"\nreferences_file = "x.csv"\n')
    assert "total 1" in chemmara("objective", "show", objective, "--smiles", aspirin).stdout


def test_a_note_about_an_encoding_is_printed_once(tmp_path: Path, objective: Path) -> None:
    (tmp_path / "x.csv").write_bytes("smiles,name\nCCO,caf\xe9\nCC,na\xefve\n".encode("latin-1"))
    expected = f"note: {tmp_path}/x.csv: line 2 is not UTF-8; its bytes are read as Windows-1252 (Latin-1)\n"
    result = chemmara("score", tmp_path / "x.csv", "--objective", objective)
    assert (result.exit_code, result.stderr) == (0, expected)
    assert [line.split(",")[1] for line in result.stdout.splitlines()[1:]] == ["caf\xe9", "na\xefve"]
    objective.write_text('[[component]]\noracle = "similarity"\nreferences_file = "x.csv"\n')
    (tmp_path / "y.smi").write_text("CCO\nCC\nC\n")
    command = ["score", tmp_path / "y.smi", "--objective", objective, "--workers", "2"]  # each reads the references
    ran = subprocess.run([sys.executable, "-m", "cli.main", *command], cwd=ROOT, capture_output=True, check=True)
    assert ran.stderr.decode() == expected


def test_a_packed_pipe_is_read_by_the_real_program(objective: Path) -> None:
    data = gzip.compress("SMILES;IC50\nCCO;0,5\n".encode("utf-16"))
    command = [sys.executable, "-m", "cli.main", "score", "-", "--objective", str(objective)]
    ran = subprocess.run(command, cwd=ROOT, input=data, capture_output=True, check=True)
    assert ran.stdout.decode().splitlines()[1].startswith('CCO,"0,5",0.33')


def test_a_refused_file_leaves_no_output(tmp_path: Path, objective: Path) -> None:
    (tmp_path / "x.csv").write_text("smiles,name\n" + "CCO,ethanol,\n" * 3000 + "CC,ethane,7\n")
    result = chemmara("score", tmp_path / "x.csv", "--objective", objective, "--out", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {tmp_path}/x.csv: line 3002 has 3 cells, but the header names 2 columns;")
    assert not (tmp_path / "out.csv").exists()
