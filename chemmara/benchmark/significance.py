"""Whether one method differs from another: tests on paired runs, corrected for their number; ranks and wins."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import stats

_FEWEST: Final = 2  # values below which nothing can be tested


def paired_t_test(differences: Sequence[float]) -> float:
    """Two-sided p-value of the paired t-test, from the differences of pairs; NaN ones are left out.

    1 where all differences are 0; NaN below two pairs, and where all are one other number, which has no spread.
    """
    known = _known(differences)
    if len(known) < _FEWEST:
        return float("nan")
    if (known == known[0]).all():
        return 1.0 if known[0] == 0 else float("nan")
    result: Any = stats.ttest_1samp(known, 0.0)
    return float(result.pvalue)


def signed_rank_test(differences: Sequence[float]) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test, from one difference a task; NaN ones are left out.

    It ranks differences by size, so that they should be of one unit, such as a score's. Zeros are left out of the
    ranking (Wilcoxon's own treatment). 1 where all are 0; NaN below two tasks.
    """
    known = _known(differences)
    if len(known) < _FEWEST:
        return float("nan")
    known = known[known != 0]
    if not len(known):
        return 1.0
    result: Any = stats.wilcoxon(known)
    return float(result.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm 1979), in the order given; NaN is no comparison and stays.

    The smallest of n is multiplied by n, the next by n - 1, and so on; none may be below the one before it, or above 1.

    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = np.array(values, dtype=float)
    order = [index for index in corrected.argsort(kind="stable") if not np.isnan(corrected[index])]
    steps = [corrected[index] * (len(order) - place) for place, index in enumerate(order)]
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if order else []
    return corrected.tolist()


def ranks(means: np.ndarray, *, larger_is_better: bool) -> np.ndarray:
    """Ranks from 1 (best) of the methods on each task: (tasks, methods), equal ones share theirs; NaN is the worst.

    >>> ranks(np.array([[0.2, 0.5, 0.5], [3.0, np.nan, 1.0]]), larger_is_better=True)
    array([[3. , 1.5, 1.5],
           [1. , 3. , 2. ]])
    """
    signed = np.where(np.isnan(means), np.inf, -means if larger_is_better else means)
    return stats.rankdata(signed, axis=1)


def wins(means: np.ndarray, *, larger_is_better: bool) -> np.ndarray:
    """In how many tasks each method (methods,) has the best mean; equal ones all have it.

    >>> wins(np.array([[0.2, 0.5, 0.5], [3.0, np.nan, 1.0]]), larger_is_better=True)
    array([1, 1, 1])
    """
    signed = np.where(np.isnan(means), -np.inf, means if larger_is_better else -means)
    best = signed.max(axis=1, keepdims=True)
    return ((signed == best) & np.isfinite(signed)).sum(axis=0)


def _known(values: Sequence[float]) -> np.ndarray:
    known = np.array(values, dtype=float)
    return known[~np.isnan(known)]
