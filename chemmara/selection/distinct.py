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

    which: np.ndarray  # (n,) int64: number of each row's molecule, from 0; -1 for an invalid SMILES, -2: left out
    rows: np.ndarray  # (m,) int64: the first row that has each
    described: list[T]  # what was asked of each

    @classmethod
    def read(
        cls, smiles: Iterable[str], value: Callable[[Mol], T], advance: Callable[[int], None] = lambda _: None,
        keeps: Keeps | None = None,
    ) -> "Distinct[T]":  # fmt: skip
        """Read SMILES, and keep `value` of every different molecule; `advance` is called with how many were read.

        Rows that `keeps` refuses are left out.

        >>> Distinct.read(["CCO", "C1CC", "OCC", "C"], Mol.GetNumAtoms)
        Distinct(which=array([ 0, -1,  0,  1]), rows=array([0, 3]), described=[3, 1])
        """
        which, rows, values, seen = list[int](), list[int](), list[T](), dict[str, int]()
        for row, text in enumerate(smiles):
            molecule = parse(text)
            taken = molecule is not None and (keeps is None or keeps(row, molecule))
            number = seen.setdefault(canonical(molecule), len(rows)) if molecule is not None and taken else -1
            number = -2 if molecule is not None and not taken else number
            if molecule is not None and number == len(rows):
                rows.append(row)
                values.append(value(molecule))
            which.append(number)
            advance(1)
        return cls(np.array(which, dtype=np.int64), np.array(rows, dtype=np.int64), values)

    @property
    def invalid(self) -> int:
        """Rows with an invalid SMILES."""
        return int((self.which == -1).sum())

    @property
    def duplicates(self) -> int:
        """Rows with a molecule that an earlier row has."""
        return int((self.which >= 0).sum()) - len(self.rows)
