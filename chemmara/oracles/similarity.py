"""Likeness to reference molecules."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from rdkit.Chem import Mol, rdFingerprintGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity

from chemmara.chem import parse

Fingerprint = Literal["ecfp4", "ecfp6", "fcfp4", "ecfp4-bits"]


@cache
def _generator(fingerprint: Fingerprint) -> Any:
    radius = 3 if fingerprint == "ecfp6" else 2
    features = rdFingerprintGenerator.GetMorganFeatureAtomInvGen() if fingerprint == "fcfp4" else None
    return rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=2048, atomInvariantsGenerator=features)


def _of(molecule: Mol, fingerprint: Fingerprint) -> Any:
    generator = _generator(fingerprint)
    if fingerprint == "ecfp4-bits":
        return generator.GetFingerprint(molecule)
    return generator.GetSparseCountFingerprint(molecule)


@cache
def _references(smiles: tuple[str, ...], fingerprint: Fingerprint) -> list[Any]:
    molecules = [parse(one) for one in smiles]
    return [_of(molecule, fingerprint) for molecule in molecules if molecule is not None]


@dataclass(frozen=True)
class Similarity:
    """Tanimoto similarity to the nearest of the references, or the mean over them; 0 to 1.

    ecfp4, ecfp6 and fcfp4 are unfolded counts (Tanimoto of counts: sum of minima over sum of maxima), ecfp4-bits is
    Morgan of radius 2 in 2048 bits. None sees stereo.
    """

    references: tuple[str, ...]  # SMILES, all valid
    fingerprint: Fingerprint = "ecfp4"
    to: Literal["nearest", "mean"] = "nearest"
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Similarities (n,)."""
        references = _references(self.references, self.fingerprint)
        values = [BulkTanimotoSimilarity(_of(molecule, self.fingerprint), references) for molecule in molecules]
        return np.array([max(row) if self.to == "nearest" else sum(row) / len(row) for row in values], dtype=float)
