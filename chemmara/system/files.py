"""Where files are written: whole or not at all, through links, with the modes that the user's umask asks for."""

import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from uuid import uuid4

from chemmara.errors import ChemmaraError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Error numbers of a write for which there is no room left."""
_DAY = 86_400  # seconds


class ReaderGone(Exception):  # noqa: N818 - no error: nobody wants the rest
    """Who read the pipe that is written to has gone."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place, in one step, once the block ends without an error.

    A link is followed, and what it points to is replaced. A pipe or a device cannot be replaced: it is the path itself,
    to be written to as it is. The mode is that of the old file; a new one has what the umask leaves. ChemmaraError, and
    the old file unchanged, where the folder is missing, where the path is a folder or may not be written, or where the
    disk is full. ReaderGone where a pipe is no longer read.
    """
    if is_stream(path):
        with refusals_in_words(path, path):
            yield path
        return
    target = writable(path)
    partial = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")  # of its own: another may write there, too
    try:
        with refusals_in_words(path, partial):
            _remove_leftovers(target)
            partial.touch()
            mode = stat.S_IMODE((target if target.exists() else partial).stat().st_mode)
            yield partial
            partial.chmod(mode)  # some writers make files that nobody else may read
            os.replace(partial, target)  # noqa: PTH105 - atomic on every platform, and says so in its documentation
    finally:
        partial.unlink(missing_ok=True)


def _remove_leftovers(target: Path) -> None:
    """Remove what kills left of this file: temporary files that nobody has written to for a day."""
    for left in target.parent.glob(f".{escape(target.name)}.*.partial"):
        with suppress(FileNotFoundError):  # another process removed it
            if time.time() - left.stat().st_mtime > _DAY:
                left.unlink()


def writable(path: Path) -> Path:
    """The file itself behind links; ChemmaraError where it is a folder or no file could be made there."""
    try:
        target = path.resolve()
        if target.is_dir():
            raise ChemmaraError(f"{path}: is a folder; name a file")
        if not target.parent.is_dir():
            raise ChemmaraError(f"{path}: its folder {target.parent} does not exist; make it first")
        if not os.access(target.parent, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
            raise ChemmaraError(f"{path}: cannot write there (permission denied); choose another --out")
    except (OSError, RuntimeError) as error:  # a name that is too long, links in a circle
        raise ChemmaraError(f"{path}: cannot write there ({error}); choose another --out") from None
    return target


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a device or a socket, which is written to and never replaced."""
    try:
        mode = path.stat().st_mode
    except (OSError, RuntimeError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def refusals_in_words(path: Path, written: Path) -> Iterator[None]:
    """What the file system refuses about `written` becomes one clear line about `path`; other errors pass unchanged."""
    try:
        yield
    except BrokenPipeError:
        if path != written:
            raise
        raise ReaderGone from None
    except OSError as error:
        if error.errno not in {*FULL, errno.EIO, errno.EROFS} and str(error.filename) != str(written):
            raise
        raise ChemmaraError(f"{path}: cannot be written ({error.strerror}); choose another --out") from None
    except Exception as error:
        if not (number := re.search(r"\(os error (\d+)\)", str(error))):  # as libraries in Rust say it
            raise
        raise ChemmaraError(f"{path}: cannot be written ({os.strerror(int(number[1]))})") from None


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
