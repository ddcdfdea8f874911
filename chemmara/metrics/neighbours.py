"""The nearest of many fingerprints, found without comparing with them all."""

from array import array
from math import ceil
from typing import Final

import numpy as np
from rdkit.DataStructs import BitVectToBinaryText, ExplicitBitVect

_BITS: Final = 2048
_ROUNDING: Final = 1e-6  # bounds of whole numbers are worked out in floats: rather one candidate too many


class Neighbours:
    """Fingerprints by number, in the order they were added, and for each bit the numbers of those that have it.

    Two fingerprints of a and b bits whose Tanimoto similarity is at least s have at least s a, and s (a + b) / (1 + s),
    bits in common. So among all but ceil(s a) - 1 of a fingerprint's bits, at least one is shared: it is enough to look
    up its rarest bits, and few candidates are left to compare (the prefix filter of set similarity joins, Bayardo 2007,
    doi:10.1145/1242572.1242591). The answers are those of a comparison with every fingerprint, to the last bit.
    """

    def __init__(self) -> None:
        self._having = [array("i") for _ in range(_BITS)]  # for each bit, numbers in ascending order
        self._frequency = np.zeros(_BITS, dtype=np.int64)  # lengths of these
        self._packed = np.zeros((64, _BITS // 64), dtype=np.uint64)  # with room for more
        self._sizes = np.zeros(64, dtype=np.int64)  # bits of each
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, fingerprint: ExplicitBitVect) -> None:
        """Append a fingerprint of 2,048 bits; its number is how many were there before."""
        if self._count == len(self._sizes):
            self._packed = np.concatenate([self._packed, np.zeros_like(self._packed)])
            self._sizes = np.concatenate([self._sizes, np.zeros_like(self._sizes)])
        own = list(fingerprint.GetOnBits())
        for bit in own:
            self._having[bit].append(self._count)
        self._frequency[own] += 1
        self._packed[self._count] = _words(fingerprint)
        self._sizes[self._count] = len(own)
        self._count += 1

    def nearest(self, fingerprint: ExplicitBitVect, similarity: float) -> int | None:
        """Number of the most similar fingerprint, the earliest of equal ones; None if none is at least so similar.

        `similarity`: 0 to 1.
        """
        own = np.array(fingerprint.GetOnBits(), dtype=np.int64)
        near = self._candidates(own, similarity)
        if not len(near):  # none has a bit in common, and every similarity is 0
            return 0 if self._count and similarity <= 0 else None
        common = np.bitwise_count(self._packed[near] & _words(fingerprint)).sum(axis=1, dtype=np.int64)
        similarities = common / (len(own) + self._sizes[near] - common)
        best = int(similarities.argmax())
        return int(near[best]) if similarities[best] >= similarity else None

    def _candidates(self, own: np.ndarray, similarity: float) -> np.ndarray:
        """Numbers, in ascending order, of all fingerprints that may be similar enough to one with these bits."""
        left_out = max(0, ceil(similarity * len(own) - _ROUNDING) - 1)
        rarest = own[self._frequency[own].argsort(kind="stable")][: len(own) - left_out]
        lists = [np.frombuffer(self._having[bit], dtype=np.int32) for bit in rarest if self._frequency[bit]]
        if not lists:
            return np.zeros(0, dtype=np.int64)
        shared = np.bincount(np.concatenate(lists), minlength=self._count)
        some = np.flatnonzero(shared)
        needed = similarity / (1 + similarity) * (len(own) + self._sizes[some]) - _ROUNDING
        return some[shared[some] + left_out >= needed]


def _words(fingerprint: ExplicitBitVect) -> np.ndarray:
    return np.frombuffer(BitVectToBinaryText(fingerprint), dtype=np.uint64)
