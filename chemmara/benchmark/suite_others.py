"""Runs made elsewhere in a benchmark's tables: the runs.csv of another folder, or the bundled one of this project."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from chemmara import assets
from chemmara.benchmark.suite import SuiteConfig
from chemmara.config import did_you_mean
from chemmara.errors import ChemmaraError

MEASURED: Final = "measured"
"""What the bundled runs are called where a file is asked for."""
_RUN: Final = ["task", "method", "seed"]
_MADE_WITH: Final = ["budget", "prior"]


def runs_made_elsewhere(wanted: str, suite: SuiteConfig) -> pd.DataFrame:
    """The rows of a runs.csv, one a run: task, method, seed, the suite's figures, seconds, machine, budget, prior.

    Args:
        wanted: its path, or "measured" for this project's own runs of the suite.
        suite: the suite of the tables that they join.

    Raises:
        ChemmaraError: there is no such table, or its runs are not of the suite (another budget, prior or task, or a
            figure is missing).
    """
    path = assets.DATA / MEASURED / f"{suite.name}.csv" if wanted == MEASURED else Path(wanted)
    try:
        runs = pd.read_csv(path)
    except FileNotFoundError:
        raise ChemmaraError(_absent(wanted, suite.name)) from None
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ChemmaraError(f"{path}: cannot be read as the runs.csv of a benchmark: {error}") from None
    needed = [*_RUN, *suite.figures, "seconds", "machine", *_MADE_WITH]
    if missing := [column for column in needed if column not in runs.columns]:
        raise ChemmaraError(f"{path}: has no column {missing[0]!r}; give the runs.csv of a benchmark of {suite.name}")
    numbers = ["seed", *suite.figures, "seconds", "budget"]
    if wrong := [column for column in numbers if not pd.api.types.is_numeric_dtype(runs[column])]:
        raise ChemmaraError(f"{path}: column {wrong[0]!r} holds something that is not a number")
    tasks = [task.name for task in suite.task]
    for task in runs["task"].unique():
        if task not in tasks:
            raise ChemmaraError(f"{path}: suite {suite.name} has no task {task!r}{did_you_mean(str(task), tasks)}")
    for key, own in zip(_MADE_WITH, (suite.budget, Path(suite.prior).name), strict=True):
        if others := [value for value in runs[key].unique() if value != own]:
            raise ChemmaraError(f"{path}: its runs have {key} {others[0]}, this benchmark's {own}; they do not compare")
    return runs.loc[:, needed].drop_duplicates(_RUN)


def joined(own: pd.DataFrame, others: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """Both tables in the order of the tasks, own methods first; of a run that both have it is the own row."""
    both = pd.concat([own, others], ignore_index=True).drop_duplicates(_RUN)
    methods = list(dict.fromkeys(both["method"]))
    places = both.assign(task=both["task"].map(list(tasks).index), method=both["method"].map(methods.index))
    return both.loc[places.sort_values(["task", "method", "seed"], kind="stable").index].reset_index(drop=True)


def _absent(wanted: str, suite: str) -> str:
    if wanted != MEASURED:
        return f"{wanted}: no such file; give the runs.csv of another benchmark, or {MEASURED!r}"
    known = sorted(path.stem for path in (assets.DATA / MEASURED).glob("*.csv"))
    return f"suite {suite}: no runs of it are bundled, only of {', '.join(known)}"
