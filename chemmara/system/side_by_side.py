"""The same work on many items, by several processes, with the results in order."""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD: Final = 4  # items a process that are handed out at once, so that endless ones are not all read


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """work(item) of every item, in order; with more than one worker by as many spawned processes.

    Ctrl-C reaches every process of a terminal, and the workers leave it to the parent, which waits for what they are
    at; `work`, items and results have to be such as can be sent to a process.

    >>> list(side_by_side(abs, [-1, 2], workers=1))
    [1, 2]
    """
    if workers == 1:
        yield from map(work, items)
        return
    left, spawn = iter(items), multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        while ahead := list(islice(left, _AHEAD * workers)):
            yield from pool.map(work, ahead)
