"""What surrogates see of a molecule: how often it has which atoms and environments, and its properties."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from rdkit.Chem import Mol, rdFingerprintGenerator, rdMolDescriptors
from scipy.sparse import csr_array, vstack

from chemmara.molecules.chem import molecules_of
from chemmara.oracles.descriptors import DESCRIPTORS

ENVIRONMENTS: Final = 4096
ATOMS: Final = 1024
_NAMED: Final = (
    "molecular_weight", "crippen_logp", "tpsa", "hbd", "rings", "aromatic_rings", "aliphatic_rings", "fraction_sp3",
    "hetero_atoms",
)  # fmt: skip
PROPERTIES: Final[dict[str, Callable[[Mol], float]]] = {name: DESCRIPTORS[name].compute for name in _NAMED} | {
    "nitrogens_and_oxygens": rdMolDescriptors.CalcNumLipinskiHBA,
    "rotatable_bonds": lambda molecule: rdMolDescriptors.CalcNumRotatableBonds(molecule, strict=False),
}
"""Properties that most scores depend on, in one way or another.

Two are not the usual ones: Lipinski's acceptors, and rotatable bonds whatever they are next to, take a fortieth and a
third of the time, and the model predicts no worse by them (docs/lab-notes.md, 2026-11-27).
"""

# Counts as bits for at least so many: Tanimoto similarity of the bits stands for that of the counts.
_ENVIRONMENTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=ENVIRONMENTS, countSimulation=True)
_ATOMS = rdFingerprintGenerator.GetMorganGenerator(
    radius=0, fpSize=ATOMS, countSimulation=True, countBounds=[1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28]
)


@dataclass(frozen=True)
class Features:
    """What is seen of n molecules."""

    smiles: np.ndarray  # (n,) canonical SMILES, str
    bits: csr_array  # (n, 5120) float32 of ones: counts of atom types, and of Morgan environments of radius 0 to 2
    properties: np.ndarray  # (n, 11) float64: `PROPERTIES`, each in its own unit

    @classmethod
    def of(cls, smiles: Sequence[str], molecules: Sequence[Mol] | None = None) -> Self:
        """The features of molecules (read already, or read here); a property that is not a number counts as 0."""
        molecules = molecules_of(smiles) if molecules is None else molecules
        set_bits = [
            np.flatnonzero(
                np.concatenate([_ATOMS.GetFingerprintAsNumPy(molecule), _ENVIRONMENTS.GetFingerprintAsNumPy(molecule)])
            ).astype(np.int32)
            for molecule in molecules
        ]
        computed = [[compute(molecule) for compute in PROPERTIES.values()] for molecule in molecules]
        return cls(
            np.array(smiles, dtype=object),
            _rows(set_bits),
            np.nan_to_num(np.array(computed, dtype=float).reshape(len(molecules), len(PROPERTIES))),
        )

    def __len__(self) -> int:
        return len(self.properties)

    def __getitem__(self, rows: slice | np.ndarray | list[int]) -> "Features":
        return Features(self.smiles[rows], self.bits[rows], self.properties[rows])

    def and_then(self, others: "Features") -> "Features":
        """These molecules, and others after them."""
        return Features(
            np.concatenate([self.smiles, others.smiles]),
            csr_array(vstack([self.bits, others.bits])),
            np.vstack([self.properties, others.properties]),
        )


def _rows(set_bits: list[np.ndarray]) -> csr_array:
    """Rows of bits (n, 5120) from the numbers, ascending, of those that are set in each."""
    ends = np.cumsum([0, *map(len, set_bits)], dtype=np.int32)
    columns = np.concatenate([np.zeros(0, dtype=np.int32), *set_bits])
    return csr_array((np.ones(len(columns), dtype=np.float32), columns, ends), (len(set_bits), ATOMS + ENVIRONMENTS))


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


def tanimoto(a: csr_array, b: csr_array) -> np.ndarray:
    """(n, m) Tanimoto similarities, float32, between rows of bits (n, d) and (m, d); every row needs a bit.

    Bits in common are whole numbers, exact in float32, whatever rows stand beside them. A row has some 90 of 5,120
    bits, so that only those of `b` are gone through: a fifth of the time of a full product.
    """
    common = (b @ a.T.toarray(order="C")).T
    left, right = (np.diff(bits.indptr).astype(np.float32) for bits in (a, b))
    return common / (left[:, None] + right[None, :] - common)


def closeness(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """(n, m) exp(-d^2 / 2 width^2), where d is the distance between rows of scaled properties (n, k) and (m, k).

    >>> closeness(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]]), 2.0).round(4).tolist()
    [[1.0, 0.6065]]
    """
    exponents = a @ b.T  # -d^2 / 2 is a b - a^2 / 2 - b^2 / 2; in place, since (2000, 2000) of them are made in a step
    exponents -= 0.5 * (a * a).sum(axis=1)[:, None]
    exponents -= 0.5 * (b * b).sum(axis=1)[None, :]
    exponents /= width * width
    np.minimum(exponents, 0.0, out=exponents)
    return np.exp(exponents, out=exponents)
