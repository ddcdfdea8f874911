"""The figures of a benchmark's runs, read from their ledgers: one row a run, and one a run and reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from chemmara.benchmark.figures import FIGURES, RunRecord
from chemmara.benchmark.kept_figures import kept
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


def suite_figures(
    benchmark: Benchmark, out: Path, tell: Callable[[int], None] = lambda _: None, workers: int | None = None
) -> SuiteFigures:
    """The figures of the runs that have ended; ChemmaraError where none has.

    `tell` hears of each run that has been read. #Circles of thousands of hits take seconds a run, so that figures are
    kept in its folder, and many runs are read by a process on each usable CPU, unless `workers` says otherwise.
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
    found = list[dict[str, Any]]()
    for figures in side_by_side(work, done, workers or min(usable_cpus(), 1 + len(done) // _RUNS_A_PROCESS)):
        found.append(figures)
        tell(1)
    named = [dict(zip(("task", "method", "seed"), run, strict=True)) for run in done]
    runs, best, modes = (
        pd.DataFrame([{**run, **row} for run, answer in zip(named, found, strict=True) for row in answer[part]])
        for part in ("runs", "best", "modes")
    )
    return SuiteFigures(runs, best, modes, unfinished, sum(answer["calls"] for answer in found))


def _figures_of(
    out: Path, tasks: Mapping[str, SuiteTask], figures: Sequence[str], named: tuple[str, str, int]
) -> dict[str, Any]:
    """What one run came to: its rows of each table of `SuiteFigures`, but for task, method and seed, and its calls."""
    folder, task = run_folder(out, *named), tasks[named[0]]
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        settings, processor, calls = ledger.get("campaign"), str(ledger.get("processor")), ledger.count()
        question = {
            "figures": list(figures), "references": dict(task.references), "similarity": task.similarity,
            "hit_threshold": settings["hit_threshold"], "budget": settings["budget"], "calls": calls,
        }  # fmt: skip
        answer = kept(folder, question, lambda: _answer(ledger, figures, task, settings))
    circumstances = {
        "seconds": seconds(folder),
        "machine": f"{processor}, {cpus(folder)} CPUs",
        "budget": settings["budget"],
        "prior": Path(settings["prior"]).name,
    }
    return {**answer, "runs": [{**answer["figures"], **circumstances}], "calls": calls}


def _answer(ledger: Ledger, figures: Sequence[str], task: SuiteTask, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Figures, best molecules and modes of a run, as plain values."""
    record = RunRecord(
        ledger.frame(), ledger.steps(), settings["hit_threshold"], settings["budget"], task.references, task.similarity
    )
    found = record.modes if record.references else []
    best = record.calls.nlargest(BEST, "score")
    return {
        "figures": {name: FIGURES[name].value(record) for name in figures},
        "best": [{"smiles": text, "score": score} for text, score in zip(best["smiles"], best["score"], strict=True)],
        "modes": [
            {"reference": mode.name, "hits": mode.hits, "first_call": mode.first_call, "mass": mode.mass}
            for mode in found
        ],
    }
