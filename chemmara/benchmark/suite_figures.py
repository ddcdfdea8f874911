"""The figures of a benchmark's runs, read from their ledgers: one row a run, and one a run and reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from chemmara.benchmark.figures import FIGURES, RunRecord
from chemmara.benchmark.suite import SuiteTask
from chemmara.benchmark.suite_runs import Benchmark, run_folder
from chemmara.benchmark.timing import cpus, ended, seconds
from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.system.processors import usable_cpus
from chemmara.system.side_by_side import side_by_side

BEST: Final = 4
"""Molecules of a method on a task that the page shows."""
_RUNS_A_PROCESS: Final = 8  # from which a second process is worth its start


@dataclass(frozen=True)
class SuiteFigures:
    """What the runs of a benchmark came to."""

    runs: pd.DataFrame  # task, method, seed, the suite's figures, seconds, machine, budget, prior; in their order
    best: pd.DataFrame  # task, method, seed, smiles, score: the best molecules of each run, the best first
    modes: pd.DataFrame  # task, method, seed, reference, hits, first_call, mass; empty without references
    unfinished: list[str]  # names of runs that have not ended
    calls: int  # oracle calls of all runs


@dataclass(frozen=True)
class _RunFigures:
    """What one run came to."""

    row: dict[str, Any]  # of the table of runs
    best: pd.DataFrame
    modes: list[dict[str, Any]]
    calls: int


def suite_figures(
    benchmark: Benchmark, out: Path, tell: Callable[[int], None] = lambda _: None, workers: int | None = None
) -> SuiteFigures:
    """The figures of the runs that have ended; ChemmaraError where none has.

    `tell` hears of each run that has been read. #Circles of thousands of hits take seconds a run, so that many runs are
    read by a process on each usable CPU, unless `workers` says otherwise.
    """
    done, unfinished = list[tuple[str, str, int]](), list[str]()
    for task, method, seed in benchmark.runs():
        if ended(run_folder(out, task, method, seed)):
            done.append((task, method, seed))
        else:
            unfinished.append(f"{task}, {method}, seed {seed}")
    if not done:
        raise ChemmaraError(f"{out}: no run has ended yet; run the benchmark again, and it goes on")
    known = {task.name: task for task in benchmark.suite.task}
    work = partial(_figures_of, out, known, benchmark.suite.figures)
    found = list[_RunFigures]()
    for figures in side_by_side(work, done, workers or min(usable_cpus(), 1 + len(done) // _RUNS_A_PROCESS)):
        found.append(figures)
        tell(1)
    return SuiteFigures(
        pd.DataFrame([figures.row for figures in found]),
        pd.concat([figures.best for figures in found]),
        pd.DataFrame([mode for figures in found for mode in figures.modes]),
        unfinished,
        sum(figures.calls for figures in found),
    )


def _figures_of(
    out: Path, tasks: Mapping[str, SuiteTask], figures: Sequence[str], named: tuple[str, str, int]
) -> _RunFigures:
    task, method, seed = named
    folder, run = run_folder(out, *named), {"task": task, "method": method, "seed": seed}
    record, processor, prior = _record(folder, tasks[task])
    values = {name: FIGURES[name].value(record) for name in figures}
    modes = [
        {**run, "reference": mode.name, "hits": mode.hits, "first_call": mode.first_call, "mass": mode.mass}
        for mode in (record.modes if record.references else [])
    ]
    return _RunFigures(
        {
            **run,
            **values,
            "seconds": seconds(folder),
            "machine": f"{processor}, {cpus(folder)} CPUs",
            "budget": record.budget,
            "prior": prior,
        },
        record.calls.nlargest(BEST, "score")[["smiles", "score"]].assign(**run),
        modes,
        len(record.calls),
    )


def _record(folder: Path, task: SuiteTask) -> tuple[RunRecord, str, str]:
    """A run's record, and the names of its processor and prior."""
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        settings = ledger.get("campaign")
        record = RunRecord(
            ledger.frame(), ledger.steps(), settings["hit_threshold"], settings["budget"], task.references,
            task.similarity,
        )  # fmt: skip
        return record, str(ledger.get("processor")), Path(settings["prior"]).name
