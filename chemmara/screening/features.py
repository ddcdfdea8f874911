"""What surrogates see of a molecule: how often it has which atoms and environments, and its properties."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from rdkit.Chem import Mol, rdFingerprintGenerator

from chemmara.oracles.descriptors import DESCRIPTORS

ENVIRONMENTS: Final = 4096
ATOMS: Final = 1024
PROPERTIES: Final = (
    "molecular_weight", "crippen_logp", "tpsa", "hbd", "hba", "rotatable_bonds", "rings", "aromatic_rings",
    "aliphatic_rings", "fraction_sp3", "hetero_atoms",
)  # fmt: skip
"""Descriptors that most scores depend on, in one way or another."""

# Counts as bits for at least so many: Tanimoto similarity of the bits stands for that of the counts.
_ENVIRONMENTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=ENVIRONMENTS, countSimulation=True)
_ATOMS = rdFingerprintGenerator.GetMorganGenerator(
    radius=0, fpSize=ATOMS, countSimulation=True, countBounds=[1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28]
)


@dataclass(frozen=True)
class Features:
    """What is seen of n molecules."""

    bits: np.ndarray  # (n, 5120) uint8: counts of atom types, and of Morgan environments of radius 0 to 2
    properties: np.ndarray  # (n, 11) float64: `PROPERTIES`, each in its own unit

    @classmethod
    def of(cls, molecules: Sequence[Mol]) -> Self:
        """The features of molecules; a property that is not a number counts as 0."""
        bits = [
            np.concatenate([_ATOMS.GetFingerprintAsNumPy(molecule), _ENVIRONMENTS.GetFingerprintAsNumPy(molecule)])
            for molecule in molecules
        ]
        computed = [[DESCRIPTORS[name].compute(molecule) for name in PROPERTIES] for molecule in molecules]
        return cls(
            np.array(bits, dtype=np.uint8).reshape(len(molecules), ATOMS + ENVIRONMENTS),
            np.nan_to_num(np.array(computed, dtype=float).reshape(len(molecules), len(PROPERTIES))),
        )

    def __len__(self) -> int:
        return len(self.bits)

    def __getitem__(self, rows: slice | np.ndarray | list[int]) -> "Features":
        return Features(self.bits[rows], self.properties[rows])

    def and_then(self, others: "Features") -> "Features":
        """These molecules, and others after them."""
        return Features(np.vstack([self.bits, others.bits]), np.vstack([self.properties, others.properties]))


@dataclass(frozen=True)
class Scale:
    """Turns properties into multiples of their standard deviation among the molecules learned from."""

    centre: np.ndarray  # (11,)
    spread: np.ndarray  # (11,), 1 where a property does not vary

    @classmethod
    def of(cls, features: Features) -> Self:
        """The scale of the molecules learned from."""
        spread = features.properties.std(axis=0)
        return cls(features.properties.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def __call__(self, features: Features) -> np.ndarray:
        """Scaled properties (n, 11), float32."""
        return ((features.properties - self.centre) / self.spread).astype(np.float32)


def tanimoto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) Tanimoto similarities between rows of bits (n, d) and (m, d); every row needs a bit.

    Bits in common are whole numbers, exact in float32, whatever rows stand beside them.
    """
    left, right = a.astype(np.float32), b.astype(np.float32)
    common = (left @ right.T).astype(np.float64)
    return common / (left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - common)


def closeness(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """(n, m) exp(-d^2 / 2 width^2), where d is the distance between rows of scaled properties (n, k) and (m, k).

    >>> closeness(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]]), 2.0).round(4).tolist()
    [[1.0, 0.6065]]
    """
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2.0 * (a @ b.T)
    return np.exp(-np.maximum(squares, 0.0) / (2.0 * width * width))
