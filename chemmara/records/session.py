"""What a run's ledger says of the process that works on it: when it began, and how it ended."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal

from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Ledger

State = Literal["running", "finished", "interrupted", "failed"]
_KEY: Final = "session"


@dataclass(frozen=True)
class Session:
    """The time from the start of a run, or from its last resumption, to its end."""

    process: int  # its id
    host: str
    began: float  # seconds since 1970
    calls: int  # oracle calls in the ledger when it began
    state: State = "running"  # what it was when the process last said so: a kill leaves "running" behind
    reason: str = ""  # for its failure
    ended: float | None = None  # seconds since 1970; None until it has ended


@contextmanager
def recorded_session(ledger: Ledger) -> Iterator[None]:
    """Record in the ledger that a process works on the run as long as the block lasts, and how the block ended.

    An interrupt is no failure. The record is not part of the run's results: two runs with the same calls may differ
    in it.
    """
    session = Session(os.getpid(), socket.gethostname(), time.time(), ledger.count())
    ledger.set(_KEY, asdict(session))
    try:
        yield
    except KeyboardInterrupt:
        _end(ledger, session, "interrupted", "")
        raise
    except ChemmaraError as error:
        _end(ledger, session, "failed", str(error))
        raise
    except Exception as error:
        _end(ledger, session, "failed", f"{type(error).__name__}: {error}")
        raise
    _end(ledger, session, "finished", "")


def last_session(ledger: Ledger) -> Session | None:
    """The last process that worked on the run; None for a run of a version that did not record it."""
    found = ledger.get(_KEY)
    return None if found is None else Session(**found)


def _end(ledger: Ledger, session: Session, state: State, reason: str) -> None:
    with suppress(ChemmaraError):  # a full disk may be why the block failed: that error is the one to be seen
        ledger.set(_KEY, asdict(replace(session, state=state, reason=reason, ended=time.time())))
