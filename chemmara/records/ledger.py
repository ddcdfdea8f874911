"""The record of a run, in SQLite: every oracle call, every step, and what the run was."""

import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from chemmara.errors import ChemmaraError
from chemmara.system.database import transaction

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = 2
_STAGED = 3  # the format of a campaign in stages: each call has its stage, and a molecule one call in each
_TABLES = """
CREATE TABLE calls (
    call INTEGER PRIMARY KEY, step INTEGER NOT NULL, smiles TEXT NOT NULL UNIQUE, score REAL,
    components TEXT NOT NULL, error TEXT NOT NULL
) STRICT;
CREATE TABLE steps (step INTEGER PRIMARY KEY, calls INTEGER NOT NULL, figures TEXT NOT NULL) STRICT;
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
_STAGED_TABLES = _TABLES.replace("smiles TEXT NOT NULL UNIQUE", "smiles TEXT NOT NULL").replace(
    "error TEXT NOT NULL\n", "error TEXT NOT NULL,\n    stage INTEGER NOT NULL, UNIQUE (smiles, stage)\n"
)


@dataclass(frozen=True)
class Call:
    """One oracle call."""

    call: int  # from 1
    step: int  # of the learner, from 1
    smiles: str  # canonical
    score: float  # 0 to 1; NaN for no score
    components: dict[str, float]  # raw values by name; NaN for none
    error: str  # why there is no score; "" where there is one
    stage: int = 1  # of the campaign, from 1; its objective gave the score


class Ledger:
    """An open ledger. Use it as a context manager, or close it.

    Write-ahead logging with synchronous=NORMAL: what was appended survives a kill of the process at any moment; only
    a power failure can take the last transactions, and never leaves a damaged file.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, *, staged: bool) -> None:
        self._connection = connection
        self._path = path
        self._staged = staged  # whether each call has its stage

    @classmethod
    def create(cls, path: Path, *, staged: bool = False) -> Self:
        """A new, empty ledger, perhaps of a campaign in stages; ChemmaraError if the file holds one already.

        A file without any table, as a kill during the making of a ledger leaves it, is made a ledger.
        """
        if cls.begun(path):
            raise ChemmaraError(f"{path}: is there already")
        connection = sqlite3.connect(path)
        with transaction(connection, path):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            tables, version = (_STAGED_TABLES, _STAGED) if staged else (_TABLES, _FORMAT)
            connection.executescript(f"BEGIN; {tables} PRAGMA user_version = {version}; COMMIT;")
        return cls(connection, path, staged=staged)

    @classmethod
    def begun(cls, path: Path) -> bool:
        """Whether a file holds tables of any kind."""
        if not path.is_file():
            return False
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        except sqlite3.DatabaseError:  # damaged: `open` says so
            return True
        finally:
            connection.close()

    @classmethod
    def open(cls, path: Path) -> Self:
        """The ledger in a file; ChemmaraError if it is missing, damaged, or of another format."""
        if not path.is_file():
            raise ChemmaraError(f"{path}: no such ledger")
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("SELECT count(*) FROM calls, run").fetchone()
        except sqlite3.DatabaseError as error:
            connection.close()
            raise ChemmaraError(f"{path}: not a ledger, or damaged ({error})") from None
        if version not in (_FORMAT, _STAGED):
            connection.close()
            raise ChemmaraError(
                f"{path}: has format {version}, and this chemmara reads format {_FORMAT}; use the version that"
                " wrote it (the table `calls` is the same in both)"
            )
        return cls(connection, path, staged=version == _STAGED)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, calls: Sequence[Call]) -> None:
        """Add calls in one transaction, on disk when this returns; ChemmaraError if one is there but differs."""
        rows = [
            (call.call, call.step, call.smiles, _null(call.score), _json(call.components), call.error)
            + ((call.stage,) if self._staged else ())
            for call in calls
        ]
        places = ", ".join("?" * (7 if self._staged else 6))
        with transaction(self._connection, self._path):
            for row in rows:
                there = self._connection.execute("SELECT * FROM calls WHERE call = ?", row[:1]).fetchone()
                if there is None:
                    self._connection.execute(f"INSERT INTO calls VALUES ({places})", row)  # noqa: S608 - marks only
                elif there != row:
                    raise ChemmaraError(
                        f"call {row[0]} was {there[2]} ({there[3]}) and would now be {row[2]} ({row[3]}): the run does"
                        " not repeat itself; resume it on the kind of processor and with the versions it was begun with"
                    )

    def amend(self, calls: Sequence[Call]) -> None:
        """Put other values, score and error in the place of those that calls have, in one transaction."""
        rows = [(_null(call.score), _json(call.components), call.error, call.call) for call in calls]
        with transaction(self._connection, self._path):
            self._connection.executemany("UPDATE calls SET score = ?, components = ?, error = ? WHERE call = ?", rows)

    def count(self) -> int:
        """Number of calls."""
        return self._connection.execute("SELECT count(*) FROM calls").fetchone()[0]

    def calls(self, after: int = 0) -> list[Call]:
        """Every call with a number above `after`, in order."""
        rows = self._connection.execute("SELECT * FROM calls WHERE call > ? ORDER BY call", (after,))
        return [
            Call(
                call, step, smiles, _nan(score), {k: _nan(v) for k, v in json.loads(components).items()}, error, *stage
            )
            for call, step, smiles, score, components, error, *stage in rows
        ]

    @property
    def stages(self) -> int:
        """Stages of the campaign; 1 where it has no [[stage]]."""
        return 1 + len(self.get("campaign")["stage"]) if self._staged else 1

    def append_step(self, step: int, calls: int, figures: dict[str, float]) -> None:
        """Record a step, or record it again: calls used by then, and its figures."""
        with transaction(self._connection, self._path):
            self._connection.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?)", (step, calls, _json(figures)))

    def steps(self) -> "pd.DataFrame":
        """One row a step: step, calls, and its figures."""
        import pandas as pd

        rows = self._connection.execute("SELECT step, calls, figures FROM steps ORDER BY step").fetchall()
        figures = [{k: _nan(v) for k, v in json.loads(text).items()} for _, _, text in rows]
        return pd.DataFrame([{"step": s, "calls": c, **f} for (s, c, _), f in zip(rows, figures, strict=True)])

    def set(self, key: str, value: Any) -> None:
        """Record a fact about the run, as JSON."""
        with transaction(self._connection, self._path):
            self._connection.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, json.dumps(value)))

    def get(self, key: str) -> Any:
        """A fact about the run; None if it was never recorded."""
        row = self._connection.execute("SELECT value FROM run WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def frame(self) -> "pd.DataFrame":
        """One row a call: call, step, smiles, score, error, and one column a component.

        Of a campaign in stages the score is that of the last stage's objective, NaN for a call of an earlier one, and
        the columns stage and stage_score hold the stage of each call and the score that it had there.
        """
        import pandas as pd

        calls = self.calls()
        plain = [(call.call, call.step, call.smiles, call.score, call.error) for call in calls]
        table = pd.DataFrame(plain, columns=["call", "step", "smiles", "score", "error"])
        if self._staged:
            table["stage"] = [call.stage for call in calls]
            table["stage_score"] = table["score"]
            table["score"] = table["score"].where(table["stage"] == self.stages)
        return table.join(pd.DataFrame([call.components for call in calls], index=table.index))


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _nan(value: float | None) -> float:
    return math.nan if value is None or math.isinf(value) else value


def _json(values: dict[str, float]) -> str:
    return json.dumps({key: _null(value) for key, value in values.items()})
