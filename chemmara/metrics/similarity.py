"""Tanimoto similarities between all molecules of a set, and who is near whom."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chemmara.molecules.fingerprint_blocks import to_rows

_ROWS: Final = 128  # of the similarity matrix, whose mirror image is written at a time; a multiple of 8
_MOST_IN_A_BYTE: Final = 255


@dataclass(frozen=True)
class Fingerprints:
    """The different fingerprints of a set of molecules, in an order that depends on the set alone."""

    packed: np.ndarray  # (n, 256) uint8, eight bits in each
    copies: np.ndarray  # (n,) molecules that have each
    smiles: list[str]  # of a molecule with each; where several have it, the first in the alphabet

    @classmethod
    def of(cls, fingerprints: Iterable[tuple[str, bytes]]) -> Self:
        """Morgan fingerprints, radius 2, 2048 bits, as 256 bytes each, given with the SMILES they are of."""
        copies, smiles = Counter[bytes](), dict[bytes, str]()
        for text, key in fingerprints:
            copies[key] += 1
            smiles[key] = min(smiles.get(key, text), text)
        keys = sorted(copies)
        return cls(
            to_rows(keys), np.array([copies[key] for key in keys], dtype=np.int64), [smiles[key] for key in keys]
        )

    def __len__(self) -> int:
        return len(self.smiles)


def similarities(packed: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """The upper half of the similarity matrix of n packed fingerprints, row by row, in blocks of 128 rows.

    Yields the number `first` of the first row of a block, the number of a row in it, and (n - first,) float64: the
    similarities of that row to the rows from `first` on. Bits in common are counted in whole numbers and divided once,
    as RDKit does. Every fingerprint needs a bit, which every molecule has.
    """
    bits = np.unpackbits(packed, axis=1, bitorder="little")
    counts = bits.sum(axis=1, dtype=np.int64)
    kind = np.uint8 if counts.max(initial=0) <= _MOST_IN_A_BYTE else np.uint16
    having = np.ascontiguousarray(bits.T, dtype=kind)
    for row in range(len(bits)):
        first = row - row % _ROWS
        common = np.zeros(len(bits) - first, dtype=kind)
        for bit in np.flatnonzero(bits[row]):
            common += having[bit, first:]
        yield first, row, common / (counts[row] + counts[first:] - common)


@dataclass(frozen=True)
class Overview:
    """What one pass over all pairs of a set tells."""

    mean_distance: float  # over all pairs of molecules; NaN below two
    near: list[list[int]]  # for each distance, row by row: the rows as near as that, itself among them (see `packing`)
    numbers: list[np.ndarray]  # where that is too much to hold, (n,) how many rows these are


def overview(fingerprints: Fingerprints, distances: Sequence[float] = (), *, which: bool = True) -> Overview:
    """Mean Tanimoto distance of all pairs of molecules, and for each of `distances` the rows that lie as near as it.

    `which`: which rows these are, for an eighth of a byte for each pair and distance, twice while it is made; otherwise
    only how many.
    """
    n, copies, total = len(fingerprints), fingerprints.copies.astype(float), 0.0
    graphs = [np.zeros((n, -(-n // 8)), dtype=np.uint8) for _ in distances if which]
    numbers = [np.zeros(n, dtype=np.int64) for _ in distances if not which]
    block = np.zeros((len(distances), _ROWS, n), dtype=bool)
    for first, row, similarity in similarities(fingerprints.packed):
        stop = min(first + _ROWS, n)
        inside, beyond = similarity[: stop - first], similarity[stop - first :]
        total += copies[row] * (inside @ copies[first:stop] + 2 * (beyond @ copies[stop:]))
        apart = 1.0 - similarity
        for near, distance in zip(block, distances, strict=True):
            np.less_equal(apart, distance, out=near[row - first, first:])
        if row + 1 == stop:
            for near, graph in zip(block, graphs, strict=which):
                _fill(graph, first, near[: stop - first, first:])
            for near, number in zip(block, numbers, strict=not which):
                number[first:stop] += near[: stop - first, first:].sum(axis=1)
                number[stop:] += near[: stop - first, stop:].sum(axis=0)
    molecules = int(fingerprints.copies.sum())
    pairs = molecules * (molecules - 1)
    mean = 1.0 - (total - molecules) / pairs if pairs else float("nan")
    return Overview(mean, [[int.from_bytes(row.tobytes(), "little") for row in graph] for graph in graphs], numbers)


def _fill(graph: np.ndarray, first: int, near: np.ndarray) -> None:
    """Write a block of rows of the upper half, and its mirror image in the lower half, as bits into the graph."""
    stop = first + len(near)
    graph[first:stop, first // 8 :] = np.packbits(near, axis=1, bitorder="little")
    below = np.packbits(np.ascontiguousarray(near[:, len(near) :].T), axis=1, bitorder="little")
    graph[stop:, first // 8 : first // 8 + below.shape[1]] = below
