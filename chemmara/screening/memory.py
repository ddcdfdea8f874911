"""What screening remembers of a run: every measured molecule with its values, and its own predictions."""

from bisect import insort
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, Final

import numpy as np
import pandas as pd

_RECENT: Final = 512  # predictions over which the rank correlation decides whether screening goes on
_FEWEST: Final = 128
_LEAST_CORRELATION: Final = 0.1


def rank_correlation(predicted: Sequence[float], measured: Sequence[float]) -> float:
    """Spearman's rank correlation; NaN for fewer than three molecules, or where either does not vary.

    >>> round(rank_correlation([0.1, 0.2, 0.3], [0.5, 0.4, 0.9]), 3)
    0.5
    """
    if len(predicted) < 3 or len(set(predicted)) == 1 or len(set(measured)) == 1:  # noqa: PLR2004 - two always agree
        return float("nan")
    return float(np.corrcoef(pd.Series(predicted).rank(), pd.Series(measured).rank())[0, 1])


@dataclass
class Memory:
    """Measured molecules, and of those with all their values the best and the latest, from which a model learns."""

    most: int  # molecules to learn from
    values: dict[str, tuple[float, list[float]]] = field(default_factory=dict)  # SMILES -> score, targets; may be NaN
    record: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_RECENT))  # predicted, measured
    correlation: float = 1.0  # of late predictions and answers; 1 where they are too few to tell, NaN where all alike
    learnable: int = 0  # molecules with a score and all targets, since the search began anew
    before: int = 0  # of the molecules in `values`, how many were known before that
    again: list[str] = field(default_factory=list)  # those of them that are learned from all the same
    _best: list[tuple[float, int, str]] = field(default_factory=list)  # (-score, number, SMILES), half of `most`
    _latest: deque[str] = field(default_factory=deque)

    def add(self, smiles: str, score: float, targets: list[float]) -> None:
        """Remember a molecule that was measured for the first time."""
        self.values[smiles] = score, targets
        self._learn(smiles, score, targets)

    def _learn(self, smiles: str, score: float, targets: list[float]) -> None:
        if any(value != value for value in (score, *targets)):  # noqa: PLR0124 - NaN's mark
            return
        insort(self._best, (-score, self.learnable, smiles))
        del self._best[self.most // 2 :]
        self._latest.append(smiles)
        if len(self._latest) > self.most:
            self._latest.popleft()
        self.learnable += 1

    def begin_anew(self, given: Iterable[str] = ()) -> None:
        """Learn from none of the molecules so far but from those given; all stay known."""
        self.before, self.again = len(self.values), [smiles for smiles in given if smiles in self.values]
        self.learnable, self.correlation, self._best, self._latest = 0, 1.0, [], deque()
        self.record.clear()
        for smiles in self.again:
            self._learn(smiles, *self.values[smiles])

    def best(self, number: int) -> dict[str, float]:
        """The molecules with the highest scores, at most so many, the best first; equal ones in their order."""
        scored = ((smiles, score) for smiles, (score, _) in self.values.items() if score == score)  # noqa: PLR0124
        return dict(nsmallest(number, scored, key=lambda entry: -entry[1]))

    def to_learn_from(self) -> tuple[list[str], np.ndarray]:
        """At most `most` molecules and their targets (n, k): the best half, and the latest of the others."""
        best = [smiles for _, _, smiles in self._best]
        known = set(best)
        latest = [smiles for smiles in self._latest if smiles not in known]
        molecules = best + latest[len(best) - self.most :]
        return molecules, np.array([self.values[smiles][1] for smiles in molecules])

    def compare(self, scores: Iterable[tuple[float, float]]) -> None:
        """Remember predicted and measured scores, and rank the latest 512 by both."""
        self.record.extend(scores)
        if len(self.record) >= _FEWEST:
            self.correlation = rank_correlation(*zip(*self.record, strict=True))

    @property
    def predicts(self) -> bool:
        """Whether predictions of late said anything of what was measured, or are too few to tell.

        Where they are all alike there is nothing to tell by: they do if the scores learned from are not all alike, so
        that a single molecule that scores is followed.
        """
        if np.isnan(self.correlation):
            return bool(self._best) and self._best[0][0] < self._best[-1][0]
        return self.correlation >= _LEAST_CORRELATION

    def state(self) -> dict[str, Any]:
        """All that cannot be worked out again, as plain values."""
        rows = [(smiles, _null(score), [_null(value) for value in targets])
                for smiles, (score, targets) in self.values.items()]  # fmt: skip
        return {"values": rows, "record": list(self.record), "before": self.before, "again": self.again}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        rows = [(smiles, _number(score), [_number(value) for value in targets])
                for smiles, score, targets in state["values"]]  # fmt: skip
        before = state.get("before", 0)  # an older version's file has none
        for row in rows[:before]:
            self.add(*row)
        if before:
            self.begin_anew(state["again"])
        for row in rows[before:]:
            self.add(*row)
        self.compare((predicted, measured) for predicted, measured in state["record"])


def _null(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
