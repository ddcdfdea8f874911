"""Many rows of a graph of which no two are near each other: a large independent set.

`near` holds for each of n rows the rows near it, itself among them, as the bits of a whole number: bit j of near[i]
says that i and j are near each other. Everything here depends on `near` alone; the random tries have a fixed seed.
"""

import random
from dataclasses import dataclass
from typing import Final

import numpy as np

EXACT: Final = 32
"""Rows up to which the set is the largest one."""
_TRIES: Final = 5_000
_DRAWN: Final = 8  # rows drawn in a try, of which the one that costs least is chosen


def apart(near: list[int]) -> list[int]:
    """Rows of which no two are near each other, in ascending order: as many as there can be up to 32 rows, else many.

    Beyond 32 rows: the row with the fewest neighbours left is chosen again and again; then one row is given up where
    two can be chosen for it, and so after each of 5,000 small changes, which stay if they cost nothing (iterated local
    search of Andrade, Resende & Werneck 2012, doi:10.1007/s10732-012-9196-4).

    >>> apart([0b011, 0b111, 0b110])  # 0 near 1 near 2
    [0, 2]
    """
    if len(near) <= EXACT:
        return _members(_largest(near, (1 << len(near)) - 1), len(near))
    chosen = _Chosen.fewest_neighbours_first(near)
    chosen.exchange(set(_members(chosen.rows, len(near))))
    draw = random.Random(0)
    for _ in range(_TRIES):
        changed = chosen.changed(draw)
        chosen = chosen if changed is None or changed.size < chosen.size else changed
    return _members(chosen.rows, len(near))


def _largest(near: list[int], left: int) -> int:
    """The largest set among the rows `left`: a row with at most one neighbour is in it; another may be or not."""
    chosen = 0
    while left:
        neighbours = {row: (near[row] & left).bit_count() for row in range(len(near)) if left >> row & 1}
        row = min(neighbours, key=neighbours.__getitem__)
        if neighbours[row] > 2:  # noqa: PLR2004 - itself and one more
            row = max(neighbours, key=neighbours.__getitem__)
            with_it = 1 << row | _largest(near, left & ~near[row])
            return chosen | max(with_it, _largest(near, left & ~(1 << row)), key=int.bit_count)
        chosen |= 1 << row
        left &= ~near[row]
    return chosen


@dataclass
class _Chosen:
    """Chosen rows, no two of them near each other, and of how many of them each row is near."""

    near: list[int]
    rows: int  # as bits
    size: int
    cover: np.ndarray  # (n,) int16: chosen rows near each row; 1 for a chosen row, which is near itself alone

    @classmethod
    def fewest_neighbours_first(cls, near: list[int]) -> "_Chosen":
        """Chosen greedily: the row with the fewest neighbours among those that can still be chosen."""
        chosen = cls(near, 0, 0, np.zeros(len(near), dtype=np.int16))
        neighbours = np.array([row.bit_count() for row in near])
        left = (1 << len(near)) - 1
        while left:
            row = int(neighbours.argmin())
            for gone in _members(near[row] & left, len(near)):
                neighbours -= _unpacked(near[gone], len(near))
                neighbours[gone] = 2 * len(near)  # never the fewest again: at most n are taken off
            left &= ~near[row]
            chosen.add(row)
        return chosen

    def add(self, row: int) -> None:
        """Choose a row that is near no chosen one."""
        self.rows |= 1 << row
        self.size += 1
        self.cover += _unpacked(self.near[row], len(self.near))

    def remove(self, row: int) -> None:
        """Give up a chosen row."""
        self.rows &= ~(1 << row)
        self.size -= 1
        self.cover -= _unpacked(self.near[row], len(self.near))

    def fill(self) -> None:
        """Choose rows that are near no chosen one until none is left."""
        free = _packed(self.cover == 0)
        while free:
            row = free.bit_length() - 1
            self.add(row)
            free &= ~self.near[row]

    def exchange(self, rows: set[int]) -> None:
        """Give up one of these rows where two can be chosen instead, and go on with the rows that this concerns."""
        while rows:
            row = rows.pop()
            two = self._two_for(row) if self.rows >> row & 1 else ()
            if two:
                self.remove(row)
                for new in two:
                    self.add(new)
                self.fill()
                rows |= self._loosened(row)

    def _two_for(self, row: int) -> tuple[int, ...]:
        """Two rows, not near each other, that could be chosen if `row` were not; () if there are none."""
        only = _packed(self.cover == 1) & self.near[row]
        for new in _members(only, len(self.near)):
            others = only & ~self.near[new]
            if others:
                return new, others.bit_length() - 1
        return ()

    def _loosened(self, row: int) -> set[int]:
        """Chosen rows that alone cover one of the rows near `row`, which was given up."""
        only = _packed(self.cover == 1) & self.near[row]
        return {(self.near[other] & self.rows).bit_length() - 1 for other in _members(only, len(self.near))}

    def changed(self, draw: random.Random) -> "_Chosen | None":
        """A copy with a row drawn at random in place of the chosen ones near it, improved; None where it is chosen."""
        drawn = [draw.randrange(len(self.near)) for _ in range(_DRAWN)]
        row = min((row for row in drawn if not self.rows >> row & 1), key=self.cover.__getitem__, default=None)
        if row is None:
            return None
        copy = _Chosen(self.near, self.rows, self.size, self.cover.copy())
        given_up = _members(self.near[row] & self.rows, len(self.near))
        for chosen in given_up:
            copy.remove(chosen)
        copy.add(row)
        copy.fill()
        copy.exchange(set[int]().union(*map(copy._loosened, given_up)))
        return copy


def _packed(rows: np.ndarray) -> int:
    return int.from_bytes(np.packbits(rows, bitorder="little").tobytes(), "little")


def _unpacked(rows: int, n: int) -> np.ndarray:
    return np.unpackbits(np.frombuffer(rows.to_bytes(-(-n // 8), "little"), np.uint8), count=n, bitorder="little")


def _members(rows: int, n: int) -> list[int]:
    return np.flatnonzero(_unpacked(rows, n).view(bool)).tolist()  # of truth values it is ten times as quick
