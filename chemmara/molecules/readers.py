"""Tables out of files of every usual kind, as they come."""

import io
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from chemmara.errors import ChemmaraError
from chemmara.molecules.archives import open_bytes, suffixes
from chemmara.molecules.chem import canonical

if TYPE_CHECKING:
    import pandas as pd

SMILES_NAMES: Final = ("smiles", "canonical_smiles", "canonical smiles", "smi", "structure", "molecule", "canonical")
"""Names that a column of SMILES usually has, in lower case."""
_LINES: Final = (".smi", ".smiles", ".txt", "")
_TABLES: Final = {".csv": ",", ".tsv": "\t"}


def read_tables(name: str) -> "Iterator[pd.DataFrame]":
    """Tables of a file ("-": of stdin), every cell text; what cannot be read becomes one clear line."""
    import lzma
    import zlib

    if name == "-":
        yield from _guessed(sys.stdin.buffer)
        return
    path = Path(name)
    try:
        with open_bytes(path) as file:
            yield from _tables_of(path, file)
    except FileNotFoundError:
        raise ChemmaraError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise ChemmaraError(f"{name}: is a folder; a file of molecules is needed") from None
    except PermissionError:
        raise ChemmaraError(f"{name}: may not be read (permission denied)") from None
    except UnicodeDecodeError:
        raise ChemmaraError(f"{name}: is not text in UTF-8") from None
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise ChemmaraError(f"{name}: truncated or damaged ({error})") from None


def _tables_of(path: Path, file: IO[bytes]) -> "Iterator[pd.DataFrame]":
    kind = next(iter(suffixes(path)), "")
    if kind == ".parquet":
        yield from _parquet(path, file)
    elif kind in {".sdf", ".sd"}:
        yield from _sdf(file)
    elif kind in _TABLES:
        yield from _csv(str(path), file, _TABLES[kind])
    elif kind in _LINES:
        yield from _lines(file)
    else:
        raise ChemmaraError(f"{path}: {kind} files are not read; use .smi, .csv, .tsv, .parquet or .sdf")


def _guessed(file: IO[bytes]) -> "Iterator[pd.DataFrame]":
    """Standard input: a CSV if its first line has a comma and names a SMILES column, else one SMILES a line."""
    first, joined = _peeked(file)
    names = [name.strip().strip('"').lower() for name in first.replace(";", ",").split(",")]
    if len(names) > 1 and set(names) & set(SMILES_NAMES):
        yield from _csv("-", joined, ",")
    else:
        yield from _lines(joined)


def _peeked(file: IO[bytes]) -> tuple[str, IO[bytes]]:
    """The first line of a stream, and the whole stream."""
    first = file.readline()
    return first.decode(errors="replace"), io.BufferedReader(_Joined(first, file))


class _Joined(io.RawIOBase):
    """A line already read and the stream it came from, as one stream."""

    def __init__(self, head: bytes, tail: IO[bytes]) -> None:
        self._head, self._tail = head, tail

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] if self._head else self._tail.read1(len(buffer))  # type: ignore[attr-defined]
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)


def _csv(name: str, file: IO[bytes], separator: str) -> "Iterator[pd.DataFrame]":
    import pandas as pd

    first, file = _peeked(file)
    if separator == "," and "," not in first and ";" in first:  # as spreadsheets write where the comma is for decimals
        separator = ";"
    try:
        yield from pd.read_csv(file, sep=separator, dtype=str, keep_default_na=False, chunksize=1024)
    except pd.errors.EmptyDataError:
        return
    except pd.errors.ParserError as error:
        raise ChemmaraError(f"{name}: not a table: {str(error).strip()}") from None


def _lines(file: IO[bytes], size: int = 1024) -> "Iterator[pd.DataFrame]":
    """SMILES, and what follows the first blank as its name; empty lines and a header line are passed over.

    There is a column of names if one of the first `size` rows has a name.
    """
    import pandas as pd

    rows = (line.decode().lstrip("\ufeff").strip().split(None, 1) for line in file)  # some editors begin by a mark
    rows = (row for row in rows if row)
    first = next(rows, None)
    if first is not None and first[0].lower() in SMILES_NAMES:
        first = next(rows, None)
    if first is None:
        return
    rows, named = chain([first], rows), None
    while batch := list(islice(rows, size)):
        named = any(len(row) > 1 for row in batch) if named is None else named
        table = {"smiles": [row[0] for row in batch]}
        if named:
            table["name"] = [row[1] if len(row) > 1 else "" for row in batch]
        yield pd.DataFrame(table, dtype=str)


def _parquet(path: Path, file: IO[bytes]) -> "Iterator[pd.DataFrame]":
    import pyarrow as pa
    from pyarrow import parquet

    try:
        for batch in parquet.ParquetFile(file).iter_batches(1024):
            table = batch.to_pandas()
            yield table.astype(object).where(table.notna(), "").astype(str)
    except pa.ArrowInvalid as error:
        raise ChemmaraError(f"{path}: not a parquet file ({str(error).splitlines()[0]})") from None


def _sdf(file: IO[bytes], size: int = 256) -> "Iterator[pd.DataFrame]":
    """Records of an SD file with their properties; an unreadable record is a row without SMILES.

    The columns are those of the first records.
    """
    import pandas as pd
    from rdkit import rdBase
    from rdkit.Chem import ForwardSDMolSupplier

    columns: list[str] | None = None
    with rdBase.BlockLogs():
        records = iter(ForwardSDMolSupplier(file))
        while batch := list(islice(records, size)):
            rows = [
                {}
                if mol is None
                else {"smiles": canonical(mol), **{k: str(v) for k, v in mol.GetPropsAsDict().items()}}
                for mol in batch
            ]
            columns = columns or ["smiles", *dict.fromkeys(key for row in rows for key in row if key != "smiles")]
            yield pd.DataFrame(rows, columns=columns).fillna("").astype(str)


def count_rows(source: str | Path) -> int | None:
    """About how many rows a file has, for a progress bar: lines, records or rows; None where it cannot be known."""
    path = Path(source)
    kind = next(iter(suffixes(path)), "")
    if str(source) == "-" or not path.is_file():
        return None
    with open_bytes(path) as file:
        if kind == ".parquet":
            import pyarrow.parquet

            return int(pyarrow.parquet.ParquetFile(io.BytesIO(file.read())).metadata.num_rows)
        mark = b"$$$$" if kind in {".sdf", ".sd"} else b"\n"
        found = sum(block.count(mark) for block in iter(lambda: file.read(1 << 20), b""))
        return found - (kind in _TABLES)
