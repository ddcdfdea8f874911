"""Tanimoto similarities of many fingerprints to many others, block by block, so that the memory does not grow.

Fingerprints are rows of packed bits, (n, 256) uint8: Morgan, radius 2, 2,048 bits. A block has its bits as bytes, a row
for each bit, so that the bits that a fingerprint has in common with 8,192 others are a sum of some fifty rows: about
5 ns a pair, where comparing them pair by pair takes 70.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from rdkit.Chem import Mol

from chemmara.molecules.chem import packed_bytes

BYTES: Final = 256
_COLUMNS: Final = 8192  # a block of 2,048 x 8,192 bytes
_QUERIES: Final = 4096  # rows that are compared with a block while it is unpacked
_MOST_IN_A_BYTE: Final = 255
_FEW: Final = 1024
_FEW_QUERIES: Final = 8  # for which nothing is unpacked
_ROUNDING: Final = 1e-9  # a similarity that equals the threshold counts as near


def to_rows(texts: Sequence[bytes]) -> np.ndarray:
    """What `packed_bytes` gave for n molecules, as (n, 256) uint8."""
    return np.frombuffer(b"".join(texts), dtype=np.uint8).reshape(len(texts), BYTES)


def packed_fingerprints(molecules: Iterable[Mol]) -> np.ndarray:
    """Fingerprints of molecules, (n, 256) uint8."""
    return to_rows([packed_bytes(molecule) for molecule in molecules])


def to_all(one_row: np.ndarray, rows: np.ndarray, block: int = 65_536) -> np.ndarray:
    """Similarities (n,) of one packed fingerprint (256,) to many (n, 256).

    >>> rows = np.zeros((2, 256), dtype=np.uint8)
    >>> rows[:, 0] = 0b0111, 0b1110
    >>> to_all(rows[0], rows)
    array([1. , 0.5])
    """
    words, query, found = rows.view(np.uint64), one_row.view(np.uint64), np.empty(len(rows))
    size = int(np.bitwise_count(query).sum(dtype=np.int64))
    for first in range(0, len(rows), block):
        part = words[first : first + block]
        common = np.bitwise_count(part & query).sum(axis=1, dtype=np.int64)
        sizes = np.bitwise_count(part).sum(axis=1, dtype=np.int64)
        found[first : first + block] = common / (size + sizes - common)
    return found


@dataclass(frozen=True)
class _Block:
    """Up to 8,192 fingerprints, and for each bit a row that says which of them have it."""

    first: int  # number of the first
    having: np.ndarray  # (2048, k) uint8
    sizes: np.ndarray  # (k,) int64, bits of each

    def common(self, bits: np.ndarray) -> np.ndarray:
        """How many of these bits each fingerprint has, (k,)."""
        if len(bits) >= _MOST_IN_A_BYTE or len(self.sizes) < _FEW:  # of a few, one call is quicker than fifty
            return self.having[bits].sum(axis=0, dtype=np.uint16)
        common = np.zeros(len(self.sizes), dtype=np.uint8)
        for bit in bits.tolist():
            np.add(common, self.having[bit], out=common)
        return common

    def similar(self, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many of these bits each fingerprint has, and the similarities, both (k,) float32.

        Different fractions of so few bits stay different in float32, so that what is larger is larger there.
        """
        common = self.common(bits).astype(np.float32)
        return common, common / (self._float_sizes + np.float32(len(bits)) - common)

    @cached_property
    def _float_sizes(self) -> np.ndarray:
        return self.sizes.astype(np.float32)

    def exact(self, bits: np.ndarray, common: np.ndarray, columns: np.ndarray | np.intp) -> np.ndarray:
        """The similarities of some of them in float64, as RDKit has them; `common` as by `similar`."""
        shared = common[columns].astype(float)
        return shared / (len(bits) + self.sizes[columns] - shared)


def _blocks(packed: np.ndarray) -> Iterator[_Block]:
    for first in range(0, len(packed), _COLUMNS):
        rows = packed[first : first + _COLUMNS]
        # (256, k): turned round before it is unpacked, which is ten times as quick
        columns = np.ascontiguousarray(rows.T)
        having = np.empty((BYTES, 8, len(rows)), dtype=np.uint8)
        for bit in range(8):
            np.bitwise_and(columns >> bit, 1, out=having[:, bit])
        sizes = np.bitwise_count(columns).sum(axis=0, dtype=np.int64)
        yield _Block(first, having.reshape(8 * BYTES, len(rows)), sizes)


