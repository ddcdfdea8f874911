"""Where data goes: a file, written whole or not at all, a pipe or a device, or stdout."""

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from chemmara.errors import ChemmaraError

if TYPE_CHECKING:
    import pandas as pd

    from chemmara.molecules.writers import Write

READER_GONE = 141
"""Exit code where stdout, or the pipe that --out names, is no longer read: as a shell gives for SIGPIPE."""
_STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def check_out(out: Path | None, default: str, library: str = "-") -> None:
    """ChemmaraError, before anything is computed, for an --out that could not be written or is the library itself."""
    from chemmara.molecules.writers import format_of
    from chemmara.system.files import is_stream, writable

    if out is None or str(out) in _STDOUT:
        return
    format_of(out, default)
    if not is_stream(out):
        target = writable(out)
        if library != "-" and target.exists() and Path(library).exists() and target.samefile(library):
            raise ChemmaraError(f"{out}: is the library that is read; choose another --out")


@contextmanager
def tables_to(out: Path | None, default: str, *, smiles: str = "smiles", name: str | None = None) -> "Iterator[Write]":
    """A function that writes tables where --out says, in the format of its suffix (`default` without one).

    A file appears once the block has ended well; stdout ("-" or none), a pipe and a device get each table at once.
    `smiles` and `name` are the columns that .smi and .sdf need; `chemmara.molecules.writers` has the formats.
    """
    from chemmara.molecules.writers import format_of, table_writer
    from chemmara.system.files import replacing

    if out is None or str(out) in _STDOUT:
        sys.stdout.flush()
        with table_writer(cast("IO[bytes]", sys.stdout.buffer), default, smiles=smiles, name=name) as write:
            yield lambda table: (write(table), sys.stdout.buffer.flush())[0]
        return
    kind, packed = format_of(out, default)
    with (
        replacing(out) as partial,
        partial.open("wb") as file,
        table_writer(file, kind, packed=packed, smiles=smiles, name=name) as write,
    ):
        yield lambda table: (write(table), file.flush())[0]


@contextmanager
def table_beside_figures(out: Path | None, smiles: str, *, as_json: bool) -> "Iterator[Write | None]":
    """`tables_to` for a command that prints figures, too; None where their JSON document has stdout for itself."""
    if as_json and out is None:
        yield None
        return
    with tables_to(out, ".csv", smiles=smiles) as write:
        yield write


@contextmanager
def json_rows() -> "Iterator[Write]":
    """A function that writes tables to stdout as the rows of one JSON array, table by table; null for NaN."""
    first = True

    def write(table: "pd.DataFrame") -> None:
        nonlocal first
        text: Any = table.to_json(None, orient="records", lines=True, double_precision=15, force_ascii=False)
        for row in text.splitlines():
            sys.stdout.write(("[" if first else ",") + f"\n{row}")
            first = False

    yield write
    sys.stdout.write("[]\n" if first else "\n]\n")


def nobody_reads_stdout() -> bool:
    """Whether stdout or stderr is a pipe whose reader has gone, as after `| head`."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    for descriptor in (1, 2):
        poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def never_fail_on_a_character() -> None:
    """Let stdout write escapes for characters that its encoding lacks, as in a Windows code page: nothing is lost."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def abandon_stdout() -> None:
    """Let what is still buffered for stdout go nowhere, so that the interpreter does not stumble over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
