"""A program with all that it starts: begun as a group of processes of its own, and stopped as one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from chemmara.system.interrupt import Interrupt


@contextmanager
def program_group(
    command: Sequence[str], folder: Path, *, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs in a folder; what the block raises ends it, with whatever it has started.

    It has a session of its own, so that a terminal's Ctrl-C reaches this process alone. SIGTERM and SIGHUP to this
    process end it, too, unless they only let it save (`interruptible`), and where the block is in the main thread. What
    it leaves running when it has ended by itself, such as a server for later batches, is left alone. SIGKILL of this
    process leaves all of it running. On Windows, which has no such groups, the program is ended alone. OSError where it
    cannot be started.
    """
    with subprocess.Popen(  # noqa: S603 - a list, no shell
        command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, start_new_session=True
    ) as process:
        try:
            with _ending_with_this(process):
                yield process
        except BaseException:
            _end(process)
            raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Does nothing to what has ended."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, of a group that has ended
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _ending_with_this(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Let signals that end this process end a program first: a worker that is late gets SIGTERM, too."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {int(signum): signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGHUP)}
    final = {signum: handler for signum, handler in handlers.items() if _is_final(handler)}

    def end_both(signum: int, frame: FrameType | None) -> None:
        del frame
        _end(process)
        signal.signal(signum, final[signum])
        signal.raise_signal(signum)

    for signum in final:
        signal.signal(signum, end_both)
    try:
        yield
    finally:
        for signum, handler in final.items():
            signal.signal(signum, handler)


def _is_final(handler: object) -> bool:
    """Whether a signal with this handler ends the process, as far as that can be known."""
    return handler is not None and handler != signal.SIG_IGN and not isinstance(handler, Interrupt)
