"""Files of one SMILES a line."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.headers import Row, holds_smiles, unlike

_AHEAD = 1024  # rows of a pipe among which there must be a name if there is one at all


def has_names(lines: Iterable[str]) -> bool:
    """Whether anything follows the SMILES on any line."""
    return any(len(_words(line)) > 1 for line in lines)


def smiles_lines(source: str, lines: Iterable[str], wanted: str | None, *, named: bool | None) -> Iterator[Row]:
    """SMILES, and what follows the first blank as its name: rows, the names of the columns first.

    Blank lines are no rows, nor is a first line that names the columns. There is a column of names if `named`; None: if
    one of the first rows has a name. ChemmaraError for a name that comes later, and for rows of a CSV without a header.
    """
    rows = ((number, words) for number, line in enumerate(lines, 1) if (words := _words(line)))
    first = next(rows, None)
    if first is None:
        return
    header = first[1] if holds_smiles(first[1][0], wanted) else []
    if not header:
        _refuse_a_table(source, *first)
        rows = chain([first], rows)
    ahead = list(islice(rows, _AHEAD)) if named is None else []
    with_names = named or len(header) > 1 or any(len(words) > 1 for _, words in ahead)
    columns = [*header, *["smiles", "name"][len(header) :]] if with_names else header or ["smiles"]
    yield unlike(source, columns), ""
    for number, words in chain(ahead, rows):
        if len(words) > len(columns):
            raise ChemmaraError(
                f"{source}: line {number} has a name, but the first {_AHEAD} have none; begin with a line `smiles name`"
            )
        yield words + [""] * (len(columns) - len(words)), ""


def _words(line: str) -> list[str]:
    return line.lstrip("\ufeff").strip().split(None, 1)  # files that were joined have such marks inside


def _refuse_a_table(source: str, number: int, words: list[str]) -> None:
    """A comma or semicolon is in no SMILES: what stands before it and is one is a cell."""
    before, mark, _ = re.sub(r"([,;])", r"\0\1\0", words[0], count=1).partition("\0")
    if mark and parse(before) is not None:
        raise ChemmaraError(
            f"{source}: line {number} ({words[0][:60]!r}) looks like a CSV without a header; begin with a line that"
            f" names the columns, such as smiles{words[0][len(before)]}name"
        )
