"""What stderr says of a library's own columns and rows that a table goes without."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app

OWN = "smiles,scaffold,pick,distance,cluster,centre,known,tpsa\nCCO,x,x,x,x,x,x,x\nCCN,x,x,x,x,x,x,x\n"


def chemmara(*arguments: object, stdin: str) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def rows_of(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("export", "-"), "scaffold, tpsa"),
        (("export", "-", "--diverse", 2), "scaffold, pick, tpsa"),
        (("pick", "-", "-n", 2), "pick, distance"),
        (("cluster", "-"), "cluster, centre"),
        (("novelty", "-", "--against", "{tmp}/known.smi"), "known"),
        (("score", "-", "--task", "qed"), "total, error"),
    ],
)
def test_every_command_names_the_columns_that_it_replaces(
    tmp_path: Path, arguments: tuple[object, ...], names: str
) -> None:
    (tmp_path / "known.smi").write_text("CCO\n")
    options = [str(argument).format(tmp=tmp_path) for argument in arguments]
    text = OWN if arguments[0] != "score" else "smiles,total,error\nCCO,x,x\n"
    result = chemmara(*options, stdin=text)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count(f"-: columns that it has already are replaced: {names}\n") == 1
    assert "replaced" not in chemmara(*options, stdin="smiles,id\nCCO,a\nCCN,b\n").stderr


def test_export_keeps_the_values_of_components_that_score_wrote(tmp_path: Path) -> None:
    """A component called alerts that is 1 with a nitrogen: neither pyridine nor ethanol has an alert of BRENK's."""
    objective = tmp_path / "o.toml"
    objective.write_text('[[component]]\noracle = "smarts"\nname = "alerts"\nwanted = ["[#7]"]\n')
    scored = chemmara("score", "-", "--objective", objective, stdin="smiles,series\nCCO,A\nc1ccncc1,B\n")
    values = {"CCO": "0.0", "c1ccncc1": "1.0"}
    assert {row["smiles"]: row["alerts"] for row in rows_of(scored)} == values
    whole = chemmara("export", "-", stdin=scored.stdout)
    assert {row["smiles"]: row["alerts"] for row in rows_of(whole)} == values
    assert "are replaced: series\n" in whole.stderr
    for table in (scored, whole):
        some = chemmara("export", "-", "--where", "alerts = 1", stdin=table.stdout)
        assert [row["smiles"] for row in rows_of(some)] == ["c1ccncc1"]  # a condition goes by the value that is shown
    own = chemmara("export", "-", stdin="smiles,alerts,error\nCCO,7,\n")  # without total: not a table of `score`'s
    assert rows_of(own)[0]["alerts"] == "0"


def test_export_of_all_says_how_many_rows_it_leaves_out() -> None:
    text = "CCO a\nC1CC b\nOCC c\nnonsense d\nCCN e\nC(O)C f\n"
    for command in (("export", "-"), ("export", "-", "--diverse", 2)):
        said = chemmara(*command, stdin=text).stderr
        assert "-: 2 rows are not valid and 2 rows have the molecule of another row; they are left out\n" in said
    assert "-: 1 rows are not valid; they are left out\n" in chemmara("export", "-", stdin="CCO\nC1CC\n").stderr
    assert "left out" not in chemmara("export", "-", stdin="CCO\nCCN\n").stderr
