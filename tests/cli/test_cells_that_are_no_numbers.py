"""Scores and --where over cells that are no numbers: no molecule is lost without a word."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app

MIXED = "smiles,name,score\nCCO,a,0.1\nCCN,b,\nCCC,c,>0.5\nCCCC,d,0.9\n"


def chemmara(*arguments: object, stdin: str) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def names(result: Result) -> list[str]:
    return [row["name"] for row in csv.DictReader(io.StringIO(result.stdout))]


def test_export_of_all_has_all_valid_molecules_those_without_a_score_last() -> None:
    whole = chemmara("export", "-", stdin=MIXED)
    assert names(whole) == ["d", "a", "b", "c"]
    assert "molecules 4" in whole.stderr
    of_words = chemmara("export", "-", stdin="smiles,name,score\nCCO,a,good\nCCN,b,\n")
    assert names(of_words) == ["a", "b"]


def test_scores_that_are_no_numbers_are_counted_with_an_example() -> None:
    words = "-: column 'score': 1 of 4 cells are no numbers (row 3: '>0.5'); these molecules have no score"
    commands: list[tuple[object, ...]] = [
        ("export", "-"),
        ("export", "-", "--top", 2),
        ("export", "-", "--diverse", 2),
        ("pick", "-", "-n", 2, "--method", "weighted"),
    ]
    for command in commands:
        result = chemmara(*command, stdin=MIXED)
        assert words in result.stderr, command
        assert result.stderr.count("no numbers") == 1
        assert result.exit_code == 0
    assert "no numbers" not in chemmara("pick", "-", "-n", 2, stdin=MIXED).stderr  # maxmin needs no scores


def test_cells_that_where_cannot_compare_are_counted_with_an_example() -> None:
    for command in (("export", "-"), ("pick", "-", "-n", 4)):
        result = chemmara(*command, "--where", "score < 0.7", "--where", "score > 0", stdin=MIXED)
        assert names(result) == ["a"]
        expected = "column 'score': 1 of 4 cells are no numbers (row 3: '>0.5'); these molecules do not meet --where"
        assert result.stderr.count(expected) == 1
        alike = chemmara(*command, "--where", "name != a", stdin=MIXED)
        assert sorted(names(alike)) == ["b", "c", "d"]
        assert "do not meet" not in alike.stderr  # words are compared as words


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("export", "--top", 3), "row 1: 'score' is '0,9'"),
        (("export",), "row 1: 'score' is '0,9'"),
        (("pick", "-n", 2, "--method", "weighted"), "row 1: 'score' is '0,9'"),
        (("pick", "-n", 2, "--where", "Price < 20"), "row 2: 'Price' is '8,50'"),
        (("export", "--score-column", "Stock"), "row 2: 'Stock' is '1,200.5'"),
    ],
)
def test_numbers_with_commas_are_refused_in_one_line(tmp_path: Path, arguments: tuple[object, ...], place: str) -> None:
    """A file that Excel wrote where decimals have commas: to take `1` for the best score would be wrong."""
    path = tmp_path / "eu.csv"
    rows = ["CCO;a;0,9;30;2", "CCN;b;0,8;8,50;1,200.5", "CCC;c;1;7;3", "CCCC;d;0,1;25;4"]
    path.write_text("\r\n".join(["SMILES;name;score;Price;Stock", *rows]))
    refused = chemmara(arguments[0], path, *arguments[1:], stdin="")
    advice = "write numbers with a decimal point and without separators of thousands"
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == f"error: {path}: {place}: {advice}\n"
