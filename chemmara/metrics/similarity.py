"""Tanimoto similarities between all molecules of a set, block by block, and who is near whom."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from rdkit.DataStructs import BitVectToBinaryText, ExplicitBitVect

_ROWS: Final = 128  # of the similarity matrix, held at a time: 128 x 100,000 float64 are 102 MB
_BYTES: Final = 256  # of a fingerprint of 2048 bits
_MOST_IN_A_BYTE: Final = 255


@dataclass(frozen=True)
class Fingerprints:
    """The different fingerprints of a set of molecules, in an order that depends on the set alone."""

    packed: np.ndarray  # (n, 256) uint8, eight bits in each
    copies: np.ndarray  # (n,) molecules that have each
    smiles: list[str]  # of a molecule with each; where several have it, the first in the alphabet

    @classmethod
    def of(cls, vectors: Iterable[tuple[str, ExplicitBitVect]]) -> Self:
        """Morgan fingerprints, radius 2, 2048 bits, given with the SMILES they are of."""
        copies, smiles = Counter[bytes](), dict[bytes, str]()
        for text, vector in vectors:
            key = BitVectToBinaryText(vector)
            copies[key] += 1
            smiles[key] = min(smiles.get(key, text), text)
        keys = sorted(copies)
        packed = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), _BYTES)
        return cls(packed, np.array([copies[key] for key in keys], dtype=np.int64), [smiles[key] for key in keys])

    def __len__(self) -> int:
        return len(self.smiles)


def similarities(packed: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The upper half of the similarity matrix of n packed fingerprints, in blocks of rows.

    Yields the number `first` of a block's first row, and (rows, n - first) float64: the similarities of the block's
    rows to the fingerprints from `first` on. Bits in common are counted in whole numbers and divided once, as RDKit
    does. Every fingerprint needs a bit, which every molecule has.
    """
    bits = np.unpackbits(packed, axis=1, bitorder="little")
    counts = bits.sum(axis=1, dtype=np.int64)
    kind = np.uint8 if counts.max(initial=0) <= _MOST_IN_A_BYTE else np.uint16
    having = np.ascontiguousarray(bits.T, dtype=kind)
    for first in range(0, len(bits), _ROWS):
        block = np.empty((min(_ROWS, len(bits) - first), len(bits) - first))
        for row, similarity in enumerate(block, start=first):
            common = np.zeros(len(bits) - first, dtype=kind)
            for bit in np.flatnonzero(bits[row]):
                common += having[bit, first:]
            np.divide(common, counts[row] + counts[first:] - common, out=similarity)
        yield first, block


@dataclass(frozen=True)
class Overview:
    """What one pass over all pairs of a set tells."""

    mean_distance: float  # over all pairs of molecules; NaN below two
    numbers: list[np.ndarray]  # for each distance (n,): rows that lie as near as it to each row, itself among them
    near: list[list[int]]  # for each distance, row by row, which rows these are, as bits (see `packing`)


def overview(fingerprints: Fingerprints, distances: Sequence[float] = (), *, which: bool = True) -> Overview:
    """Mean Tanimoto distance of all pairs of molecules, and for each of `distances` how many rows lie as near as it.

    `which`: and which rows these are. That takes a quarter of a byte for each pair of rows and each distance.
    """
    n, copies, total = len(fingerprints), fingerprints.copies, 0.0
    numbers = [np.zeros(n, dtype=np.int64) for _ in distances]
    graphs = [np.zeros((n if which else 0, -(-n // 8)), dtype=np.uint8) for _ in distances]
    for first, block in similarities(fingerprints.packed):
        rows, square = slice(first, first + len(block)), len(block)
        weighted = copies[rows] @ block * copies[first:]
        total += float(weighted[:square].sum() + 2 * weighted[square:].sum())
        apart = np.subtract(1.0, block, out=block)
        for number, graph, distance in zip(numbers, graphs, distances, strict=True):
            near = apart <= distance
            number[rows] += near.sum(axis=1)
            number[rows.stop :] += near[:, square:].sum(axis=0)
            if which:
                graph[rows, first // 8 :] = np.packbits(near, axis=1, bitorder="little")
                below = np.packbits(near[:, square:].T, axis=1, bitorder="little")
                graph[rows.stop :, first // 8 : first // 8 + below.shape[1]] = below
    molecules = int(copies.sum())
    pairs = molecules * (molecules - 1)
    mean = 1.0 - (total - molecules) / pairs if pairs else float("nan")
    return Overview(mean, numbers, [[int.from_bytes(row.tobytes(), "little") for row in graph] for graph in graphs])
