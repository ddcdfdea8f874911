"""Molecule files of every usual kind, read row by row: order kept, columns kept, memory flat."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from chemmara.errors import ChemmaraError
from chemmara.molecules.headers import Row, find_column
from chemmara.molecules.readers import read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Library:
    """A file of molecules, not yet read."""

    source: str  # path, or "-" for stdin
    smiles_column: str
    columns: list[str]
    rows: Iterator[Row]  # cells in the order of the columns, with the reason of a structure that could not be read
    unreadable: dict[int, str] = field(default_factory=dict)
    """Rows (from 0) of which a structure was there but could not be read, with the reason; known once they are read."""

    def chunks(self, size: int = 1024) -> "Iterator[pd.DataFrame]":
        """The rows in order, in tables of `size`: every cell text, missing ones "", the index counts rows from 0.

        A library can be gone through once. ChemmaraError where the file ends badly.
        """
        import pandas as pd

        first = 0
        while rows := list(islice(self.rows, size)):
            self.unreadable.update((row, reason) for row, (_, reason) in enumerate(rows, first) if reason)
            index = range(first, first + len(rows))
            yield pd.DataFrame([cells for cells, _ in rows], index=index, columns=self.columns, dtype=str)
            first += len(rows)

    def smiles(self) -> Iterator[str]:
        """The SMILES column alone."""
        place = self.columns.index(self.smiles_column)
        return (cells[place] for cells, _ in self.rows)


def open_library(source: str | Path, smiles_column: str | None = None) -> Library:
    """A library from .smi, .csv, .tsv, .parquet or .sdf, also .gz, .xz, .bz2, .zip or a .tar with one file; or "-".

    The SMILES column is `smiles_column`, or the first whose name is a usual one (smiles, canonical_smiles, ...,
    whatever the case). ChemmaraError, in one line, for a file that is missing, empty, damaged or has no such column.
    docs/files.md says how each kind is read.
    """
    name = str(source)
    rows = read_rows(name, smiles_column)
    columns, _ = next(rows, ([], ""))
    if not columns:
        raise ChemmaraError(f"{name}: holds no molecules")
    column = find_column(name, columns, smiles_column)
    first = next(rows, None)
    if first is None:
        raise ChemmaraError(f"{name}: holds no molecules: a header and no row")
    return Library(name, column, columns, chain([first], rows))
