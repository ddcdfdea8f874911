"""Molecules handed to an executor in tasks; a lost task is narrowed down to the molecule that caused it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from chemmara.scoring.measurement import Measured, Request

_TRIES = 2  # a worker that dies may have been killed from outside: its molecule alone gets a second one
_FIRST_CHUNK = 16


@dataclass
class _Task:
    requests: list[Request]
    tries: int  # of a single molecule, so far
    future: "Future[tuple[list[Measured], float]]"


def dispatch(
    submit: Callable[..., "Future[Any]"],
    measure: Callable[[list[Request]], tuple[list[Measured], float]],
    requests: list[Request],
    *,
    workers: int,
    task_seconds: float | None,
    lost: tuple[type[BaseException], ...],
    reason: Callable[[BaseException], str],
    nothing: Measured,
) -> list[Measured]:
    """What was measured, in order.

    Args:
        submit: of an executor.
        measure: measures a task's molecules, and says how many seconds that took.
        requests: the molecules, each once.
        workers: that share them.
        task_seconds: what a task should take; None: one molecule a task.
        lost: errors of a task that say that it was lost; every other one ends the run.
        reason: of a lost molecule, in words.
        nothing: what a lost molecule measures.
    """
    measured: dict[str, Measured] = {}
    size = 1 if task_seconds is None else max(1, min(_FIRST_CHUNK, -(-len(requests) // (2 * workers))))
    tasks = [(requests[i : i + size], 0) for i in range(0, len(requests), size)]
    if task_seconds is not None and len(tasks) > 2 * workers:
        first, rest = tasks[:workers], requests[workers * size :]
        seconds = _gather(submit, measure, first, measured, lost, reason, nothing)
        each = seconds / sum(len(chunk) for chunk, _ in first)
        size = max(1, min(int(task_seconds / max(each, 1e-6)), -(-len(rest) // (2 * workers))))
        tasks = [(rest[i : i + size], 0) for i in range(0, len(rest), size)]
    _gather(submit, measure, tasks, measured, lost, reason, nothing)
    return [measured[request.smiles] for request in requests]


def _gather(
    submit: Callable[..., "Future[Any]"],
    measure: Callable[[list[Request]], tuple[list[Measured], float]],
    chunks: list[tuple[list[Request], int]],
    measured: dict[str, Measured],
    lost: tuple[type[BaseException], ...],
    reason: Callable[[BaseException], str],
    nothing: Measured,
) -> float:
    """Fill `measured`; seconds that the tasks took together. A lost task is handed out again, one by one."""
    waiting, seconds = chunks, 0.0
    while waiting:
        tasks = [_Task(chunk, tries, submit(measure, chunk)) for chunk, tries in waiting]
        waiting = []
        for task in tasks:
            try:
                values, took = task.future.result()
            except lost as failure:
                alone = len(task.requests) == 1
                again = not alone or (task.tries + 1 < _TRIES and not isinstance(failure, TimeoutError))
                if again:
                    waiting += [([request], task.tries + 1 if alone else 0) for request in task.requests]
                else:
                    measured[task.requests[0].smiles] = Measured(nothing.values, reason(failure))
            else:
                seconds += took
                measured.update((request.smiles, value) for request, value in zip(task.requests, values, strict=True))
    return seconds
