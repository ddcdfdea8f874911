"""Oracles on a Dask cluster."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from chemmara.errors import ChemmaraError, reason_of
from chemmara.scoring.dispatch import Crew, InRounds
from chemmara.scoring.local import sharing_here
from chemmara.scoring.measurement import HandOver, Measure, Measured, Request, waiting_for
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits

_TASK = 0.5  # seconds a task should take: a cluster hands over in milliseconds, and a scheduler sees every task
_PATIENCE = 30  # seconds to wait for the scheduler, and for its first worker


@contextmanager
def sharing_on_cluster(objective: Objective, limits: WorkerLimits) -> Iterator[HandOver]:
    """By the workers of a Dask scheduler, which need chemmara installed."""
    task_seconds = None if limits.timeout is not None else _TASK
    with _crew_of(objective, limits) as (crew, workers):
        yield lambda requests: InRounds(crew, requests, workers=workers(), task_seconds=task_seconds)


@contextmanager
def handing_over_to_cluster(objective: Objective, limits: WorkerLimits) -> Iterator[HandOver]:
    """To the workers of a Dask scheduler; what they have not measured at the end is cancelled."""
    with _crew_of(objective, limits) as (crew, _):
        yield crew.hand_over


@contextmanager
def _crew_of(objective: Objective, limits: WorkerLimits) -> Iterator[tuple[Crew, Callable[[], int]]]:
    """The workers of a scheduler, and a function that counts them.

    Time-outs and memory limits hold in a process of its own beside each worker, which `distributed` allows with
    `distributed.worker.daemon: false` in its configuration.
    """
    try:
        from dask.distributed import Client, KilledWorker
    except ModuleNotFoundError:
        raise ChemmaraError("a scheduler needs Dask: pip install 'chemmara[dask]'") from None
    try:
        client = Client(limits.scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ChemmaraError(f"scheduler {limits.scheduler}: does not answer ({reason_of(error)})") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise ChemmaraError(f"scheduler {limits.scheduler}: has no workers; start one first") from None
        inner = replace(limits, workers=1, scheduler=None)
        nothing = Measured((np.nan,) * len(objective.config.component))
        executor = client.get_executor(pure=False)

        def workers() -> int:
            threads: Any = client.nthreads()
            return max(1, sum(threads.values()))

        def reason(failure: BaseException) -> str:
            del failure
            return "its workers died, one after the other"

        try:
            yield Crew(executor.submit, _Remote(objective, inner), (KilledWorker,), reason, nothing), workers
        finally:
            executor.shutdown(wait=False)


_open: list[tuple[Any, ExitStack, Measure]] = []  # a worker's own way to measure, kept between tasks


class _Remote:
    """Measures on a worker: directly, or within limits in a process of its own."""

    def __init__(self, objective: Objective, limits: WorkerLimits) -> None:
        self._given = (objective, limits)

    def __call__(self, requests: list[Request]) -> tuple[list[Measured], float]:
        if not _open or _open[0][0] != self._given:
            for _, old, _ in _open:
                old.close()
            stack = ExitStack()
            measure = waiting_for(stack.enter_context(sharing_here(*self._given)))
            _open[:] = [(self._given, stack, measure)]
        began = time.perf_counter()
        return _open[0][2](requests), time.perf_counter() - began
