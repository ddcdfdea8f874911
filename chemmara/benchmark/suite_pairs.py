"""Paired differences between the methods of a benchmark: on every task, over all tasks, and of the sum."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import isnan
from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.benchmark.figures import FIGURES
from chemmara.benchmark.significance import holm, paired_t_test, signed_rank_test
from chemmara.benchmark.statistics import estimate, paired_difference
from chemmara.benchmark.suite_values import Values
from chemmara.report.page import Section

ALL_TASKS: Final = "all tasks"
SUM: Final = "sum over the tasks"
_SMALLEST: Final = 0.001  # p-values below it are not told apart
HOW_TO_READ: Final = (
    "Paired differences: mean over the pairs of runs with the same seed ± half width of its 95 % t-interval; in "
    "brackets, in how many pairs the first method is the larger; p of the paired t-test. All tasks: the same of "
    "one mean difference a task, with p of Wilcoxon's signed-rank test. Every p is corrected by Holm over the "
    "comparisons in its table: those on tasks, those over all tasks, and those of the sum, each kind by itself."
)


def pair_rows(runs: pd.DataFrame, figures: Sequence[str], summed: Sequence[str]) -> list[dict[str, Any]]:
    """One row a figure, pair of methods (the later less the earlier) and comparison; [] for one method.

    Keys: figure, ours, theirs, task (a task, ALL_TASKS or SUM), difference, half_width, n, larger, test, p, p_holm.
    """
    rows: list[dict[str, Any]] = []
    for figure in figures:
        values = Values.of(runs, figure)
        own = [
            {"figure": figure, "ours": ours, "theirs": theirs, **row}
            for theirs, ours in combinations(values.methods, 2)
            for row in _comparisons(values, theirs, ours, summed=figure in summed)
        ]
        kinds = {id(row): row["task"] if row["task"] in {ALL_TASKS, SUM} else "a task" for row in own}
        for kind in dict.fromkeys(kinds.values()):
            members = [row for row in own if kinds[id(row)] == kind]
            for row, corrected in zip(members, holm([row["p"] for row in members]), strict=True):
                row["p_holm"] = corrected
        rows += own
    return rows


def pair_section(pairs: Sequence[Mapping[str, Any]], figure: str) -> Section:
    """The paired differences of a figure as text cells, one column a pair of methods."""
    rows: dict[str, dict[str, str]] = {}
    for row in pairs:
        if row["figure"] == figure:
            rows.setdefault(row["task"], {})[f"{row['ours']} - {row['theirs']}"] = _cell(row)
    order = sorted(rows, key=[ALL_TASKS, SUM].__contains__)  # stable: the tasks keep their order, and come first
    table = pd.DataFrame.from_dict({name: rows[name] for name in order}, orient="index").fillna("-")
    return Section(f"{FIGURES[figure].heading}: paired differences", "task", table)


def _comparisons(values: Values, theirs: str, ours: str, *, summed: bool) -> list[dict[str, Any]]:
    known = values.by_seed
    both = [task for task in values.tasks if {(task, ours), (task, theirs)} <= set(known)]
    rows = [{"task": task, **_difference(known[task, ours], known[task, theirs])} for task in both]
    if len(rows) > 1:
        means = [row["difference"] for row in rows]
        rows.append({"task": ALL_TASKS, **_figures(means, "Wilcoxon signed-rank", signed_rank_test(means))})
    if summed:
        rows.append({"task": SUM, **_difference(values.sums(ours), values.sums(theirs))})
    return rows


def _difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> dict[str, Any]:
    """Of values by seed: those that both have are paired."""
    differences = [value - theirs[seed] for seed, value in ours.items() if seed in theirs]
    return _figures(differences, "paired t", paired_t_test(differences))


def _figures(differences: Sequence[float], test: str, p: float) -> dict[str, Any]:
    mean, larger = paired_difference(differences, np.zeros(len(differences)).tolist())
    return {
        "difference": mean.mean, "half_width": mean.half_width, "n": mean.n, "larger": larger, "test": test, "p": p,
    }  # fmt: skip


def _cell(row: Mapping[str, Any]) -> str:
    if not row["n"]:
        return "-"
    mean, p = str(estimate([row["difference"]])), row["p_holm"]
    digits = len(mean.partition(".")[2])  # the interval has as many as the mean
    width = "" if isnan(row["half_width"]) else f" ± {row['half_width']:.{digits}f}"
    words = "no test" if isnan(p) else f"p < {_SMALLEST}" if p < _SMALLEST else f"p = {p:.3f}"
    return f"{mean}{width} ({row['larger']} of {row['n']}), {words}"
