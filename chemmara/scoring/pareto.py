"""Which molecules no other one beats in everything."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np


def pareto_rank(desirabilities: np.ndarray) -> np.ndarray:
    """Front of each row (n, k), larger being better: 1 for those that no other row beats, 2 for those after these, ...

    A row beats another where it is at least as good in every column and better in one (Goldberg 1989). 0 for a row
    with a missing value. A row is compared with the fronts that a binary search comes by (Zhang et al. 2015,
    doi:10.1109/TEVC.2014.2308305), not with every row.

    >>> pareto_rank(np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.1], [0.9, np.nan]]))
    array([1, 1, 2, 0])
    """
    ranks = np.zeros(len(desirabilities), dtype=int)
    known = ~np.isnan(desirabilities).any(axis=1)
    rows, which = np.unique(desirabilities[known], axis=0, return_inverse=True)  # equal rows do not beat each other
    of_rows, fronts = np.zeros(len(rows), dtype=int), list[_Front]()
    for number in reversed(range(len(rows))):  # whatever beats a row comes before it, for the first column counts first
        row = rows[number][:, None]
        # What beats a member of a front beats what that member beats: from the first front that does not on, none does.
        found = bisect_left(fronts, True, key=lambda front, row=row: not front.beats(row))
        if found == len(fronts):
            fronts.append(_Front(np.empty((len(row), 8))))
        fronts[found].add(row)
        of_rows[number] = found + 1
    ranks[known] = of_rows[which.ravel()]
    return ranks


@dataclass
class _Front:
    """Rows that do not beat each other, as columns, with room for more."""

    columns: np.ndarray  # (k, room)
    size: int = 0

    def beats(self, row: np.ndarray) -> bool:
        """Whether a row of the front is at least as good as another row (k, 1) in everything."""
        return bool((self.columns[:, : self.size] >= row).all(axis=0).any())

    def add(self, row: np.ndarray) -> None:
        """Put a row (k, 1) into the front."""
        if self.size == self.columns.shape[1]:
            self.columns = np.concatenate([self.columns, np.empty_like(self.columns)], axis=1)
        self.columns[:, self.size] = row[:, 0]
        self.size += 1
