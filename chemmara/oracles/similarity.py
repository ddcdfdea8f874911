"""Likeness to reference molecules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from rdkit.Chem import Mol
from rdkit.DataStructs import BulkDiceSimilarity, BulkTanimotoSimilarity

from chemmara.molecules.chem import canonical, parse
from chemmara.oracles.fingerprints import Fingerprint, fingerprint_of

SimilarityMeasure = Literal["tanimoto", "dice"]

_BULK: Final[dict[SimilarityMeasure, Callable[[Any, list[Any]], list[float]]]] = {
    "tanimoto": BulkTanimotoSimilarity,
    "dice": BulkDiceSimilarity,
}


@cache
def _references(smiles: tuple[str, ...], fingerprint: Fingerprint) -> list[Any]:
    molecules = [parse(text) for text in smiles]
    return [fingerprint_of(molecule, fingerprint) for molecule in molecules if molecule is not None]


@dataclass(frozen=True)
class Similarity:
    """Similarity to the nearest of the references, or the mean over them; 0 to 1.

    For counts a and b, Tanimoto is sum min(a, b) / sum max(a, b) and Dice 2 sum min(a, b) / sum (a + b).
    """

    references: tuple[str, ...]  # SMILES, all valid
    fingerprint: Fingerprint = "ecfp4"
    to: Literal["nearest", "mean"] = "nearest"
    measure: SimilarityMeasure = "tanimoto"
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Similarities (n,)."""
        references, bulk = _references(self.references, self.fingerprint), _BULK[self.measure]
        values = [bulk(fingerprint_of(molecule, self.fingerprint), references) for molecule in molecules]
        return np.array([max(row) if self.to == "nearest" else sum(row) / len(row) for row in values], dtype=float)


@cache
def _known(smiles: tuple[str, ...]) -> frozenset[str]:
    return frozenset(canonical(molecule) for molecule in map(parse, smiles) if molecule is not None)


@dataclass(frozen=True)
class Novelty:
    """1 for a molecule that is none of the references, else 0."""

    references: tuple[str, ...]  # SMILES
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """1 or 0 for each molecule (n,)."""
        known = _known(self.references)
        return np.array([canonical(molecule) not in known for molecule in molecules], dtype=float)
