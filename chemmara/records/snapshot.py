"""A ledger read while another process, perhaps on another machine, writes in it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Ledger

_HEADER: Final = 32  # bytes of a write-ahead log's header; its salts change whenever the log is begun anew
_TRIES: Final = 20
_PAUSE: Final = 0.05  # seconds


@contextmanager
def ledger_snapshot(path: Path) -> Iterator[Ledger | None]:
    """A copy of the ledger at `path`, with every call that was committed; None where no ledger is begun there.

    Not one lock is taken and nothing is written beside the ledger, so that the writer cannot be hindered, a read-only
    share will do, and so will a network file system, over which SQLite's write-ahead log cannot be opened. The copy is
    consistent: the database is copied first and its log after it, and both again if the log was begun anew meanwhile.
    Until then the log holds every page that a checkpoint may have been writing into the database (SQLite,
    "WAL-mode File Format").

    Not for the process that writes the ledger: closing a file of SQLite's frees the locks that the process holds on it.

    Raises:
        ChemmaraError: the file is damaged, no ledger, of another format, or cannot be read.
    """
    with TemporaryDirectory(prefix="chemmara-") as folder:
        copy = Path(folder) / path.name
        try:
            _copy(path, copy)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise ChemmaraError(f"{path}: cannot be read ({error.strerror or error})") from None
        if not copy.stat().st_size and not _log(copy).exists():
            yield None
            return
        try:
            ledger = Ledger.open(copy) if Ledger.begun(copy) else None
        except ChemmaraError as error:
            raise ChemmaraError(str(error).replace(str(copy), str(path))) from None
        try:
            yield ledger
        finally:
            if ledger is not None:
                ledger.close()


def _copy(path: Path, copy: Path) -> None:
    """Copy a database and its write-ahead log, of one moment."""
    for _ in range(_TRIES):
        before = _header(_log(path))
        shutil.copyfile(path, copy)
        _log(copy).unlink(missing_ok=True)
        if before:
            try:
                shutil.copyfile(_log(path), _log(copy))
            except FileNotFoundError:  # the writer has just closed it
                continue
        if _header(_log(path)) == before:
            return
        time.sleep(_PAUSE)
    raise ChemmaraError(f"{path}: is being changed faster than it can be read; try again")


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _header(log: Path) -> bytes:
    """The header of a write-ahead log; empty where there is none."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""
