"""Clusters of molecules. Every function gives for each of n rows the row that stands for its cluster, (n,) int64."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.molecules.fingerprint_blocks import first_near, near

_CHUNK: Final = 4096
_MOST_PAIRS: Final = 200_000_000  # near pairs that are held at a time: 0.8 GB
Advance = Callable[[int], None]


def by_scaffold(scaffolds: Sequence[str]) -> np.ndarray:
    """Rows of one scaffold are a cluster, and the first of them stands for it.

    >>> by_scaffold(["c1ccccc1", "", "c1ccccc1"])
    array([0, 1, 0])
    """
    first: dict[str, int] = {}
    return np.array([first.setdefault(text, row) for row, text in enumerate(scaffolds)], dtype=np.int64)


def leader(packed: np.ndarray, distance: float, advance: Advance = lambda _: None) -> np.ndarray:
    """Each row joins the first leader at most `distance` (Tanimoto, 0 to 1) away; a row without one is a leader itself.

    The rows' order decides, so the best should come first. The leaders are those of RDKit's LeaderPicker, which does
    not tell who follows whom. Time grows with rows x leaders, memory with the rows.
    """
    leads, room, count = np.arange(len(packed)), np.zeros((0, packed.shape[1]), dtype=np.uint8), 0
    rows_of_leaders = np.zeros(0, dtype=np.int64)
    for start in range(0, len(packed), _CHUNK):
        chunk = packed[start : start + _CHUNK]
        found = first_near(chunk, room[:count], 1.0 - distance)
        leads[start : start + len(chunk)] = np.where(found >= 0, rows_of_leaders[found] if count else -1, -1)
        free = np.flatnonzero(found < 0)
        new = _leaders_among(chunk[free], distance)
        leads[start + free] = start + free[new]
        own = start + free[np.unique(new)]
        if count + len(own) > len(room):
            room = np.concatenate([room, np.zeros((len(own) + len(room), room.shape[1]), dtype=np.uint8)])
        room[count : count + len(own)] = packed[own]
        rows_of_leaders, count = np.concatenate([rows_of_leaders, own]), count + len(own)
        advance(len(chunk))
    return leads


def _leaders_among(packed: np.ndarray, distance: float) -> np.ndarray:
    """The same for a few rows."""
    leads = np.full(len(packed), -1)
    for row, others in enumerate(near(packed, packed, 1.0 - distance)):
        before = others[others < row]
        leaders = before[leads[before] == before]
        leads[row] = leaders[0] if len(leaders) else row
    return leads


def butina(packed: np.ndarray, distance: float, advance: Advance = lambda _: None) -> np.ndarray:
    """The row with most others at most `distance` (Tanimoto, 0 to 1) away stands for a cluster of these, and so on.

    Numbers of neighbours are counted once, among all rows; of equal ones the earlier row comes first (Butina 1999,
    doi:10.1021/ci9803381; RDKit's ML.Cluster.Butina, which holds all distances in memory). Time grows with the square
    of the rows. ChemmaraError where more than 200 million pairs are near each other.
    """
    neighbours: list[np.ndarray] = []
    pairs = 0
    for start in range(0, len(packed), _CHUNK):
        neighbours += near(packed[start : start + _CHUNK], packed, 1.0 - distance)
        pairs += sum(map(len, neighbours[start:]))
        if pairs > _MOST_PAIRS:
            raise ChemmaraError(
                f"more than {_MOST_PAIRS // 1_000_000} million pairs of these {len(packed)} molecules are within"
                f" {distance} of each other; choose a smaller --distance, or --method leader"
            )
        advance(len(neighbours) - start)
    leads = np.full(len(packed), -1)
    for row in np.argsort([-len(others) for others in neighbours], kind="stable").tolist():
        if leads[row] < 0:
            others = neighbours[row]
            leads[others[leads[others] < 0]] = row
    return leads


def numbered(leads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of each row's cluster, 1 for the largest (of equal ones, for that whose first row comes first); its size.

    >>> numbered(np.array([0, 1, 1]))
    (array([2, 1, 1]), array([1, 2, 2]))
    """
    _, first, inverse, sizes = np.unique(leads, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(1, len(order) + 1)
    return numbers[inverse], sizes[inverse]
