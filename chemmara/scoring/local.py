"""Oracles in this process, or in worker processes of this machine.

A molecule that hangs, kills its worker, eats its memory or raises costs that molecule, never the run.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from pebble import ProcessExpired, ProcessPool

from chemmara.errors import ChemmaraError
from chemmara.oracles.stdout import stdout_is_stderr
from chemmara.scoring.dispatch import Crew, InRounds
from chemmara.scoring.measurement import HandOver, Measured, Request, at_once
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits

_LOCAL_TASK = 0.05  # seconds a task should take, so that handing over (1 ms) costs little


class LocalPool(Executor):
    """Worker processes of this machine as an Executor; a task that is late or kills its worker fails alone."""

    def __init__(self, limits: WorkerLimits, begin: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy the locks of torch's threads
        self._timeout = limits.timeout
        self._pool = ProcessPool(limits.workers, initializer=begin, initargs=arguments, context=context)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Hand a task over."""
        return self._pool.schedule(fn, args=list(args), kwargs=kwargs, timeout=self._timeout)  # type: ignore[return-value]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with `cancel_futures` at once."""
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait:
            self._pool.join()


@contextmanager
def sharing_here(objective: Objective, limits: WorkerLimits) -> Iterator[HandOver]:
    """By this process, or where time-outs, crashes and memory need one to lose, by others beside it."""
    if limits.here:
        yield at_once(objective.measure)
        return
    task_seconds = None if limits.timeout is not None else _LOCAL_TASK  # a time-out is one molecule's
    with _crew_here(objective, limits) as crew:
        yield partial(InRounds, crew, workers=limits.workers, task_seconds=task_seconds)


@contextmanager
def handing_over_here(objective: Objective, limits: WorkerLimits) -> Iterator[HandOver]:
    """To worker processes of this machine, be it a single one; what they have not measured at the end is lost."""
    with _crew_here(objective, limits) as crew:
        yield crew.hand_over


@contextmanager
def _crew_here(objective: Objective, limits: WorkerLimits) -> Iterator[Crew]:
    pool = LocalPool(limits, _begin, objective, limits.memory)
    nothing = Measured((np.nan,) * len(objective.config.component))
    try:
        yield Crew(pool.submit, _measure, (Late, ProcessExpired), lambda failure: _reason(failure, limits), nothing)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()  # ended at once, a worker that is still beginning would print a traceback


_own: list[Objective] = []  # a worker process's own copy, put there once when it begins


def _begin(objective: Objective, memory: float | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent decides
    stdout_is_stderr()
    if memory is not None:
        limit_memory(memory)
    _own.append(objective)


def _measure(requests: list[Request]) -> tuple[list[Measured], float]:
    began = time.perf_counter()
    return _own[0].measure(requests), time.perf_counter() - began


def limit_memory(gib: float) -> None:
    """Let this process map no more than it has now and `gib` GiB; then allocations fail (Linux)."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, FileNotFoundError):
        raise ChemmaraError("a memory limit needs Linux; leave `memory` out here") from None
    limit = pages * resource.getpagesize() + int(gib * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _reason(failure: BaseException, limits: WorkerLimits) -> str:
    if isinstance(failure, ProcessExpired):
        return f"the worker died (exit code {failure.exitcode})"
    return f"no answer within {limits.timeout:g} s"
