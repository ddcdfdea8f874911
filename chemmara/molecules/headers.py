"""Names of columns: which holds the SMILES, and what stands between them."""

import csv
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse

Row = tuple[list[str], str]
"""Cells of a row, and why its structure could not be read ("" where it could)."""

SMILES_NAMES: Final = ("smiles", "canonical_smiles", "canonical smiles", "smi", "structure", "molecule", "canonical")
"""Names that a column of SMILES usually has, in lower case."""
Mark = Literal["\t", ",", ";"]
"""What separates the cells of a table of text."""
_MARKS: Final[tuple[Mark, ...]] = ("\t", ",", ";")
_MOST_LISTED: Final = 20  # columns in an error


def holds_smiles(name: str, wanted: str | None) -> bool:
    """Whether a column of this name holds SMILES: it is the `wanted` one or has a usual name, whatever the case."""
    return name == wanted or name.strip().lower() in SMILES_NAMES


def find_column(source: str, columns: Sequence[str], wanted: str | None) -> str:
    """The column of the SMILES: the `wanted` one, or the first usual name. ChemmaraError where there is none."""
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise ChemmaraError(f"{source}: has no column {wanted!r}; it has {_listed(columns)}")
    by_case = {column.lower().strip(): column for column in reversed(columns)}
    for usual in SMILES_NAMES:
        if usual in by_case:
            return by_case[usual]
    advice = f"name one of {_listed(columns)} by --smiles-column"
    if any(parse(column) is not None for column in columns):
        advice += ", or begin with a line of names (smiles,...) if this is the first molecule"
    raise ChemmaraError(f"{source}: no column is named like SMILES; {advice}")


def unlike(source: str, columns: list[str]) -> list[str]:
    """The names as they are; ChemmaraError where two are the same."""
    for name, number in Counter(columns).items():
        if number > 1:
            raise ChemmaraError(f"{source}: {number} columns are called {name!r}; rename them first")
    return columns


def separator(header: Sequence[str], usual: Mark, wanted: str | None) -> Mark:
    """What separates the cells of a table: the `usual` mark, unless another one explains its first lines better."""
    marks: list[Mark] = [usual, *(mark for mark in _MARKS if mark != usual)]
    cells: dict[Mark, list[str]] = {mark: _cells(header, mark) for mark in marks}
    for mark, names in cells.items():
        if wanted in names:
            return mark
    for mark, names in cells.items():
        if any(holds_smiles(name, wanted) for name in names):
            return mark
    return usual if len(cells[usual]) > 1 else max(cells, key=lambda mark: len(cells[mark]))


def separator_of_a_table(header: Sequence[str], wanted: str | None) -> Mark | None:
    """What separates the cells of a file that begins by the names of several columns; None where it does not."""
    for mark in _MARKS:
        names = _cells(header, mark)
        if len(names) > 1 and any(holds_smiles(name, wanted) for name in names):
            return mark
    return None


def _cells(header: Sequence[str], mark: str) -> list[str]:
    try:
        return next((cells for cells in csv.reader((f"{line}\n" for line in header), delimiter=mark) if cells), [])
    except csv.Error:
        return []


def _listed(columns: Sequence[str]) -> str:
    names = ", ".join(" ".join(name.split()) for name in columns[:_MOST_LISTED])
    return names + (f" and {len(columns) - _MOST_LISTED} more" if len(columns) > _MOST_LISTED else "")
