"""Picking some of many molecules: the best, the most different, or good and different ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

import numpy as np
from rdkit.Chem import Mol
from rdkit.DataStructs import CreateFromBinaryText
from rdkit.SimDivFilters.rdSimDivPickers import MaxMinPicker

from chemmara.molecules.chem import canonical, parse, scaffold
from chemmara.molecules.fingerprint_blocks import BYTES, packed_fingerprints, to_all
from chemmara.selection.where import Keeps

_OPENED: Final = 1024  # molecules read at a time, at the least
SmilesOf = Callable[[int], str]
"""From a row's number to its SMILES."""


@dataclass
class LeftOut:
    """How many rows were read and left out, whatever the conditions."""

    invalid: int = 0
    repeated: int = 0  # rows with the molecule of a row that was taken

    def __str__(self) -> str:
        """A sentence, or nothing.

        >>> str(LeftOut(invalid=45, repeated=3)), str(LeftOut())
        ('45 rows are not valid and 3 rows have the molecule of another row; they are left out', '')
        """
        counts = {"are not valid": self.invalid, "have the molecule of another row": self.repeated}
        parts = [f"{number} rows {what}" for what, number in counts.items() if number]
        return " and ".join(parts) + "; they are left out" if parts else ""


def different(
    rows: Iterable[int], smiles_of: SmilesOf, keeps: Keeps | None = None, left_out: LeftOut | None = None
) -> Iterator[tuple[int, Mol]]:
    """The rows in this order with their molecules, without invalid ones and without a molecule that came before.

    Those that `keeps` refuses are left out, too; another row of such a molecule may be taken. `left_out` counts them.
    """
    seen, left_out = set[str](), LeftOut() if left_out is None else left_out
    for row in rows:
        molecule = parse(smiles_of(row))
        if molecule is None:
            left_out.invalid += 1
        elif (text := canonical(molecule)) in seen:
            left_out.repeated += 1
        elif keeps is None or keeps(row, molecule):
            seen.add(text)
            yield row, molecule


def ranked(scores: np.ndarray) -> list[int]:
    """Rows that have a score, the highest first, equal ones in their order.

    >>> ranked(np.array([0.2, np.nan, 0.9, 0.2]))
    [2, 0, 3]
    """
    order = np.argsort(-scores, kind="stable")
    return order[np.isfinite(scores[order])].tolist()


def best(
    scores: np.ndarray, smiles_of: SmilesOf, n: int | None, per_scaffold: int | None = None,
    keeps: Keeps | None = None, left_out: LeftOut | None = None,
) -> list[int]:  # fmt: skip
    """The n best rows (all: None), the best first, each molecule once and at most `per_scaffold` of a scaffold.

    Of a library of a million only those are read that come before the last one taken. Acyclic molecules count as one
    scaffold. `left_out` counts the rows that were read in vain.
    """
    taken, rows = Counter[str](), list[int]()
    for row, molecule in different(ranked(scores), smiles_of, keeps, left_out):
        if n is not None and len(rows) == n:
            break
        own = scaffold(molecule) if per_scaffold else ""
        if not per_scaffold or taken[own] < per_scaffold:
            taken[own] += 1
            rows.append(row)
    return rows


def maxmin(packed: np.ndarray, n: int, seed: int = 0) -> list[int]:
    """N of many fingerprints (all, where there are fewer), each as far as possible from those before it.

    The first is drawn by the seed. RDKit's MaxMinPicker (Ashton 2002, doi:10.1002/qsar.200290002).
    """
    n = min(n, len(packed))
    vectors = [CreateFromBinaryText(row.tobytes()) for row in packed]  # pyright: ignore[reportArgumentType] - takes bytes
    return list(MaxMinPicker().LazyBitVectorPick(vectors, len(vectors), n, [], seed)) if n else []


def distances(packed: np.ndarray) -> np.ndarray:
    """Tanimoto distance of each of n fingerprints, as picked, to the nearest before it; NaN for the first."""
    found = np.full(len(packed), np.nan)
    for row in range(1, len(packed)):
        found[row] = 1.0 - to_all(packed[row], packed[:row]).max()
    return found


