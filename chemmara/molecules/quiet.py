"""RDKit without its messages on stderr, in as many threads as there are."""

import threading
from types import TracebackType

from rdkit import rdBase


class Quiet:
    """A block without RDKit's messages, which other threads may enter and leave meanwhile.

    RDKit's own `BlockLogs` is of the whole process: the first thread that leaves it ends it for all others.

    >>> from rdkit import Chem
    >>> with QUIET:
    ...     Chem.MolFromSmiles("CO(C)C")
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._block: object = None  # RDKit's own, which works while it is held

    def __enter__(self) -> None:
        """Silence RDKit, where no other block did."""
        with self._lock:
            self._inside += 1
            if self._block is None:
                self._block = rdBase.BlockLogs()  # noqa: TID251 - here alone

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let RDKit speak as before, where no other block goes on."""
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._block = None


QUIET = Quiet()
"""The process's one: `with QUIET:`."""
