"""Means over seeds with their uncertainty, and paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with the half width of its 95 % t-interval (NaN with fewer than two values)."""

    mean: float
    half_width: float
    n: int  # values that were defined

    def __str__(self) -> str:
        if self.n == 0:
            return "-"
        digits = 3 if abs(self.mean) < 10 else 0  # noqa: PLR2004 - shares get three places, counts none
        text = f"{self.mean:.{digits}f}"
        return text if np.isnan(self.half_width) else f"{text} ± {self.half_width:.{digits}f}"


def estimate(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Mean and half width of the t-interval of the values that are not NaN."""
    known = np.asarray([value for value in values if not np.isnan(value)], dtype=float)
    n = len(known)
    if n == 0:
        return Estimate(float("nan"), float("nan"), 0)
    if n == 1:
        return Estimate(float(known[0]), float("nan"), 1)
    error = known.std(ddof=1) / np.sqrt(n)
    return Estimate(float(known.mean()), float(stats.t.ppf((1 + level) / 2, n - 1) * error), n)


def paired_difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[Estimate, int]:
    """Mean difference over paired seeds with its interval, and in how many pairs ours is the larger."""
    differences = np.asarray(ours, dtype=float) - np.asarray(theirs, dtype=float)
    return estimate(differences.tolist()), int((differences > 0).sum())


FIGURES = {
    "hits": "Yield",
    "ob1": "OB1",
    "ob100": "OB100",
    "scaffolds": "scaffolds",
    "generic_scaffolds": "generic",
    "intdiv1": "IntDiv1",
    "circles75": "#Circles .75",
    "circles70": "#Circles .70",
    "top10": "top-10",
    "auc_top10": "AUC top-10",
}
"""Figures of a comparison, with their headings."""


def comparison_table(figures: pd.DataFrame) -> pd.DataFrame:
    """Text cells 'mean ± half width', one row a method in the order given, from one row a run (method, seed, ...)."""
    rows = {
        method: {words: str(estimate(runs[key].tolist())) for key, words in FIGURES.items()}
        for method, runs in figures.groupby("method", sort=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def difference_table(figures: pd.DataFrame) -> pd.DataFrame:
    """Text cells 'mean ± half width (larger in k of n)' of a later method less an earlier, over paired seeds."""
    runs = {str(name): group.set_index("seed") for name, group in figures.groupby("method", sort=False)}
    rows = {}
    for (theirs, before), (ours, after) in combinations(runs.items(), 2):
        seeds = before.index.intersection(after.index)
        rows[f"{ours} - {theirs}"] = {
            words: _difference(after.loc[seeds, key].tolist(), before.loc[seeds, key].tolist())
            for key, words in FIGURES.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> str:
    difference, larger = paired_difference(ours, theirs)
    return f"{difference} ({larger} of {difference.n})"


def as_markdown(table: pd.DataFrame, what: str = "method") -> str:
    """The table as GitHub-flavoured Markdown; `what` heads the column of names."""
    head = f"| {what} | " + " | ".join(map(str, table.columns)) + " |"
    rule = "|" + " --- |" * (len(table.columns) + 1)
    rows = [f"| {method} | " + " | ".join(map(str, row)) + " |" for method, row in table.iterrows()]
    return "\n".join([head, rule, *rows]) + "\n"
