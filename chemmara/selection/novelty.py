"""A library's rows beside known compounds, and how many of them are new."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.library import Library
from chemmara.selection.known import NOVELTY, Known

_CHUNK: Final = 4096  # rows that are compared with the known compounds at a time


def with_novelty(library: Library, known: Known) -> Iterator[pd.DataFrame]:
    """The library's rows in their order with the columns `NOVELTY`; its own of these names are replaced.

    ChemmaraError where its column of SMILES is one of them.
    """
    if library.smiles_column in NOVELTY:
        raise ChemmaraError(f"{library.source}: its column of SMILES is named like a column that is added; rename it")
    for table in library.chunks(_CHUNK):
        found = known.novelty(table[library.smiles_column].tolist()).set_axis(table.index)
        yield table.drop(columns=[name for name in NOVELTY if name in table.columns]).join(found)


@dataclass
class Tally:
    """How many rows are known, and how near to known ones the rows are."""

    molecules: int = 0
    invalid: int = 0
    known: int = 0
    known_scaffold: int = 0
    _similarity: float = 0.0  # sum over the valid rows

    def add(self, table: pd.DataFrame) -> None:
        """Count the rows of a table that `with_novelty` made."""
        known, scaffolds = table["known"].tolist(), table["known_scaffold"].tolist()
        self.molecules += len(table)
        self.invalid += known.count("")
        self.known += known.count("yes")
        self.known_scaffold += scaffolds.count("yes")
        self._similarity += float(np.nansum(table["nearest_similarity"].to_numpy(dtype=float)))

    def figures(self) -> dict[str, float]:
        """Counts of the rows, and the mean similarity to the nearest known compound (NaN without a valid row)."""
        valid = self.molecules - self.invalid
        return {
            "molecules": self.molecules,
            "invalid": self.invalid,
            "known": self.known,
            "new": valid - self.known,
            "new_scaffold": valid - self.known_scaffold,
            "mean_nearest_similarity": self._similarity / valid if valid else float("nan"),
        }
