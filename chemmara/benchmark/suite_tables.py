"""The tables of a benchmark: figures by task and method, modes, and wall time."""

from collections.abc import Sequence
from statistics import median
from typing import Final

import pandas as pd

from chemmara.benchmark.figures import FIGURES
from chemmara.benchmark.significance import ranks, wins
from chemmara.benchmark.statistics import estimate
from chemmara.benchmark.suite_pairs import SUM
from chemmara.benchmark.suite_values import Values
from chemmara.report.page import Section

HOW_TO_READ: Final = (
    "Figures: mean over the seeds ± half width of its 95 % t-interval; a dash where it is not defined, or not run."
)


def long_table(runs: pd.DataFrame, figures: Sequence[str], summed: Sequence[str]) -> pd.DataFrame:
    """One row a figure, task (or the sum) and method: mean, half width of the 95 % t-interval, and defined values."""
    rows = []
    for figure in figures:
        values = Values.of(runs, figure)
        rows += [(figure, *key, values.estimate(*key)) for key in values.by_seed]
        if figure in summed:
            rows += [(figure, SUM, m, estimate(list(values.sums(m).values()))) for m in values.methods]
    columns = ["figure", "task", "method", "mean", "half_width", "n"]
    return pd.DataFrame([(*key, found.mean, found.half_width, found.n) for *key, found in rows], columns=columns)


def figure_section(runs: pd.DataFrame, figure: str, *, summed: bool) -> Section:
    """Mean ± 95 % interval of a figure by task and method; its sum, average rank and wins below."""
    known, values = FIGURES[figure], Values.of(runs, figure)
    rows = {task: [str(values.estimate(task, method)) for method in values.methods] for task in values.tasks}
    if summed:
        rows[SUM] = [str(estimate(list(values.sums(method).values()))) for method in values.methods]
    complete = values.complete()
    if known.better != "neither" and len(values.methods) > 1 and complete.any():
        larger, means = known.better == "larger", values.means()[complete]
        of_tasks = "1 task" if len(means) == 1 else f"{len(means)} tasks"
        average = ranks(means, larger_is_better=larger).mean(axis=0)
        rows[f"average rank over {of_tasks}"] = [f"{rank:.2f}" for rank in average]
        rows[f"best mean, of {of_tasks}"] = [str(number) for number in wins(means, larger_is_better=larger)]
    words = {"larger": "larger is better", "smaller": "smaller is better", "neither": "not a figure to rank by"}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=values.methods)
    return Section(f"{known.heading} ({words[known.better]})", "task", table)


def mode_section(modes: pd.DataFrame, task: str, similarity: float) -> Section:
    """What each method found of each reference of a task: in how many runs, from which call on, and its share."""
    own = modes.loc[modes["task"] == task]
    own = own.assign(task=own["reference"])
    calls, masses = Values.of(own, "first_call"), Values.of(own, "mass")
    rows = {
        reference: [_mode_cell(calls, masses, reference, method) for method in calls.methods]
        for reference in calls.tasks
    }
    note = (
        "A hit belongs to the reference that it is most similar to, if that similarity is at least"
        f" {similarity:g} (ECFP4 counts). In how many runs a hit belongs to the reference; the median number of the"
        " first one's call, of the runs that have one; and the mean share of a run's hits."
    )
    table = pd.DataFrame.from_dict(rows, orient="index", columns=calls.methods)
    return Section(f"Modes of {task}", "reference", table, (note,))


def _mode_cell(calls: Values, masses: Values, reference: str, method: str) -> str:
    own = calls.by_seed.get((reference, method), {})
    first = [call for call in own.values() if call == call]  # noqa: PLR0124 - NaN where it was not found
    mass = masses.estimate(reference, method)
    words = [f"{len(first)} of {len(own)}"] if own else ["-"]
    words += [f"from call {median(first):.0f}"] if first else []
    words += [f"{100 * mass.mean:.1f} %"] if mass.n else []
    return ", ".join(words)


def time_section(runs: pd.DataFrame) -> Section:
    """Median wall time of a run by task and method, and the machines."""
    values = Values.of(runs, "seconds")
    rows = {
        task: [f"{median(own.values()):.0f}" if (own := values.by_seed.get((task, m))) else "-" for m in values.methods]
        for task in values.tasks
    }
    notes = (
        "Median seconds of a run over all its sessions; runs side by side share the CPUs.",
        f"Processor and CPUs that could be used: {'; '.join(dict.fromkeys(runs['machine']))}.",
    )
    return Section("Wall time", "task", pd.DataFrame.from_dict(rows, orient="index", columns=values.methods), notes)
