"""Where data goes: a file, written whole or not at all, or stdout."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chemmara.errors import ChemmaraError


@contextmanager
def lines_to(out: Path | None) -> Iterator[Callable[[Iterable[str]], None]]:
    """A function that writes lines to the file, which appears once the block has ended well, or to stdout."""
    if out is None:
        yield lambda lines: sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    from chemmara.files import replacing

    if not out.parent.is_dir():
        raise ChemmaraError(f"{out}: its folder {out.parent} does not exist; make it first")
    try:
        with replacing(out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            yield lambda lines: file.writelines(f"{line}\n" for line in lines)
    except (PermissionError, IsADirectoryError) as error:
        raise ChemmaraError(f"{out}: cannot write there ({error.strerror}); choose another --out") from None
