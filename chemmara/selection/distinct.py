"""The different molecules of a library, each looked at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from rdkit.Chem import Mol

from chemmara.molecules.chem import canonical, parse
from chemmara.selection.where import Keeps

T = TypeVar("T")


@dataclass(frozen=True)
class Distinct(Generic[T]):
    """The m different molecules in n rows of SMILES."""

    which: np.ndarray  # (n,) int64: number of each row's molecule, from 0; -1 for an invalid SMILES
    rows: np.ndarray  # (m,) int64: the first row that has each
    described: list[T]  # what was asked of each

    @classmethod
    def read(
        cls, smiles: Iterable[str], value: Callable[[Mol], T], advance: Callable[[int], None] = lambda _: None
    ) -> "Distinct[T]":
        """Read SMILES, and keep `value` of every different molecule; `advance` is called with how many were read.

        >>> Distinct.read(["CCO", "C1CC", "OCC", "C"], Mol.GetNumAtoms)
        Distinct(which=array([ 0, -1,  0,  1]), rows=array([0, 3]), described=[3, 1])
        """
        which, rows, values, seen = list[int](), list[int](), list[T](), dict[str, int]()
        for row, text in enumerate(smiles):
            molecule = parse(text)
            number = -1 if molecule is None else seen.setdefault(canonical(molecule), len(rows))
            if molecule is not None and number == len(rows):
                rows.append(row)
                values.append(value(molecule))
            which.append(number)
            advance(1)
        return cls(np.array(which, dtype=np.int64), np.array(rows, dtype=np.int64), values)

    def that(self, keeps: Keeps | None, smiles_of: Callable[[int], str]) -> "Distinct[T]":
        """Those whose first row may be taken; all without a condition."""
        if keeps is None:
            return self
        taken = [at for at, row in enumerate(self.rows.tolist()) if keeps(row, parse(smiles_of(row)) or Mol())]
        return Distinct(self.which, self.rows[taken], [self.described[at] for at in taken])

    @property
    def invalid(self) -> int:
        """Rows with an invalid SMILES."""
        return int((self.which < 0).sum())

    @property
    def duplicates(self) -> int:
        """Rows with a molecule that an earlier row has."""
        return len(self.which) - self.invalid - len(self.rows)
