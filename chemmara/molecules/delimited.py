"""Tables of text: comma, semicolon or tab between the cells."""

import csv
from collections.abc import Iterator

from chemmara.errors import ChemmaraError
from chemmara.molecules.headers import Row, names_the_mark, unlike


def delimited(source: str, lines: Iterator[str], mark: str) -> Iterator[Row]:
    r"""Rows of a table, the names of its columns first; every row has as many cells as there are names.

    Blank lines are no rows, nor is a first line that names the separator (`sep=;`). Cells that a row lacks at its end
    are empty; empty ones beyond the last column are dropped.
    ChemmaraError, with the line, for a cell that belongs to no column and for a quote that does not close.

    >>> [cells for cells, _ in delimited("x.csv", iter(["smiles,name,\n", "CCO,ethanol,,\n", "\n", "C\n"]), ",")]
    [['smiles', 'name'], ['CCO', 'ethanol'], ['C', '']]
    """
    reader = csv.reader(lines, delimiter=mark, strict=True)
    columns: list[str] = []
    line = 0
    try:
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if _is_blank(cells) or (not columns and names_the_mark(cells, mark)):
                continue
            if columns:
                yield _fitted(source, line, cells, len(columns)), ""
            else:
                columns = _names(source, cells)
                yield columns, ""
    except csv.Error as error:
        raise ChemmaraError(f"{source}: line {line}: {_reason(error)}") from None


def _is_blank(cells: list[str]) -> bool:
    """Whether there was nothing on the line; a quoted empty cell is something."""
    return not cells or (len(cells) == 1 and cells[0].isspace())


def _names(source: str, cells: list[str]) -> list[str]:
    """Names of the columns: none for what a comma at the end begins, "column 3" for one without a name before that."""
    while len(cells) > 1 and not cells[-1].strip():
        cells = cells[:-1]
    return unlike(source, [name if name.strip() else f"column {place}" for place, name in enumerate(cells, 1)])


def _fitted(source: str, line: int, cells: list[str], width: int) -> list[str]:
    if any(cell.strip() for cell in cells[width:]):
        raise ChemmaraError(
            f"{source}: line {line} has {len(cells)} cells, but the header names {width} columns;"
            " put a cell that holds the separator in quotes"
        )
    return cells[:width] + [""] * (width - len(cells))


def _reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"has a cell of more than {csv.field_size_limit()} characters; does a quote never close?"
    if "unexpected end" in str(error):
        return "a quote that opens here never closes"
    return "a quoted cell does not end where its quote closes; write a quote inside it twice"
