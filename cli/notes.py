"""What the library notes about its input, on stderr."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import typer


@final
class _Notes(logging.Handler):
    """Prints each message once."""

    def __init__(self) -> None:
        super().__init__()
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self._printed:
            self._printed.add(message)
            typer.echo(f"note: {message}", err=True)


@contextmanager
def notes_on_stderr() -> Iterator[None]:
    """Print the warnings that the library logs as long as the block lasts."""
    logger, notes = logging.getLogger("chemmara"), _Notes()
    logger.addHandler(notes)
    try:
        yield
    finally:
        logger.removeHandler(notes)
