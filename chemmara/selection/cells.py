"""Cells of a library as numbers, and what there is to say of those that are none."""

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from chemmara.errors import ChemmaraError

_log = logging.getLogger(__name__)
_WITH_COMMA: Final = re.compile(r"[-+]?[\d.]*(,\d+)+(\.\d*)?")


def number(cell: object) -> float | None:
    """A cell as a number; None where it is none.

    >>> number("12.5"), number(90), number(">0.5"), number("")
    (12.5, 90.0, None, None)
    """
    try:
        return float(str(cell))
    except ValueError:
        return None


def has_comma(place: str, cell: str) -> ChemmaraError:
    """The error for a number with a comma, which may stand for a decimal point or for thousands."""
    return ChemmaraError(f"{place} is {cell!r}: write numbers with a decimal point and without separators of thousands")


@dataclass(frozen=True)
class Numbers:
    """A column as numbers."""

    found: np.ndarray  # (n,) NaN where a cell is empty or no number
    words: int  # cells that are neither empty nor a number
    example: str  # the first of these, with its row

    @classmethod
    def read(cls, source: str, column: str, cells: Iterable[str]) -> "Numbers":
        """The cells of a column, row by row.

        >>> Numbers.read("x.csv", "score", ["0.9", "", ">0.5"])
        Numbers(found=array([0.9, nan, nan]), words=1, example="row 3: '>0.5'")

        Raises:
            ChemmaraError: a number has a comma in it, which may stand for a decimal point or for thousands.
        """
        values, words, example = list[float](), 0, ""
        for row, cell in enumerate(cells, 1):
            value = number(cell)
            if value is None and _WITH_COMMA.fullmatch(cell.strip()):
                raise has_comma(f"{source}: row {row}: {column!r}", cell)
            is_word = bool(cell.strip()) if value is None else math.isinf(value)
            if is_word and not words:
                example = f"row {row}: {cell!r}"
            words += is_word
            values.append(math.nan if value is None or is_word else value)
        return cls(np.array(values, dtype=float), words, example)

    def tell_words(self, source: str, column: str, effect: str) -> None:
        """A note on the cells that are no numbers, where there are some, and on the `effect` on their molecules."""
        if self.words:
            _log.warning(
                "%s: column %r: %d of %d cells are no numbers (%s); %s",
                source, column, self.words, len(self.found), self.example, effect,
            )  # fmt: skip
