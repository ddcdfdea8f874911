"""One writer at a time in a folder: a lock that the operating system releases however the process ends."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from chemmara.errors import ChemmaraError
from chemmara.system.files import new_folder

_NAME: Final = ".lock"
_PATIENCE: Final = 0.05  # seconds before the second try: `writer_of` holds a free lock for an instant
_held: Final[set[BinaryIO]] = set()


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the exclusive lock `folder/.lock` for the length of the block; the folder is made if it is missing.

    The lock is the kernel's (flock), so a crash or a kill releases it, and a file left behind locks nothing. Linux
    passes it on to the server of an NFS folder; a file system without locks gives no protection. Reading needs no lock.
    A forked process, such as an oracle's own worker that outlives a kill, has no part in it.

    Raises:
        ChemmaraError: another process holds it (its process id and host are named), or the folder cannot be written.
    """
    new_folder(folder)
    with _opened(folder / _NAME) as file:
        if not _lock_patiently(file):
            holder = _text(file)
            raise ChemmaraError(f"{folder}: another process ({holder}) is writing there; wait for it, or stop it first")
        file.truncate(0)
        file.write(f"{os.getpid()} on {socket.gethostname()}".encode())
        file.flush()
        _held.add(file)
        try:
            yield
        finally:
            _held.discard(file)


def writer_of(folder: Path) -> str | None:
    """Who holds the folder's lock, as "PID on HOST"; "" for nobody, None where the file system cannot say.

    Nothing is written, and a holder notices nothing. A lock that is free is held for some microseconds, which
    `only_writer` waits for.
    """
    try:
        file = (folder / _NAME).open("rb")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:  # another user's, or no file
        return None
    with file:
        held = _held_by_another(file)
        return _text(file) if held else None if held is None else ""


def _lock_patiently(file: BinaryIO) -> bool:
    """Whether the lock is ours now, at the first or the second try."""
    if _lock(file):
        return True
    time.sleep(_PATIENCE)
    return _lock(file)


def _text(file: BinaryIO) -> str:
    """What the holder wrote into the lock's file."""
    file.seek(0)
    return file.read(200).decode(errors="replace").strip() or "unknown"


def _opened(path: Path) -> BinaryIO:
    """The lock's file, as it is; ChemmaraError where it may not be opened, as one that another user has made."""
    try:
        return path.open("a+b")
    except OSError as error:
        raise ChemmaraError(f"{path}: cannot be locked ({error.strerror}); choose another --out") from None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        """Whether the lock is ours now; a byte far behind the text is locked, so that others can read the text."""
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _held_by_another(file: BinaryIO) -> bool | None:
        """Whether another process holds the lock."""
        if not _lock(file):
            return True
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        return False
else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        """Whether the lock is ours now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks, such as some network mounts
            return True
        return True

    def _held_by_another(file: BinaryIO) -> bool | None:
        """Whether another process holds the lock; None where the file system has no locks."""
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return None
        return False  # closing the file gives the shared lock back

    def _let_go() -> None:
        """Close the locked files in a forked child: the lock is freed when the last process has closed its file."""
        for file in _held:
            file.close()
        _held.clear()

    os.register_at_fork(after_in_child=_let_go)
