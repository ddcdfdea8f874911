"""The rows of a library, kept on disk while it is decided which of them are wanted."""

import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Self

from chemmara.molecules.library import Library

if TYPE_CHECKING:
    import pandas as pd


class KeptRows:
    """A library read once and then asked for any of its rows by number; use it as a context manager.

    A library may come through a pipe, which cannot be read twice, and its cells may be more than fits in memory: they
    lie in a temporary file, which goes away with the process.
    """

    def __init__(self, library: Library, advance: Callable[[int], None] = lambda _: None) -> None:
        """Read all rows; `advance` is called with how many were read."""
        self.columns, self.smiles_column, self.source = library.columns, library.smiles_column, library.source
        self._file, self._starts = TemporaryFile(), array("q")  # noqa: SIM115 - closed by __exit__
        self._read: tuple[int, list[str]] = (-1, [])  # the row that was read last, and its cells
        for table in library.chunks():
            for cells in table.to_numpy().tolist():
                self._starts.append(self._file.tell())
                self._file.write(json.dumps(cells).encode() + b"\n")
            advance(len(table))
        self.unreadable = library.unreadable

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def cells(self, row: int) -> list[str]:
        """The cells of a row, counted from 0, in the order of the columns."""
        if self._read[0] != row:
            self._file.seek(self._starts[row])
            self._read = row, json.loads(self._file.readline())
        return self._read[1]

    def cell(self, row: int, column: str) -> str:
        """One cell of a row."""
        return self.cells(row)[self.columns.index(column)]

    def smiles(self, row: int) -> str:
        """The SMILES of a row as it was written."""
        return self.cell(row, self.smiles_column)

    def column(self, name: str) -> Iterator[str]:
        """The cells of a column, row by row; meanwhile the row's other cells can be had, but no other row's."""
        place = self.columns.index(name)
        self._file.seek(0)
        for row, line in enumerate(self._file):
            self._read = row, json.loads(line)
            yield self._read[1][place]

    def table(self, rows: Sequence[int]) -> "pd.DataFrame":
        """These rows as a table of text, in this order; its index is theirs."""
        import pandas as pd

        return pd.DataFrame([self.cells(row) for row in rows], index=list(rows), columns=self.columns, dtype=str)
