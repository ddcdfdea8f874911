"""Molecule files of every usual kind, read row by row: order kept, columns kept, memory flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from chemmara.errors import ChemmaraError
from chemmara.molecules.readers import SMILES_NAMES, read_tables

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Library:
    """A file of molecules, not yet read."""

    source: str  # path, or "-" for stdin
    smiles_column: str
    columns: list[str]
    _tables: "Iterator[pd.DataFrame]"

    def chunks(self, size: int = 1024) -> "Iterator[pd.DataFrame]":
        """The rows in order, in tables of `size`: every cell text, missing ones "", the index counts rows from 0.

        A library can be gone through once. ChemmaraError where the file ends badly.
        """
        import pandas as pd

        waiting = pd.DataFrame()
        row = 0
        for table in self._tables:
            waiting = pd.concat([waiting, table]) if len(waiting) else table
            while len(waiting) >= size:
                yield waiting.head(size).set_axis(range(row, row + size))
                row, waiting = row + size, waiting.tail(len(waiting) - size)
        if len(waiting):
            yield waiting.set_axis(range(row, row + len(waiting)))

    def smiles(self) -> Iterator[str]:
        """The SMILES column alone."""
        for table in self.chunks():
            yield from table[self.smiles_column]


def open_library(source: str | Path, smiles_column: str | None = None) -> Library:
    """A library from .smi, .csv, .tsv, .parquet or .sdf, also .gz, .xz, .bz2, .zip or a .tar with one file; or "-".

    The SMILES column is `smiles_column`, or the first whose name is a usual one (smiles, canonical_smiles, ...,
    whatever the case). ChemmaraError, in one line, for a file that is missing, empty, damaged or has no such column.
    """
    name = str(source)
    tables = read_tables(name)
    try:
        first = next(tables)
    except StopIteration:
        raise ChemmaraError(f"{name}: holds no molecules") from None
    columns = [str(column) for column in first.columns]
    return Library(name, _find_column(name, columns, smiles_column), columns, chain([first], tables))


def _find_column(name: str, columns: list[str], wanted: str | None) -> str:
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise ChemmaraError(f"{name}: has no column {wanted!r}; it has {', '.join(columns)}")
    by_case = {column.lower().strip(): column for column in reversed(columns)}
    for usual in SMILES_NAMES:
        if usual in by_case:
            return by_case[usual]
    raise ChemmaraError(f"{name}: no column is named like SMILES; name one of {', '.join(columns)} by --smiles-column")
