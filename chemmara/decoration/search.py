"""How many molecules of each family are still missing, and when it is over."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch

from chemmara.language_model.device import to_numpy

PATIENCE: Final = 1024
"""Tries in a row that may bring nothing; then it is over."""


@dataclass(frozen=True)
class Search:
    """How many molecules are missing, and how many tries in a row brought none; both are counted in place."""

    missing: np.ndarray  # (families,) or (1,) where any family will do
    fruitless: np.ndarray  # the same
    families: int

    @classmethod
    def of(cls, n: int, families: int, *, even: bool) -> Self:
        """Nothing found yet of n molecules: each family has its share of them if `even`, else any family will do."""
        counts = [len(range(first, n, families)) for first in range(families)] if even else [n]
        return cls(np.array(counts), np.zeros(len(counts), dtype=int), families)

    def tries(self, least: int, most: int, generator: torch.Generator) -> np.ndarray:
        """Families (tries,) to be tried: one for every missing molecule, or more to reach `least`."""
        size = min(most, max(int(self.missing.sum()), least))
        if len(self.missing) < self.families:
            return (uniform(size, generator) * self.families).astype(int)
        return np.resize(np.repeat(np.arange(self.families), self.missing), size)

    def wants(self, family: int) -> bool:
        """Whether a molecule of the family is still missing."""
        return bool(self.missing[self._row(family)])

    def note(self, family: int, *, found: bool) -> None:
        """Take in what a try brought; a family that has brought nothing for long is given up."""
        row = self._row(family)
        self.missing[row] -= found
        self.fruitless[row] = 0 if found else self.fruitless[row] + 1
        if self.fruitless[row] >= PATIENCE:
            self.missing[row] = 0

    def _row(self, family: int) -> int:
        return int(family) if len(self.missing) == self.families else 0


def uniform(size: int, generator: torch.Generator) -> np.ndarray:
    """Random numbers (size,) between 0 and 1."""
    return to_numpy(torch.rand(size, generator=generator, device=generator.device)).astype(np.float64)
