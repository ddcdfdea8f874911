"""The protocol of an oracle."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from rdkit.Chem import Mol


class Oracle(Protocol):
    """Measures molecules: one value per molecule, in order, NaN where it has no value.

    An oracle is handed valid molecules only and may raise on one that it cannot measure: the objective around it turns
    that into "no score" for this molecule. It must be picklable, for workers get a copy.
    """

    @property
    def low(self) -> float:
        """Smallest value it can give; -inf if there is none."""
        ...

    @property
    def high(self) -> float:
        """Largest value it can give; inf if there is none."""
        ...

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,) float64."""
        ...


@runtime_checkable
class Finder(Protocol):
    """An oracle that counts what has names, such as alerts."""

    def found(self, molecule: Mol) -> list[str]:
        """Names of what it counts in a molecule."""
        ...
