"""Whole files or none: what is written replaces the old file in one step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chemmara.errors import ChemmaraError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place once the block ends without an error."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        os.replace(partial, path)  # noqa: PTH105 - atomic on every platform, and says so in its documentation
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def new_folder(path: Path) -> Path:
    """Make a folder, its parents too; ChemmaraError where that may not be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".chemmara-can-write"
        probe.touch()
        probe.unlink()
    except (PermissionError, FileExistsError, NotADirectoryError, OSError) as error:
        raise ChemmaraError(f"{path}: cannot write there ({error.strerror or error}); choose another --out") from None
    return path
