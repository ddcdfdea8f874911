"""The figures of a benchmark's runs, read from their ledgers: one row a run, and one a run and reference."""

from dataclasses import dataclass
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

BEST: Final = 4
"""Molecules of a method on a task that the page shows."""


@dataclass(frozen=True)
class SuiteFigures:
    """What the runs of a benchmark came to."""

    runs: pd.DataFrame  # task, method, seed, the suite's figures, seconds, machine; in the order of the benchmark
    best: pd.DataFrame  # task, method, seed, smiles, score: the best molecules of each run, the best first
    modes: pd.DataFrame  # task, method, seed, reference, hits, first_call, mass; empty without references
    unfinished: list[str]  # names of runs that have not ended
    calls: int  # oracle calls of all runs


def suite_figures(benchmark: Benchmark, out: Path) -> SuiteFigures:
    """The figures of the runs that have ended; ChemmaraError where none has."""
    known = {task.name: task for task in benchmark.suite.task}
    rows: list[dict[str, Any]] = []
    modes: list[dict[str, Any]] = []
    best: list[pd.DataFrame] = []
    unfinished, calls = [], 0
    for task, method, seed in benchmark.runs():
        folder, run = run_folder(out, task, method, seed), {"task": task, "method": method, "seed": seed}
        if not ended(folder):
            unfinished.append(f"{task}, {method}, seed {seed}")
            continue
        record, processor = _record(folder, known[task])
        calls += len(record.calls)
        best.append(record.calls.nlargest(BEST, "score")[["smiles", "score"]].assign(**run))
        values = {name: FIGURES[name].value(record) for name in benchmark.suite.figures}
        rows.append({**run, **values, "seconds": seconds(folder), "machine": f"{processor}, {cpus(folder)} CPUs"})
        modes += [
            {**run, "reference": mode.name, "hits": mode.hits, "first_call": mode.first_call, "mass": mode.mass}
            for mode in (record.modes if record.references else [])
        ]
    if not rows:
        raise ChemmaraError(f"{out}: no run has ended yet; run the benchmark again, and it goes on")
    return SuiteFigures(pd.DataFrame(rows), pd.concat(best), pd.DataFrame(modes), unfinished, calls)


def _record(folder: Path, task: SuiteTask) -> tuple[RunRecord, str]:
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        settings = ledger.get("campaign")
        record = RunRecord(
            ledger.frame(), ledger.steps(), settings["hit_threshold"], settings["budget"], task.references,
            task.similarity,
        )  # fmt: skip
        return record, str(ledger.get("processor"))
