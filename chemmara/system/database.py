"""Transactions on SQLite files: what the disk refuses becomes one clear line."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chemmara.errors import ChemmaraError

_REFUSALS: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    """The connection to the file at `path`; what the block changes is committed whole at its end, or not at all.

    Raises:
        ChemmaraError: the disk is full or broken, another process keeps the file locked, or it may not be written.
            What was committed before stays good.
    """
    try:
        with connection:
            yield connection
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _REFUSALS:
            raise
        raise ChemmaraError(f"{path}: cannot be written ({error}); what is in it stays good") from None
