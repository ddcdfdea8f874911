"""Molecules that others should not be like: how similar is a candidate to the nearest of them."""

from typing import Final

import numpy as np

_BITS: Final = 2048


class Taken:
    """Fingerprints, bit by bit: a candidate is compared with all of them by adding up the rows of its own bits."""

    def __init__(self) -> None:
        self._having = np.zeros((_BITS, 256), dtype=np.uint8)  # with room for more columns
        self._sizes = np.zeros(256, dtype=np.int64)  # bits of each
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, packed: np.ndarray) -> None:
        """Append fingerprints (n, 256) uint8."""
        while self._count + len(packed) > len(self._sizes):
            self._having = np.concatenate([self._having, np.zeros_like(self._having)], axis=1)
            self._sizes = np.concatenate([self._sizes, np.zeros_like(self._sizes)])
        bits = np.unpackbits(packed, axis=1, bitorder="little")
        places = slice(self._count, self._count + len(bits))
        self._having[:, places] = bits.T
        self._sizes[places] = bits.sum(axis=1)
        self._count += len(bits)

    def nearest(self, packed: np.ndarray) -> np.ndarray:
        """(n,) largest Tanimoto similarity of fingerprints (n, 256) to any that was added; 0 before the first."""
        if not self._count:
            return np.zeros(len(packed))
        sizes, nearest = self._sizes[: self._count], np.empty(len(packed))
        for row, bits in enumerate(np.unpackbits(packed, axis=1, bitorder="little")):
            own = np.flatnonzero(bits)
            common = self._having[own, : self._count].sum(axis=0, dtype=np.uint16)
            nearest[row] = (common / (len(own) + sizes - common)).max()
        return nearest
