"""Worker processes: a molecule that hangs, kills its worker or raises costs that molecule, never the run."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager
from typing import Any

import numpy as np
from pebble import ProcessExpired, ProcessPool

from chemmara.scoring.objective import Measure, Measured, Objective

_CHUNK = 16  # molecules a task: some 50 ms of cheap oracles, against 1 ms of handing over


@contextmanager
def measuring(objective: Objective, workers: int = 1, timeout: float | None = None) -> Iterator[Measure]:
    """A way to measure molecules: in this process, or by `workers` others with `timeout` seconds a molecule.

    The values are the same to the bit. Time-outs and crashes need a process to lose, so they call for a pool even with
    one worker: without `timeout` one worker means this process.
    """
    if workers == 1 and timeout is None:
        yield objective.measure
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of torch's threads
    pool = ProcessPool(workers, initializer=_begin, initargs=[objective], context=context)
    try:
        yield lambda smiles: _spread(pool, smiles, workers, timeout, len(objective.config.component))
        pool.close()
    finally:
        pool.stop()
        pool.join()


_mine: list[Objective] = []  # a worker process's own copy, put there once when it begins


def _begin(objective: Objective) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent decides
    _mine.append(objective)


def _measure(smiles: Sequence[str]) -> list[Measured]:
    return _mine[0].measure(smiles)


def _spread(
    pool: ProcessPool, smiles: Sequence[str], workers: int, timeout: float | None, components: int
) -> list[Measured]:
    """Hand chunks to the pool; a chunk that fails is handed out again molecule by molecule, to find the guilty one."""
    size = 1 if timeout is not None else max(1, min(_CHUNK, -(-len(smiles) // (2 * workers))))
    waiting = [list(smiles[i : i + size]) for i in range(0, len(smiles), size)]
    measured: dict[str, Measured] = {}
    while waiting:
        tasks: list[tuple[list[str], Any]] = [
            (chunk, pool.schedule(_measure, args=[chunk], timeout=timeout)) for chunk in waiting
        ]
        waiting = []
        for chunk, task in tasks:
            try:
                measured.update(zip(chunk, task.result(), strict=True))
            except (Late, ProcessExpired) as failure:
                if len(chunk) == 1:
                    measured[chunk[0]] = Measured((np.nan,) * components, _reason(failure, timeout))
                else:
                    waiting += [[one] for one in chunk]
    return [measured[one] for one in smiles]


def _reason(failure: Late | ProcessExpired, timeout: float | None) -> str:
    if isinstance(failure, ProcessExpired):
        return f"the worker died (exit code {failure.exitcode})"
    return f"no answer within {timeout:g} s"
