"""A cache of oracle values: one SQLite file for all campaigns that name it."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.scoring.measurement import HandOver, Measured, Request, UnderWay
from chemmara.scoring.objective import Objective
from chemmara.system.database import transaction

_TABLE = (
    "CREATE TABLE IF NOT EXISTS measured (component TEXT, smiles TEXT, value REAL, PRIMARY KEY (component, smiles))"
)
_WAIT = 60.0  # seconds for another process to finish writing
_MARK = 0x636D  # application id: this file is such a cache
_LOOK = 1.0  # seconds between two looks at what has come
_AT_ONCE = 500  # molecules a query: SQLite allows so many parameters


@contextmanager
def remembering(objective: Objective, hand_over: HandOver, path: Path | None) -> Iterator[HandOver]:
    """`hand_over` with a cache: a value in the file is not measured again, and new values go into it as they come.

    The key is the canonical SMILES with the component, its settings, the contents of the files that they name, and the
    versions of chemmara and RDKit. A missing value (NaN) is not kept, and an infinite one that an
    older version kept is not read. Several processes may share the file. ChemmaraError where it cannot be opened or is
    no cache.
    """
    if path is None:
        yield hand_over
        return
    keys = [_key(component.identity()) for component in objective.config.component]
    connection = _open(path)
    try:
        cache = _Cache(connection, path, keys)
        yield lambda requests: _looked_up(cache, hand_over, requests)
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


@dataclass(frozen=True)
class _Cache:
    connection: sqlite3.Connection
    path: Path
    keys: list[str]  # of the components

    def known(self, requests: list[Request]) -> np.ndarray:
        """Values (n, components) in the cache, or known to whoever asks; NaN for those that are to be measured."""
        known = np.full((len(requests), len(self.keys)), np.nan)
        row_of = {request.smiles: row for row, request in enumerate(requests)}
        for column, key in enumerate(self.keys):
            for smiles, value in _look_up(self.connection, key, list(row_of)):
                known[row_of[smiles], column] = value if np.isfinite(value) else np.nan
        for row, request in enumerate(requests):
            if request.known:
                known[row] = np.where(np.isnan(request.known), known[row], request.known)
        return known

    def keep(self, requests: list[Request], fresh: list[Measured]) -> None:
        """Write what was measured beyond what each request knew."""
        new = [
            (key, request.smiles, value)
            for request, measured in zip(requests, fresh, strict=True)
            for key, value, before in zip(self.keys, measured.values, request.known, strict=True)
            if np.isnan(before) and not np.isnan(value)
        ]
        with transaction(self.connection, self.path):
            self.connection.executemany("INSERT OR IGNORE INTO measured VALUES (?, ?, ?)", new)


def _looked_up(cache: _Cache, hand_over: HandOver, requests: list[Request]) -> UnderWay:
    known = cache.known(requests)
    found = [Measured(tuple(values)) for values in known.tolist()]
    rows = [row for row in range(len(requests)) if np.isnan(known[row]).any()]
    missing = [Request(requests[row].smiles, found[row].values) for row in rows]
    return _Partly(cache, requests, found, rows, missing, hand_over(missing))


@final
@dataclass(frozen=True)
class _Partly:
    """Molecules under way, but for those whose values were in the cache."""

    cache: _Cache
    requests: list[Request]
    found: list[Measured]  # of each request; incomplete where the values are under way
    rows: list[int]  # that are under way
    missing: list[Request]  # those
    fresh: UnderWay
    kept: set[str] = field(default_factory=set)  # SMILES whose values were written

    def ready(self, seconds: float) -> bool:
        """Whether all values have come, after a wait of at most so many seconds; those that have are in the cache."""
        ready = self.fresh.ready(seconds)
        self._keep(self.fresh.answers())
        return ready

    def answers(self) -> dict[str, Measured]:
        """The values that were in the cache, and those that have come by now."""
        came, under_way = self.fresh.answers(), {request.smiles for request in self.missing}
        there = zip(self.requests, self.found, strict=True)
        return {request.smiles: value for request, value in there if request.smiles not in under_way} | came

    def result(self) -> list[Measured]:
        """All values, in order; each is in the cache soon after it has come, whatever becomes of the others."""
        while not self.ready(_LOOK):
            pass
        fresh = self.fresh.result()
        self._keep({request.smiles: value for request, value in zip(self.missing, fresh, strict=True)})
        for row, measured in zip(self.rows, fresh, strict=True):
            self.found[row] = measured
        return self.found

    def _keep(self, came: dict[str, Measured]) -> None:
        """Write what has come and is not in the cache yet."""
        new = [request for request in self.missing if request.smiles in came and request.smiles not in self.kept]
        if new:
            self.cache.keep(new, [came[request.smiles] for request in new])
            self.kept.update(request.smiles for request in new)


def _look_up(connection: sqlite3.Connection, key: str, smiles: list[str]) -> Iterator[tuple[str, float]]:
    for start in range(0, len(smiles), _AT_ONCE):
        some = smiles[start : start + _AT_ONCE]
        places = ",".join("?" * len(some))
        query = f"SELECT smiles, value FROM measured WHERE component = ? AND smiles IN ({places})"  # noqa: S608 - marks only
        yield from connection.execute(query, [key, *some])
