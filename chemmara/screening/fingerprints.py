"""What surrogates and similarities see of a molecule."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from rdkit.Chem import Mol, rdFingerprintGenerator

BITS: Final = 4096
# Counts of Morgan environments, as bits for 1, 2, 4 and 8 of them: Tanimoto of the bits stands for that of the counts.
_COUNTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS, countSimulation=True)


def count_bits(molecules: Sequence[Mol]) -> np.ndarray:
    """(n, 4096) uint8: counts of Morgan environments of radius 2, as bits for at least 1, 2, 4 and 8."""
    rows = [_COUNTS.GetFingerprintAsNumPy(molecule) for molecule in molecules]
    return np.array(rows, dtype=np.uint8).reshape(len(rows), BITS)


def tanimoto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) Tanimoto similarities between rows of bits (n, d) and (m, d); every row needs a bit.

    Bits in common are whole numbers, exact in float32, whatever rows stand beside them.
    """
    left, right = a.astype(np.float32), b.astype(np.float32)
    common = (left @ right.T).astype(np.float64)
    return common / (left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - common)
