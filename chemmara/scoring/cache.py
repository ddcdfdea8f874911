"""A cache of oracle values: one SQLite file for all campaigns that name it."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.scoring.measurement import Measure, Measured, Request
from chemmara.scoring.objective import Objective
from chemmara.system.database import transaction

_TABLE = (
    "CREATE TABLE IF NOT EXISTS measured (component TEXT, smiles TEXT, value REAL, PRIMARY KEY (component, smiles))"
)
_WAIT = 60.0  # seconds for another process to finish writing
_MARK = 0x636D  # application id: this file is such a cache
_AT_ONCE = 500  # molecules a query: SQLite allows so many parameters


@contextmanager
def remembering(objective: Objective, measure: Measure, path: Path | None) -> Iterator[Measure]:
    """`measure` with a cache: a value in the file is not measured again, and new values go into it.

    The key is the canonical SMILES with the component, its settings, the contents of the files that they name, and the
    versions of chemmara and RDKit. A missing value (NaN) is not kept, and an infinite one that an
    older version kept is not read. Several processes may share the file. ChemmaraError where it cannot be opened or is
    no cache.
    """
    if path is None:
        yield measure
        return
    keys = [_key(component.identity()) for component in objective.config.component]
    connection = _open(path)
    try:
        yield lambda requests: _with_cache(connection, path, keys, measure, requests)
    finally:
        connection.close()


def _open(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=_WAIT)
        mark, tables = (connection.execute(q).fetchone()[0] for q in ("PRAGMA application_id", _COUNT_TABLES))
        if tables and mark != _MARK:
            connection.close()
            raise ChemmaraError(f"{path}: is a database, but no cache of chemmara's; choose another file")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            connection.execute(f"PRAGMA application_id = {_MARK}")
            connection.execute(_TABLE)
    except sqlite3.Error as error:
        raise ChemmaraError(f"{path}: cannot be used as a cache ({error})") from None
    return connection


_COUNT_TABLES = "SELECT count(*) FROM sqlite_master"


def _key(identity: object) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _with_cache(
    connection: sqlite3.Connection, path: Path, keys: list[str], measure: Measure, requests: list[Request]
) -> list[Measured]:
    known = np.full((len(requests), len(keys)), np.nan)
    row_of = {request.smiles: row for row, request in enumerate(requests)}
    for column, key in enumerate(keys):
        for smiles, value in _look_up(connection, key, list(row_of)):
            known[row_of[smiles], column] = value if np.isfinite(value) else np.nan
    for row, request in enumerate(requests):
        if request.known:
            known[row] = np.where(np.isnan(request.known), known[row], request.known)
    missing = [row for row in range(len(requests)) if np.isnan(known[row]).any()]
    fresh = measure([Request(requests[row].smiles, tuple(known[row])) for row in missing]) if missing else []
    found = [Measured(tuple(values)) for values in known.tolist()]
    for row, measured in zip(missing, fresh, strict=True):
        found[row] = measured
    new = [
        (key, requests[row].smiles, value)
        for row, measured in zip(missing, fresh, strict=True)
        for key, value, before in zip(keys, measured.values, known[row], strict=True)
        if np.isnan(before) and not np.isnan(value)
    ]
    with transaction(connection, path):
        connection.executemany("INSERT OR IGNORE INTO measured VALUES (?, ?, ?)", new)
    return found


def _look_up(connection: sqlite3.Connection, key: str, smiles: list[str]) -> Iterator[tuple[str, float]]:
    for start in range(0, len(smiles), _AT_ONCE):
        some = smiles[start : start + _AT_ONCE]
        places = ",".join("?" * len(some))
        query = f"SELECT smiles, value FROM measured WHERE component = ? AND smiles IN ({places})"  # noqa: S608 - marks only
        yield from connection.execute(query, [key, *some])
