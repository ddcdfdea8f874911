"""Molecules handed to an executor in tasks; a lost task is narrowed down to the molecule that caused it."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass
from typing import Any, final

from chemmara.scoring.measurement import Measured, Request

_TRIES = 2  # a worker that dies may have been killed from outside: its molecule alone gets a second one
_FIRST_CHUNK = 16


@dataclass(frozen=True)
class Crew:
    """Workers behind an executor, and what it means that they lost a task."""

    submit: Callable[..., "Future[Any]"]  # of an executor
    measure: Callable[[list[Request]], tuple[list[Measured], float]]  # a task's molecules, and how many seconds it took
    lost: tuple[type[BaseException], ...]  # errors of a task that say that it was lost; every other one ends the run
    reason: Callable[[BaseException], str]  # of a lost molecule, in words
    nothing: Measured  # what a lost molecule measures

    def hand_over(self, requests: Sequence[Request]) -> "HandedOver":
        """Different molecules, one a task; nobody waits for them."""
        return HandedOver(self, [[request] for request in requests])


@dataclass
class _Task:
    requests: list[Request]
    tries: int  # of a single molecule, so far
    future: "Future[tuple[list[Measured], float]]"


@final
class HandedOver:
    """Molecules under way in an executor; a lost task is handed over again, one molecule after the other."""

    def __init__(self, crew: Crew, chunks: Sequence[list[Request]]) -> None:
        self.seconds = 0.0  # that the tasks have taken together
        self._crew = crew
        self._smiles = [request.smiles for chunk in chunks for request in chunk]
        self._measured: dict[str, Measured] = {}
        self._tasks = [self._task(chunk, 0) for chunk in chunks]

    def ready(self, seconds: float | None = None) -> bool:
        """Whether all values have come, after a wait of at most so many seconds (None: until one fails, or all are in).

        Raises:
            Exception: what a task raised, where that does not say that the task was lost.
        """
        wait([task.future for task in self._tasks], seconds, FIRST_EXCEPTION)
        self._take_in(lambda future: future.done())
        return not self._tasks

    def answers(self) -> dict[str, Measured]:
        """The values that have come by now, by canonical SMILES; what failed is left for `ready`."""
        self._take_in(lambda future: future.done() and future.exception() is None)
        return dict(self._measured)

    def result(self) -> list[Measured]:
        """All values, in the order of the molecules."""
        while not self.ready():
            pass
        return [self._measured[smiles] for smiles in self._smiles]

    def _task(self, requests: list[Request], tries: int) -> _Task:
        return _Task(requests, tries, self._crew.submit(self._crew.measure, requests))

    def _take_in(self, which: "Callable[[Future[Any]], bool]") -> None:
        """Take in the tasks whose futures are such; what was lost is handed over again, or has no value."""
        done = [which(task.future) for task in self._tasks]
        finished = [task for task, now in zip(self._tasks, done, strict=True) if now]
        self._tasks = [task for task, now in zip(self._tasks, done, strict=True) if not now]
        for task in finished:
            try:
                values, took = task.future.result()
            except self._crew.lost as failure:
                self._lost(task, failure)
            else:
                self.seconds += took
                self._measured |= {request.smiles: value for request, value in zip(task.requests, values, strict=True)}

    def _lost(self, task: _Task, failure: BaseException) -> None:
        alone = len(task.requests) == 1
        if not alone or (task.tries + 1 < _TRIES and not isinstance(failure, TimeoutError)):
            self._tasks += [self._task([request], task.tries + 1 if alone else 0) for request in task.requests]
        else:
            self._measured[task.requests[0].smiles] = Measured(self._crew.nothing.values, self._crew.reason(failure))


@final
class InRounds:
    """Molecules under way in tasks that are as long as the first of them say: a first round, and perhaps a second."""

    def __init__(self, crew: Crew, requests: list[Request], *, workers: int, task_seconds: float | None) -> None:
        """Hand over the first round.

        Args:
            crew: who measures.
            requests: the molecules, each once.
            workers: that share them.
            task_seconds: what a task should take; None: one molecule a task.
        """
        size = 1 if task_seconds is None else max(1, min(_FIRST_CHUNK, -(-len(requests) // (2 * workers))))
        tasks = _chunks(requests, size)
        whole = task_seconds is None or len(tasks) <= 2 * workers
        self._crew, self._workers, self._task_seconds = crew, workers, task_seconds or 0.0
        self._rounds = [HandedOver(crew, tasks if whole else tasks[:workers])]
        self._rest = [] if whole else requests[workers * size :]

    def ready(self, seconds: float | None = None) -> bool:
        """As that of `HandedOver`; the second round is handed over when the first is back."""
        if not self._rounds[-1].ready(seconds):
            return False
        if not self._rest:
            return True
        each = self._rounds[0].seconds / len(self._rounds[0].answers())
        size = max(1, min(int(self._task_seconds / max(each, 1e-6)), -(-len(self._rest) // (2 * self._workers))))
        self._rounds.append(HandedOver(self._crew, _chunks(self._rest, size)))
        self._rest = []
        return False

    def answers(self) -> dict[str, Measured]:
        """The values that have come by now, by canonical SMILES; what failed is left for `ready`."""
        return {smiles: value for part in self._rounds for smiles, value in part.answers().items()}

    def result(self) -> list[Measured]:
        """All values, in the order of the molecules."""
        while not self.ready():
            pass
        return [value for part in self._rounds for value in part.result()]


def _chunks(requests: list[Request], size: int) -> list[list[Request]]:
    return [requests[i : i + size] for i in range(0, len(requests), size)]
