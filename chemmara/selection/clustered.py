"""A library's rows with the clusters that they belong to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import packed_bytes, scaffold
from chemmara.molecules.fingerprint_blocks import to_rows
from chemmara.selection.clusters import butina, by_scaffold, leader, numbered
from chemmara.selection.distinct import Distinct
from chemmara.selection.kept_rows import KeptRows

DISTANCE: Final = 0.6
"""Tanimoto distance up to which a molecule belongs to a centre, where none is given."""
COLUMNS: Final = ("cluster", "cluster_size", "centre")
_CHUNK: Final = 1024


@dataclass(frozen=True)
class Clusters:
    """Clusters of the m different molecules of a library."""

    which: np.ndarray  # (n,) number of each row's molecule, -1 for an invalid SMILES
    rows: np.ndarray  # (m,) first row of each molecule
    leads: np.ndarray  # (m,) the molecule that stands for the cluster of each
    numbers: np.ndarray  # (m,) from 1, the largest first
    sizes: np.ndarray  # (m,) different molecules in the cluster of each

    @classmethod
    def of(
        cls,
        rows: KeptRows,
        method: Literal["butina", "leader", "scaffold"],
        distance: float = DISTANCE,
        read: Callable[[int], None] = lambda _: None,
        done: Callable[[int], None] = lambda _: None,
    ) -> "Clusters":
        """Cluster a library; `read` and `done` are called with how many molecules were read and clustered.

        ChemmaraError where no SMILES is valid, or where a column of the library that is the SMILES would be replaced.
        """
        if rows.smiles_column in COLUMNS:
            raise ChemmaraError(f"{rows.source}: its column of SMILES is named like a column of clusters; rename it")
        smiles = rows.column(rows.smiles_column)
        if method == "scaffold":
            scaffolds = Distinct.read(smiles, scaffold, read)
            found, leads = scaffolds, by_scaffold(scaffolds.described)
        else:
            found = Distinct.read(smiles, packed_bytes, read)
            packed = to_rows(found.described)
            found.described.clear()
            leads = (leader if method == "leader" else butina)(packed, distance, done)
        if not len(leads):
            raise ChemmaraError(f"{rows.source}: no valid molecule")
        return cls(found.which, found.rows, leads, *numbered(leads))

    def figures(self) -> dict[str, float]:
        """Counts of what was found."""
        sizes = np.bincount(self.numbers)[1:]
        return {
            "molecules": len(self.which),
            "invalid": int((self.which < 0).sum()),
            "unique": len(self.leads),
            "clusters": len(sizes),
            "singletons": int((sizes == 1).sum()),
            "largest": int(sizes[0]),
        }

    def tables(self, rows: KeptRows) -> Iterator[pd.DataFrame]:
        """The library's rows in their order with `COLUMNS`, empty for invalid ones; its own of these are replaced."""
        for first in range(0, len(self.which), _CHUNK):
            which = self.which[first : first + _CHUNK]
            table = rows.table(range(first, first + len(which)))
            valid = which >= 0
            is_centre = valid & (self.rows[self.leads[which]] == table.index.to_numpy())
            words = np.where(valid, np.where(is_centre, "yes", "no"), "")
            numbers = [pd.array(values[which], dtype="Int64") for values in (self.numbers, self.sizes)]
            for column in numbers:
                column[~valid] = pd.NA
            table = table.drop(columns=[name for name in COLUMNS if name in table.columns])
            yield table.assign(cluster=numbers[0], cluster_size=numbers[1], centre=words)
