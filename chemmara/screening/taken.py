"""Molecules that others should not be like: how similar is a candidate to the nearest of them."""

import numpy as np

from chemmara.molecules.fingerprint_blocks import BYTES, nearest


class Taken:
    """Fingerprints that candidates are compared with."""

    def __init__(self) -> None:
        self._packed = np.zeros((0, BYTES), dtype=np.uint8)

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, packed: np.ndarray) -> None:
        """Append fingerprints (n, 256) uint8."""
        self._packed = np.concatenate([self._packed, packed])

    def nearest(self, packed: np.ndarray) -> np.ndarray:
        """(n,) largest Tanimoto similarity of fingerprints (n, 256) to any that was added; 0 before the first."""
        return nearest(packed, self._packed)[1] if len(self) else np.zeros(len(packed))
