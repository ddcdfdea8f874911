"""How good a run's molecules are, and how soon it found them.

`scores` is (calls,) in the order of the oracle calls: one for each unique valid canonical molecule, NaN for no score.
An infinite score is no score either.
"""

from collections.abc import Sequence

import numpy as np


def yield_at(scores: np.ndarray, threshold: float) -> int:
    """Yield(t): unique molecules with a score of at least the threshold."""
    return int(_reaches(scores, threshold).sum())


def oracle_burden(scores: np.ndarray, n: int, threshold: float) -> float | int:
    """OB(n, t): oracle calls until n unique molecules had a score of at least t; NaN if that never happened."""
    hits = np.flatnonzero(_reaches(scores, threshold))
    return int(hits[n - 1]) + 1 if len(hits) >= n else float("nan")


def top_mean(scores: np.ndarray, k: int) -> float:
    """Mean of the k best scores (of all, where there are fewer); NaN without a score."""
    known = np.sort(scores[np.isfinite(scores)])[::-1][:k]
    return float(known.mean()) if len(known) else float("nan")


def running_top(scores: np.ndarray, at: Sequence[int] | np.ndarray, k: int) -> list[float]:
    """Mean of the k best of the first n scores (of all, where there are fewer) for each n in `at`, which ascends.

    NaN before the first score. Only the k best are carried along: the time does not grow with the square of the calls.

    >>> running_top(np.array([0.2, np.nan, 0.8, 0.4]), [0, 2, 4], 2)
    [nan, 0.2, 0.6000000000000001]
    """
    best, before, means = np.zeros(0), 0, []
    for n in at:
        best = np.concatenate([best, scores[before:n]])
        best, before = np.sort(best[np.isfinite(best)])[::-1][:k], n
        means.append(float(best.mean()) if len(best) else float("nan"))
    return means


def auc_top(
    scores: np.ndarray, k: int = 10, *, budget: int | None = None, every: int = 100, carry: bool = True
) -> float:
    """Area under the mean of the k best scores against calls, by trapezoids, divided by the budget.

    The curve starts at 0 at 0 calls, is read every `every` calls, and ends at the last one. With `carry` its last
    value holds to the budget (as in the PMO benchmark, arXiv 2206.12411); without, a run that stopped early earns
    nothing for the rest. Without a budget the calls made are the budget. No score counts as 0; NaN without a call.
    """
    calls = len(scores)
    if not calls:
        return float("nan")
    budget = budget or calls
    points = [*range(every, min(calls, budget), every), calls]
    values = running_top(np.where(np.isfinite(scores), scores, 0.0), points, k)
    area = np.trapezoid([0.0, *values], [0, *points])
    if carry and calls < budget:
        area += (budget - calls) * values[-1]
    return float(area / budget)


def _reaches(scores: np.ndarray, threshold: float) -> np.ndarray:
    return np.isfinite(scores) & (scores >= threshold)
