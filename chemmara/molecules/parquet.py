"""Parquet files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from chemmara.errors import ChemmaraError
from chemmara.molecules.headers import Row, unlike

_INDEX = re.compile(r"__index_level_\d+__")  # pandas keeps a table's row labels under such names


def parquet(source: str, file: IO[bytes], size: int = 1024) -> Iterator[Row]:
    r"""Rows of a parquet file, the names of its columns first: every cell as text, missing ones "".

    A whole number stays one, also where its column has missing cells; a line end in a cell becomes "\n".
    ChemmaraError for what is not a parquet file.
    """
    from pyarrow import parquet as reader

    with _readable(source):
        opened = reader.ParquetFile(file)
        columns = [name for name in opened.schema_arrow.names if not _INDEX.fullmatch(name)]
        yield unlike(source, columns), ""
        for batch in opened.iter_batches(size, columns=columns):
            for cells in zip(*(_texts(column) for column in batch.columns), strict=True):
                yield list(cells), ""


def count(source: str, file: IO[bytes]) -> int:
    """Number of rows. ChemmaraError for what is not a parquet file."""
    from pyarrow import parquet as reader

    with _readable(source):
        return int(reader.ParquetFile(file).metadata.num_rows)


@contextmanager
def _readable(source: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise ChemmaraError(f"{source}: not a parquet file ({str(error).splitlines()[0]})") from None


def _texts(column: Any) -> list[str]:
    import pyarrow as pa

    if pa.types.is_floating(column.type):  # numpy writes as many digits as the number has in its own precision
        return ["" if text == "nan" else text for text in map(str, column.to_numpy(zero_copy_only=False))]
    return ["" if value is None else _one_line_end(str(value)) for value in column.to_pylist()]


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
