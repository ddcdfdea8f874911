"""The runs of a benchmark: campaigns in DIR/TASK/METHOD/SEED, which end the same however often they are interrupted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chemmara import config
from chemmara.benchmark.earlier_runs import refuse_other_runs
from chemmara.benchmark.places import run_place
from chemmara.benchmark.runs import Job, Tell, run_jobs
from chemmara.benchmark.suite import SuiteConfig, task_campaign
from chemmara.benchmark.timing import ended
from chemmara.campaign.method_spec import with_method
from chemmara.errors import ChemmaraError
from chemmara.language_model.device import chosen_device
from chemmara.system.files import write_text
from chemmara.system.locking import only_writer

_NAME = "benchmark.json"


@dataclass(frozen=True)
class Benchmark:
    """Which runs a folder holds, or will hold: every method on every task with every seed."""

    suite: SuiteConfig
    tasks: tuple[str, ...]  # names of the suite's tasks, in its order
    methods: tuple[str, ...]
    seeds: tuple[int, ...]

    def runs(self) -> list[tuple[str, str, int]]:
        """Task, method and seed of every run; all methods on all tasks with the first seed come first."""
        return [(task, method, seed) for seed in self.seeds for task in self.tasks for method in self.methods]


def run_folder(out: Path, task: str, method: str, seed: int) -> Path:
    """The folder of a run."""
    return run_place(out / task, method, seed)


def planned_jobs(
    benchmark: Benchmark, out: Path, folder: Path, *, workers: int | None = None, device: str | None = None
) -> list[Job]:
    """Every run as a job; ChemmaraError, before anything is started, where a task, file, method or device is lacking.

    `folder`: where relative paths in the suite's objectives start.
    """
    known = {task.name: task for task in benchmark.suite.task}
    jobs = []
    for task in benchmark.tasks:
        base = task_campaign(benchmark.suite, known[task], folder, workers)
        base = base if device is None else base.model_copy(update={"device": device})
        for method in benchmark.methods:
            settings = with_method(base, method, option="--methods")
            chosen_device(settings.device, settings.method.batch_size)
            jobs += [
                Job(f"{task}, {method}", seed, run_folder(out, task, method, seed), settings)
                for seed in benchmark.seeds
            ]
    return sorted(jobs, key=lambda job: job.seed)  # stable: tasks and methods keep their order


def run_benchmark(benchmark: Benchmark, jobs: Sequence[Job], out: Path, tell: Tell) -> Benchmark:
    """Run what has not ended yet; the benchmark that the folder holds by then, with the runs of earlier commands.

    Raises:
        ChemmaraError: another process writes in `out`, it holds another suite or runs of another campaign, or a run
            could not go on.
        KeyboardInterrupt: the user interrupted; every run has saved.
    """
    with only_writer(out):
        joined = _joined(benchmark, out)
        refuse_other_runs(jobs)
        write_text(out / _NAME, json.dumps(_as_json(joined), indent=2) + "\n")
        run_jobs([job for job in jobs if not ended(job.folder)], tell)
    return joined


def read_benchmark(out: Path) -> Benchmark:
    """The benchmark in a folder; ChemmaraError where it holds none."""
    path = out / _NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        suite = config.parse(SuiteConfig, found["suite"], source=str(path))
        return Benchmark(suite, tuple(found["tasks"]), tuple(found["methods"]), tuple(found["seeds"]))
    except (FileNotFoundError, NotADirectoryError):
        raise ChemmaraError(f"{out}: not a benchmark's folder ({_NAME} is missing)") from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ChemmaraError(f"{path}: is not the {_NAME} of a benchmark, or damaged") from None


def _joined(benchmark: Benchmark, out: Path) -> Benchmark:
    """The benchmark with the tasks, methods and seeds that the folder holds already; of another suite it is refused."""
    if not (out / _NAME).exists():
        return benchmark
    before = read_benchmark(out)
    if changed := [key for key, value in before.suite if value != getattr(benchmark.suite, key)]:
        raise ChemmaraError(f"{out}: was begun with another {', '.join(changed)}; choose another --out")
    tasks = {*before.tasks, *benchmark.tasks}
    return replace(
        benchmark,
        tasks=tuple(task.name for task in benchmark.suite.task if task.name in tasks),
        methods=tuple(dict.fromkeys([*before.methods, *benchmark.methods])),
        seeds=tuple(sorted({*before.seeds, *benchmark.seeds})),
    )


def _as_json(benchmark: Benchmark) -> dict[str, Any]:
    return {
        "suite": benchmark.suite.model_dump(mode="json"),
        "tasks": benchmark.tasks,
        "methods": benchmark.methods,
        "seeds": benchmark.seeds,
    }
