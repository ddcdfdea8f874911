"""Rows out of files of every usual kind, as they come."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Final, Literal

from chemmara.errors import ChemmaraError
from chemmara.molecules.archives import Source, open_bytes, rewindable
from chemmara.molecules.delimited import delimited
from chemmara.molecules.headers import Mark, Row, separator, separator_of_a_table
from chemmara.molecules.parquet import count as count_parquet
from chemmara.molecules.parquet import parquet
from chemmara.molecules.sdf import is_sdf, sdf, survey
from chemmara.molecules.smiles_lines import has_names, smiles_lines
from chemmara.molecules.text import first_lines, text_lines

Kind = Literal["parquet", "sdf", "lines"] | Mark
"""What a file is; a table of text by what separates its cells."""
_SDF: Final = {".sdf", ".sd"}
_TABLES: Final[dict[str, Mark]] = {".csv": ",", ".tsv": "\t"}
_KNOWN: Final = {"", ".smi", ".smiles", ".txt", ".parquet", *_SDF, *_TABLES}


def read_rows(name: str, smiles_column: str | None) -> Iterator[Row]:
    """Rows of a file ("-": of stdin), the names of its columns first; nothing from an empty one.

    ChemmaraError, in one line, for what cannot be read.
    """
    with _plain_words(name), open_bytes(name) as source:
        kind = _kind(source, smiles_column)
        if kind == "parquet":
            with rewindable(source) as file:
                yield from parquet(name, file)
        elif kind == "sdf":
            with rewindable(source) as file:
                with _text(source, file, quiet=True) as lines:
                    found = survey(name, lines)
                file.seek(0)
                with _text(source, file) as lines:
                    yield from sdf(lines, found)
        elif kind == "lines":
            yield from _smiles_lines(source, smiles_column)
        else:
            with _text(source, source.file) as lines:
                yield from delimited(name, lines, kind)


def _smiles_lines(source: Source, smiles_column: str | None) -> Iterator[Row]:
    named = None
    if source.rewinds:
        with _text(source, source.file, quiet=True) as lines:
            named = has_names(lines)
        source.file.seek(0)
    with _text(source, source.file) as lines:
        yield from smiles_lines(source.name, lines, smiles_column, named=named)


def _text(source: Source, file: IO[bytes], *, quiet: bool = False) -> "closing[Generator[str]]":
    """Its lines, for as long as the block lasts: the file may be used again, or be closed, after it."""
    return closing(text_lines(source.name, file, source.head, quiet=quiet))


def _kind(source: Source, smiles_column: str | None) -> Kind:
    """What a file is, by the suffix of its name, and by its first lines where there is none or it does not tell."""
    suffix, first = source.suffix, first_lines(source.head)
    if suffix not in _KNOWN:
        raise ChemmaraError(f"{source.name}: {suffix} files are not read; use .smi, .csv, .tsv, .parquet or .sdf")
    if suffix == ".parquet" or source.head.startswith(b"PAR1"):
        return "parquet"
    if suffix in _TABLES:
        return separator(first, _TABLES[suffix], smiles_column)
    if suffix in _SDF or is_sdf(first):
        return "sdf"
    return separator_of_a_table(first, smiles_column) or "lines"


@contextmanager
def lines_of(name: str, what: str) -> Iterator[tuple[str, Iterator[str]]]:
    """The suffix of a file of `what`, packed or not, and its lines; ChemmaraError for what is wrong with it."""
    with _plain_words(name, what), open_bytes(name) as source, _text(source, source.file) as lines:
        yield source.suffix, lines


@contextmanager
def _plain_words(name: str, what: str = "molecules") -> Iterator[None]:
    """ChemmaraError, in one line, for what can be wrong with a file of `what` while it is read."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ChemmaraError(f"{name}: no such file") from None
    except IsADirectoryError:
        table = Path(name) / "hits.csv"
        hint = f" (of this run: {table})" if table.is_file() else ""
        raise ChemmaraError(f"{name}: is a folder; a file of {what} is needed{hint}") from None
    except PermissionError:
        raise ChemmaraError(f"{name}: may not be read (permission denied)") from None
    except UnicodeDecodeError:
        raise ChemmaraError(f"{name}: is not text, though it begins as UTF-16; save it as UTF-8") from None
    except (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        reason = " ".join(str(error).split())
        raise ChemmaraError(f"{name}: truncated or damaged ({reason})") from None


def count_rows(name: str | Path) -> int | None:
    """About how many rows a file has, for a progress bar: lines, records or rows; None where it cannot be known."""
    if str(name) == "-" or not Path(name).is_file():
        return None
    try:
        with _plain_words(str(name)), open_bytes(str(name)) as source:
            kind = _kind(source, None)
            if kind == "parquet":
                return count_parquet(source.name, source.file)
            blocks = iter(lambda: source.file.read(1 << 20), b"")
            if kind == "sdf":
                return sum(block.count(b"$$$$") for block in blocks)
            return _count_lines(blocks) - (kind != "lines")
    except ChemmaraError:
        return None


def _count_lines(blocks: Iterator[bytes]) -> int:
    """Lines by whichever line end there is; the last one may have none."""
    feeds = returns = 0
    last = b"\n"
    for block in blocks:
        feeds, returns, last = feeds + block.count(b"\n"), returns + block.count(b"\r"), block[-1:]
    return max(feeds, returns) + (last not in b"\r\n\0")
