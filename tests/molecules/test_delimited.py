"""Tables of text: a row is read right or refused with its line, never shifted."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.errors import ChemmaraError
from chemmara.molecules.delimited import delimited
from chemmara.molecules.library import open_library


def read(path: Path, text: str | bytes, column: str | None = None) -> list[dict[str, str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [row for chunk in open_library(path, column).chunks() for row in chunk.to_dict("records")]


@pytest.mark.parametrize(
    "rows", ["CCO,ethanol,\nCC,ethane,\n", "CCO,ethanol,,\nCC,ethane\n", "CCO,ethanol, ,\r\nCC,ethane,"]
)
@pytest.mark.parametrize("header", ["smiles,name\n", "smiles,name,\n", "smiles,name,,\r\n"])
def test_commas_at_the_end_of_rows_shift_nothing(tmp_path: Path, header: str, rows: str) -> None:
    assert read(tmp_path / "x.csv", header + rows) == [
        {"smiles": "CCO", "name": "ethanol"},
        {"smiles": "CC", "name": "ethane"},
    ]


def test_cells_that_a_row_lacks_are_empty_and_a_blank_line_is_no_row(tmp_path: Path) -> None:
    text = 'smiles,name,x\nCCO\n\n  \n,"no structure"\n"","",""\n\nCC,ethane,1\n'
    rows = read(tmp_path / "x.csv", text)
    assert [tuple(row.values()) for row in rows] == [
        ("CCO", "", ""), ("", "no structure", ""), ("", "", ""), ("CC", "ethane", "1"),
    ]  # fmt: skip


def test_a_quoted_empty_cell_is_a_row_of_a_single_column(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", 'smiles\nCCO\n\n""\nCC\n') == [{"smiles": "CCO"}, {"smiles": ""}, {"smiles": "CC"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # Lines: 1 header, 2-3 a cell over two lines, 4 blank, 5 the row of three cells.
        ('smiles,name\nCCO,"eth\nanol"\n\nCC,ethane,7\nC,methane\n', "line 5 has 3 cells, but the header names 2"),
        ('smiles,name\nCCO,ethanol\nCC,"ethane\nC,methane\n', "line 3: a quote that opens here never closes"),
        ('smiles,name\nCCO,ethanol\nCC,"ethane\nC,"methane"\n', "line 3: a quoted cell does not end"),
        ('smiles,name\nCCO,"' + "x" * 140_000 + '"\n', "line 2: has a cell of more than 131072 characters"),
        ("smiles,x,x\nCCO,1,2\n", "2 columns are called 'x'"),
        ("smiles,name\n", "holds no molecules: a header and no row"),
        ("smiles\n\n\n", "holds no molecules: a header and no row"),
        ("\n\n", "holds no molecules"),
        ("smiles,name\nCCO,a\nC\0C,b\n", "line 3 holds a NUL byte"),
        ("CCO,ethanol\nCC,ethane\n", "begin with a line of names"),
        (",".join(f'"a\n{i}"' for i in range(100)) + "\n1\n", "a 19 and 80 more by --smiles-column"),
    ],
)
def test_what_cannot_be_read_right_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ChemmaraError) as caught:
        read(tmp_path / "x.csv", text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", ",smiles,,x\n0,CCO,,1\n") == [
        {"column 1": "0", "smiles": "CCO", "column 3": "", "x": "1"}
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".smi", ""])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_whatever_the_suffix_separator_and_line_end(tmp_path: Path, suffix: str, mark: str, end: str) -> None:
    lines = [mark.join(cells) for cells in (("id", "SMILES", "name"), ("1", "CCO", '"a\rb"'), ("2", "", "c d"))]
    assert read(tmp_path / f"x{suffix}", end.join(lines)) == [
        {"id": "1", "SMILES": "CCO", "name": "a\nb"},  # a line end in a cell is "\n" from then on
        {"id": "2", "SMILES": "", "name": "c d"},
    ]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ""])
@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;", "\ufeffsep=;"])
def test_a_line_of_excels_that_names_the_separator_is_no_row(tmp_path: Path, suffix: str, first: str) -> None:
    text = f"{first}\r\nName, short;SMILES\r\na, b;CCO\r\n"
    assert read(tmp_path / f"x{suffix}", text) == [{"Name, short": "a, b", "SMILES": "CCO"}]
    with pytest.raises(ChemmaraError, match="line 4 has 3 cells"):
        read(tmp_path / "y.csv", text + "c;CC;7\r\n")
    assert read(tmp_path / "z.csv", text + "sep=;;\r\n")[1] == {"Name, short": "sep=", "SMILES": ""}


def test_the_separator_that_is_named_counts_for_all_kinds(tmp_path: Path) -> None:
    for mark in (",", ";", "\t"):
        assert read(tmp_path / "x.csv", f"sep={mark}\nsmiles{mark}x\nCCO{mark}1\n") == [{"smiles": "CCO", "x": "1"}]


def test_a_column_that_is_asked_for_tells_a_table_too(tmp_path: Path) -> None:
    assert read(tmp_path / "x.txt", "mol;IC50\nCCO;0,5\n", "mol") == [{"mol": "CCO", "IC50": "0,5"}]
    assert read(tmp_path / "x.csv", "mol;a,b;x\nCCO;1;2\n", "mol") == [{"mol": "CCO", "a,b": "1", "x": "2"}]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=8)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_every_table_that_can_be_written_is_read_as_it_is(
    rows: list[tuple[str, str, str]], mark: str, quote_all: bool
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    writer.writerows([("smiles", "b", "c"), *rows])
    lines = io.StringIO(file.getvalue(), newline=None)
    assert [tuple(cells) for cells, _ in delimited("x", iter(lines), mark)][1:] == rows
