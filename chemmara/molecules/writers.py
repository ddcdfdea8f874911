"""Tables into files of every usual kind, table by table, so that memory stays flat."""

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.quiet import QUIET

if TYPE_CHECKING:
    import pandas as pd

WRITTEN: Final = (".csv", ".tsv", ".parquet", ".sdf", ".smi")
"""Kinds of files that can be written; all but .parquet also packed, as .csv.gz."""
_NAMES: Final = (
    "name", "title", "id", "molecule_name", "compound_name", "compound", "compound_id", "molecule_id",
    "chembl_id", "molecule_chembl_id", "zinc_id", "catalogue_no", "catalog_no", "catalogue_number", "catalog_number",
    "catalogue_id", "catalog_id", "supplier_id", "vendor_id", "product_id", "idnumber", "id_number",
)  # fmt: skip
_WORDS: Final = re.compile(r"[^a-z0-9]+")  # what parts the words of a column's name
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-|")  # a number, a dash
Write = Callable[["pd.DataFrame"], None]


def format_of(path: Path, default: str) -> tuple[str, bool]:
    """The kind of file that a path asks for, and whether packed by gzip; `default` where it has no suffix.

    ChemmaraError for one that we cannot write.

    >>> format_of(Path("scored.csv.gz"), ".smi"), format_of(Path("sample"), ".smi")
    (('.csv', True), ('.smi', False))
    """
    endings = [suffix.lower() for suffix in path.suffixes]
    packed = endings[-1:] == [".gz"]
    kind = (endings[:-1] if packed else endings)[-1:] or [default]
    if kind[0] not in WRITTEN or (packed and kind[0] == ".parquet"):
        raise ChemmaraError(
            f"{path}: {''.join(endings[-2:])} files are not written; use {', '.join(WRITTEN)} or .csv.gz"
        )
    return kind[0], packed


@contextmanager
def table_writer(
    file: IO[bytes], kind: str, *, packed: bool = False, smiles: str = "smiles", name: str | None = None
) -> Iterator[Write]:
    """A function that writes tables with the same columns to a binary file, one after the other.

    In .csv and .tsv a text that begins like a formula (= + - @) has a ' before it, so that a spreadsheet shows it.
    `smiles` is the column of SMILES. `name` is the column of what stands beside it in .smi, and is the title in .sdf;
    none: the first whose name is a usual one (name, title, id, ...). A row that is no molecule is an .sdf record
    without atoms, its SMILES among its data.
    """
    if packed:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as inner:
            yield from _writer(cast("IO[bytes]", inner), kind, smiles, name)
    else:
        yield from _writer(file, kind, smiles, name)


def _writer(file: IO[bytes], kind: str, smiles: str, name: str | None) -> Iterator[Write]:
    match kind:
        case ".parquet":
            yield from _parquet(file)
        case ".sdf":
            yield lambda table: _sdf(file, table, smiles, name or name_column(table))
        case ".smi":
            yield lambda table: _smi(file, table, smiles, name or name_column(table))
        case _:
            yield _csv(file, "\t" if kind == ".tsv" else ",")


def name_column(table: "pd.DataFrame") -> str | None:
    """The first column of names by its usual name (name, title, id, ...), however written; None if there is none.

    >>> import pandas as pd
    >>> name_column(pd.DataFrame(columns=["SMILES", "Price", "Catalogue no."]))
    'Catalogue no.'
    """
    plain = {_WORDS.sub("_", str(column).lower()).strip("_"): str(column) for column in reversed(table.columns)}
    return next((plain[usual] for usual in _NAMES if usual in plain), None)


def _csv(file: IO[bytes], separator: str) -> Write:
    header = [True]

    def write(table: "pd.DataFrame") -> None:
        text = _without_formulas(table).to_csv(index=False, header=header[0], lineterminator="\n", sep=separator)
        header[0] = False
        file.write(text.encode())

    return write


def _without_formulas(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with ' before every text, names of columns too, that a spreadsheet would take for a formula and run."""
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    safe = table.assign(**{str(name): [_no_formula(cell) for cell in table[name]] for name in texts})
    return safe.set_axis([_no_formula(name) for name in safe.columns], axis=1)


def _no_formula(cell: object) -> object:
    """A cell with ' before it if it begins like a formula (OWASP, CSV injection); a number stays one.

    >>> [_no_formula(cell) for cell in ("=1+1", "-3.5e2", "-OH", "CCO", 2.5)]
    ["'=1+1", '-3.5e2', "'-OH", 'CCO', 2.5]
    """
    is_formula = isinstance(cell, str) and cell.startswith(_FORMULA) and not _PLAIN.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def _smi(file: IO[bytes], table: "pd.DataFrame", smiles: str, name: str | None) -> None:
    texts = [(str(text).split(None, 1) or [""])[0] for text in table[smiles]]
    names = table[name].tolist() if name is not None and name != smiles else [""] * len(texts)
    # without a SMILES a name would be read as one
    lines = (f"{text} {_one_line(beside)}".rstrip() if text else "" for text, beside in zip(texts, names, strict=True))
    file.write("".join(f"{line}\n" for line in lines).encode())


def _parquet(file: IO[bytes]) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    opened: list[Any] = []

    def write(table: "pd.DataFrame") -> None:
        rows = pa.Table.from_pandas(table, schema=opened[0].schema if opened else None, preserve_index=False)
        if not opened:
            opened.append(parquet.ParquetWriter(file, rows.schema))
        opened[0].write_table(rows)

    try:
        yield write
    finally:
        for writer in opened:
            writer.close()


def _sdf(file: IO[bytes], table: "pd.DataFrame", smiles: str, name: str | None) -> None:
    from rdkit.Chem import Mol, SDWriter

    tags = {column: _one_line(column).translate({60: "_", 62: "_"}) for column in table.columns}  # no < and >
    for row in table.to_dict("records"):
        molecule = parse(str(row[smiles])) or Mol()
        molecule.SetProp("_Name", "" if name is None else _one_line(row[name]))
        for column, value in row.items():
            molecule.SetProp(tags[str(column)], _one_line(value))
        with QUIET:
            file.write(SDWriter.GetText(molecule).encode())


def _one_line(value: object) -> str:
    """A cell as text without line breaks, which end a record's data; NaN is ''."""
    return "" if value != value else " ".join(str(value).split())  # noqa: PLR0124 - NaN alone differs from itself