def weighted(
    scores: np.ndarray, smiles_of: SmilesOf, n: int, diversity: float = 0.5, per_scaffold: int | None = None,
    keeps: Keeps | None = None,
) -> list[int]:  # fmt: skip
    """N rows that are good and different, in the order in which they are picked, the best first.

    Each next row has the largest sum of (1 - diversity) x score and diversity x Tanimoto distance to the nearest row
    picked before it. Scores from 0 to 1; rows without one (NaN) are not picked; each molecule once, at most
    `per_scaffold` of a scaffold. Rows are read from the best downwards, only as long as one could still be picked.
    Source: maximal marginal relevance (Carbonell & Goldstein 1998, doi:10.1145/290941.291025).
    """
    coming = different(ranked(scores), smiles_of, keeps)
    opened, picked, taken = _Opened(diversity), list[int](), Counter[str]()
    upcoming = next(coming, None)
    while len(picked) < n:
        gains = opened.gains()
        at = int(gains.argmax()) if len(gains) else -1
        gain = gains[at] if at >= 0 else -np.inf
        if upcoming is not None and gain < (1 - diversity) * scores[upcoming[0]] + diversity:
            opened.add(*_read(chain([upcoming], islice(coming, max(_OPENED, len(opened.rows))))), scores)
            upcoming = next(coming, None)
            continue
        if gain == -np.inf:
            break
        row = opened.rows[at]
        if per_scaffold:
            own = scaffold(parse(smiles_of(row)) or Mol())
            taken[own] += 1
            if taken[own] > per_scaffold:
                opened.refuse(at)
                continue
        picked.append(row)
        opened.pick(at)
    return picked


def weighted_of(scores: np.ndarray, packed: np.ndarray, n: int, diversity: float = 0.5) -> list[int]:
    """What `weighted` picks, of molecules whose fingerprints (n, 256) are known, and no two of which are the same."""
    opened, rows = _Opened(diversity), ranked(scores)
    opened.add(rows, packed[rows], scores)
    picked = list[int]()
    for _ in range(min(n, len(rows))):
        at = int(opened.gains().argmax())
        picked.append(rows[at])
        opened.pick(at)
    return picked


def _read(coming: Iterator[tuple[int, Mol]]) -> tuple[list[int], np.ndarray]:
    """Rows and packed fingerprints of molecules; few are held at a time, for one takes forty times as much memory."""
    rows, packed = list[int](), list[np.ndarray]()
    while part := list(islice(coming, _OPENED)):
        rows += [row for row, _ in part]
        packed.append(packed_fingerprints([molecule for _, molecule in part]))
    return rows, np.concatenate(packed)


@dataclass
class _Opened:
    """Molecules that were read, how good they are and how far from the nearest pick."""

    diversity: float
    rows: list[int] = field(default_factory=list)
    _packed: np.ndarray = field(default_factory=lambda: np.zeros((0, BYTES), dtype=np.uint8))
    _scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    _distances: np.ndarray = field(default_factory=lambda: np.zeros(0))  # 1 before the first pick, -inf once decided
    _picks: list[int] = field(default_factory=list)

    def gains(self) -> np.ndarray:
        """What picking each would add; -inf for one that was picked or refused."""
        decided = np.isinf(self._distances)
        distances = np.where(decided, 0.0, self._distances)  # no 0 x infinity
        return np.where(decided, -np.inf, (1 - self.diversity) * self._scores + self.diversity * distances)

    def add(self, rows: list[int], new: np.ndarray, scores: np.ndarray) -> None:
        """Molecules that come next in the order of their scores, by their packed fingerprints."""
        far = np.ones(len(rows))
        for pick in self._picks:
            np.minimum(far, 1.0 - to_all(self._packed[pick], new), out=far)
        self.rows += rows
        self._packed = np.concatenate([self._packed, new])
        self._scores = np.concatenate([self._scores, scores[rows]])
        self._distances = np.concatenate([self._distances, far])

    def pick(self, at: int) -> None:
        """Pick one; all others may be nearer to it than to the picks before."""
        np.minimum(self._distances, 1.0 - to_all(self._packed[at], self._packed), out=self._distances)
        self._picks.append(at)
        self.refuse(at)

    def refuse(self, at: int) -> None:
        """Never pick this one (again)."""
        self._distances[at] = -np.inf
