"""Names of columns: which holds the SMILES, and what stands between them."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse

Row = tuple[list[str], str]
"""Cells of a row, and why its structure could not be read ("" where it could)."""

SMILES_NAMES: Final = (
    "smiles", "canonicalsmiles", "smi", "isomericsmiles", "smilesstring", "cxsmiles", "structure", "molecule",
    "canonical",
)  # fmt: skip
"""Names that a column of SMILES usually has, in lower case and without what may stand between their words."""
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
Mark = Literal["\t", ",", ";"]
"""What separates the cells of a table of text."""
_MARKS: Final[tuple[Mark, ...]] = ("\t", ",", ";")
_NAMED_MARK: Final = re.compile(r' *"?sep=([\t,;])"?[\t,; ]*', re.IGNORECASE)
_MOST_LISTED: Final = 20  # columns in an error


def holds_smiles(name: str, wanted: str | None) -> bool:
    """Whether a column of this name holds SMILES: it is the `wanted` one or has a usual name, whatever the case."""
    return name == wanted or _plain(name) in SMILES_NAMES


def find_column(source: str, columns: Sequence[str], wanted: str | None) -> str:
    """The column of the SMILES: the `wanted` one, or the first usual name. ChemmaraError where there is none."""
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise ChemmaraError(f"{source}: has no column {wanted!r}; it has {_listed(columns)}")
    plain = {_plain(column): column for column in reversed(columns)}
    for usual in SMILES_NAMES:
        if usual in plain:
            return plain[usual]
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
    """What separates the cells of a table: the `usual` mark, unless another one explains its first lines better.

    A first line `sep=;`, as Excel reads and some programs write it, decides.
    """
    if (named := _named_mark(header)) is not None:
        return named
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
    """What separates the cells of a file that begins by the names of several columns; None where it does not.

    It may name the separator itself in a first line `sep=;`.
    """
    if (named := _named_mark(header)) is not None:
        return named
    for mark in _MARKS:
        names = _cells(header, mark)
        if len(names) > 1 and any(holds_smiles(name, wanted) for name in names):
            return mark
    return None


def _named_mark(header: Sequence[str]) -> Mark | None:
    """What a first line such as `sep=;` names."""
    named = _NAMED_MARK.fullmatch(header[0]) if header else None
    return next((mark for mark in _MARKS if named and named[1] == mark), None)


def names_the_mark(cells: Sequence[str], mark: str) -> bool:
    """Whether these cells, of a first line, are no names of columns but `sep=;` or alike.

    >>> names_the_mark(["sep=", ""], ";"), names_the_mark(["sep=;"], ";"), names_the_mark(["smiles", "sep="], ";")
    (True, True, False)
    """
    return "".join(cells).strip().lower() in {"sep=", f"sep={mark}"}


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.lower())


def _cells(header: Sequence[str], mark: str) -> list[str]:
    try:
        return next((cells for cells in csv.reader((f"{line}\n" for line in header), delimiter=mark) if cells), [])
    except csv.Error:
        return []


def _listed(columns: Sequence[str]) -> str:
    names = ", ".join(" ".join(name.split()) for name in columns[:_MOST_LISTED])
    return names + (f" and {len(columns) - _MOST_LISTED} more" if len(columns) > _MOST_LISTED else "")
