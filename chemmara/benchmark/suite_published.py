"""The tables that set published figures beside ours."""

from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from chemmara.benchmark.figures import FIGURES
from chemmara.benchmark.published import Conditions, Published, beside, remarks
from chemmara.benchmark.statistics import estimate
from chemmara.benchmark.suite import SuiteConfig
from chemmara.benchmark.suite_values import Values
from chemmara.report.page import Section

_MARK = " *"
_NOTE = (
    "Ours: mean ± half width of the 95 % t-interval over seeds. Published: mean, and in brackets the standard deviation"
    f" over runs where it was given.{_MARK}: not comparable with ours, for a reason below."
)


def published_sections(runs: pd.DataFrame, suite: SuiteConfig, published: Published) -> list[Section]:
    """A table for every figure of the suite that published figures exist of."""
    shown = set(runs["task"])
    tasks = {
        task.name: task.objective if isinstance(task.objective, str) else task.name
        for task in suite.task
        if task.name in shown
    }
    ours = Conditions(tasks, suite.budget, suite.prior)
    found = {figure: beside(published, figure, ours) for figure in suite.figures}
    return [
        _section(Values.of(runs, figure), figure, rows, remarks(rows, published, ours), summed=figure in suite.sums)
        for figure, rows in found.items()
        if rows
    ]


def _section(values: Values, figure: str, rows: list[dict[str, Any]], words: list[str], *, summed: bool) -> Section:
    methods = list(dict.fromkeys(row["method"] for row in rows))
    cells = {(row["task"], row["method"]): _cell(row) for row in rows}
    table = {
        task: [str(values.estimate(task, method)) for method in values.methods]
        + [cells.get((task, method), "-") for method in methods]
        for task in values.tasks
    }
    if summed:
        table |= _sums(values, rows, methods)
    columns = [*(f"{method} (ours)" for method in values.methods), *methods]
    heading = f"{FIGURES[figure].heading} beside published figures"
    return Section(heading, "task", pd.DataFrame.from_dict(table, orient="index", columns=columns), (_NOTE, *words))


def _cell(row: dict[str, Any]) -> str:
    spread = "" if isnan(row["deviation"]) else f" ({row['deviation']:.3f})"
    return f"{estimate([row['mean']])}{spread}{'' if row['comparable'] else _MARK}"


def _sums(values: Values, rows: list[dict[str, Any]], methods: list[str]) -> dict[str, list[str]]:
    """Sums over the tasks that every column has: over all of them, and over those without another definition."""
    known = {(row["task"], row["method"]): row for row in rows}
    theirs = [[known.get((task, method), {}).get("mean", nan) for method in methods] for task in values.tasks]
    means = np.hstack([values.means(), np.array(theirs, dtype=float)])
    whole = np.isfinite(means).all(axis=1)
    other = np.array([any(row["other_definition"] for row in rows if row["task"] == task) for task in values.tasks])
    chosen = {f"sum over {whole.sum()} tasks": whole}
    if (whole & other).any():
        chosen[f"sum over the {(whole & ~other).sum()} of one definition"] = whole & ~other
    table = {}
    for name, which in chosen.items():
        tasks = {values.tasks[row] for row in np.flatnonzero(which)}
        marked = {row["method"] for row in rows if row["task"] in tasks and not row["comparable"]}
        marks = [""] * len(values.methods) + [_MARK if method in marked else "" for method in methods]
        totals = means[np.flatnonzero(which)].sum(axis=0).tolist()
        if tasks:
            table[name] = [f"{total:.3f}{mark}" for total, mark in zip(totals, marks, strict=True)]
    return table
