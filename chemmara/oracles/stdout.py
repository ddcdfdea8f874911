"""What an oracle prints goes to stderr: stdout belongs to the data."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_lock = threading.Lock()
_inside: list[tuple[IO[str], int]] = []  # stdout as it was, once for each thread that is inside


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Inside the block stdout is stderr, for Python, for C libraries and for programs that are started.

    The whole process is concerned; threads may be inside together, and the last one out puts stdout back.
    """
    with _lock:
        _inside.append(_inside[0] if _inside else _redirect())
    try:
        yield
    finally:
        with _lock:
            saved, descriptor = _inside.pop()
            if not _inside:
                _flush()
                sys.stdout = saved
                os.dup2(descriptor, 1)
                os.close(descriptor)


def stdout_is_stderr() -> None:
    """The same for the rest of a worker process's life."""
    _redirect()


def _redirect() -> tuple[IO[str], int]:
    _flush()
    saved = sys.stdout, os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return saved


def _flush() -> None:
    """Whatever is buffered goes where stdout points now."""
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None and not stream.closed:
            stream.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)