def _bits(packed: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(row) for row in np.unpackbits(packed, axis=1, bitorder="little")]


def nearest(queries: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of the most similar known fingerprint for each query, the earliest of equal ones, and the similarity.

    (q,) int64 and (q,) float64; -1 and NaN where nothing is known. Exact.
    """
    numbers, similarities = np.full(len(queries), -1), np.full(len(queries), np.nan)
    for start in range(0, len(queries), _QUERIES):
        bits = _bits(queries[start : start + _QUERIES])
        best = np.full(len(bits), -1.0)
        for block in _blocks(known):
            for row, own in enumerate(bits):
                common, similar = block.similar(own)
                column = similar.argmax()
                exact = block.exact(own, common, column)
                if exact > best[row]:
                    best[row], numbers[start + row] = exact, block.first + column
        if len(known):
            similarities[start : start + len(bits)] = best
    return numbers, similarities


def most_similar(queries: np.ndarray, known: np.ndarray, number: int) -> np.ndarray:
    """Similarities of each query to the known fingerprints that are most similar to it, the largest first.

    (q, k) float64, k being `number`, at least 1, or all that are known if those are fewer. Exact.
    """
    number = min(number, len(known))
    found = np.empty((len(queries), number))
    if not number:
        return found
    if len(queries) < _FEW_QUERIES:
        for row, own in zip(found, queries, strict=True):
            row[:] = _largest(to_all(own, known), number)
        return found
    for start in range(0, len(queries), _QUERIES):
        bits = _bits(queries[start : start + _QUERIES])
        best = [np.zeros(0)] * len(bits)
        for block in _blocks(known):
            for row, own in enumerate(bits):
                common, similar = block.similar(own)
                if len(best[row]) == number:
                    columns = np.flatnonzero(similar > np.float32(best[row][-1]))
                else:
                    columns = np.argpartition(similar, -min(number, len(similar)))[-number:]
                if len(columns):
                    exact = block.exact(own, common, columns)
                    best[row] = _largest(np.concatenate([best[row], exact]), number)
        found[start : start + len(bits)] = best
    return found


def _largest(values: np.ndarray, number: int) -> np.ndarray:
    """The so many largest of one or more values, the largest first."""
    kept = min(number, len(values))
    return np.sort(np.partition(values, -kept)[-kept:])[::-1]


def near(queries: np.ndarray, known: np.ndarray, similarity: float) -> list[np.ndarray]:
    """For each query the numbers, ascending, of the known fingerprints that are at least so similar (0 to 1)."""
    found: list[np.ndarray] = []
    for start in range(0, len(queries), _QUERIES):
        bits = _bits(queries[start : start + _QUERIES])
        pieces: list[list[np.ndarray]] = [[] for _ in bits]
        for block in _blocks(known):
            enough = _needed(block, similarity)
            for row, own in enumerate(bits):
                columns = np.flatnonzero(block.common(own) >= enough(len(own)))
                pieces[row].append((columns + block.first).astype(np.int32))
        found += [np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32) for parts in pieces]
    return found


def first_near(queries: np.ndarray, known: np.ndarray, similarity: float) -> np.ndarray:
    """For each query the number of the first known fingerprint that is at least so similar (0 to 1); -1 for none."""
    found = np.full(len(queries), -1)
    for start in range(0, len(queries), _QUERIES):
        bits = _bits(queries[start : start + _QUERIES])
        left: Sequence[int] = range(len(bits))
        for block in _blocks(known):
            enough = _needed(block, similarity)
            for row in left:
                is_near = block.common(bits[row]) >= enough(len(bits[row]))
                column = int(is_near.argmax())
                if is_near[column]:
                    found[start + row] = block.first + column
            left = [row for row in left if found[start + row] < 0]
    return found


def _needed(block: _Block, similarity: float) -> Callable[[int], np.ndarray]:
    """A function from a fingerprint's number of bits to how many of them each of a block must share.

    c bits in common of a and b are a similarity of c / (a + b - c), at least s where c >= s (a + b) / (1 + s).
    """
    known: dict[int, np.ndarray] = {}

    def needed(size: int) -> np.ndarray:
        if size not in known:
            least = np.ceil(similarity / (1 + similarity) * (size + block.sizes) - _ROUNDING)
            kind = np.uint8 if size < _MOST_IN_A_BYTE else np.uint16
            known[size] = np.minimum(least, size + 1).astype(kind)  # size + 1: more than there can be
        return known[size]

    return needed
