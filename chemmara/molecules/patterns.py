"""Files of substructure patterns, such as a company's own alerts."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse_pattern
from chemmara.molecules.delimited import delimited
from chemmara.molecules.readers import lines_of

_MARKS = {".csv": ",", ".tsv": "\t"}
_NAMES = ("name", "alert", "description", "pattern_name", "rule_name")


class Pattern(NamedTuple):
    """A substructure, and what it is called."""

    name: str  # the SMARTS itself where it has no other
    smarts: str


def read_patterns(path: Path) -> tuple[Pattern, ...]:
    """The patterns of a file in their order.

    A file .csv or .tsv is a table: a column smarts, and names in one called name, alert, description, pattern_name or
    rule_name. Any other holds a SMARTS a line, and its name behind a blank; lines that begin with # are passed over.
    Each may be packed (.csv.gz, .zip, ...). ChemmaraError, with the line's or row's number, for what is not SMARTS;
    where there is no pattern, or no such file.
    """
    with lines_of(str(path), "patterns") as (suffix, lines):
        mark = _MARKS.get(suffix)
        patterns = tuple(_of_lines(path, lines) if mark is None else _of_table(path, lines, mark))
    if not patterns:
        raise ChemmaraError(f"{path}: holds no pattern")
    return patterns


def _of_lines(path: Path, lines: Iterator[str]) -> Iterator[Pattern]:
    for number, line in enumerate(lines, 1):
        smarts, *name = line.strip().split(None, 1) or [""]
        if smarts and not smarts.startswith("#"):
            yield _checked(f"{path}: line {number}", smarts, *name)


def _of_table(path: Path, lines: Iterator[str], mark: str) -> Iterator[Pattern]:
    rows = (cells for cells, _ in delimited(str(path), lines, mark))
    columns = [column.strip().lower() for column in next(rows, [])]
    if "smarts" not in columns:
        raise ChemmaraError(f"{path}: has no column smarts (it has {', '.join(columns) or 'none'})")
    named = next((columns.index(name) for name in _NAMES if name in columns), None)
    for number, cells in enumerate(rows, 1):
        yield _checked(
            f"{path}: row {number}", cells[columns.index("smarts")], cells[named] if named is not None else ""
        )


def _checked(place: str, smarts: str, name: str = "") -> Pattern:
    if parse_pattern(smarts) is None:
        raise ChemmaraError(f"{place}: {smarts!r} is not SMARTS")
    return Pattern(name.strip() or smarts, smarts)
