"""Ctrl-C that saves: a long job learns that it should stop, and stops at a place of its own choosing."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether the user wants the job to stop."""

    def __init__(self, acknowledge: Callable[[], None]) -> None:
        self.requested = False
        self._process = os.getpid()
        self._acknowledge = acknowledge

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Record the wish, and tell the user so; a second one stops at once.

        A forked process, such as a worker of an oracle's own, ends at SIGTERM as if there were no handler, and lets the
        first Ctrl-C pass, so that the step can be finished.
        """
        del frame
        forked = os.getpid() != self._process
        if forked and signum == signal.SIGTERM:
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if not forked:
            self._acknowledge()


@contextmanager
def interruptible(acknowledge: Callable[[], None] = lambda: None) -> Iterator[Interrupt]:
    """Turn SIGINT and SIGTERM into a flag for the length of the block; `acknowledge` is called at the first signal.

    Python delivers signals to the main thread only: in another thread the flag stays down, and nothing is changed.
    """
    interrupt = Interrupt(acknowledge)
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = {signum: signal.signal(signum, interrupt) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
