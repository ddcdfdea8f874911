"""What `chemmara export` takes out of a library: the rows that are wanted, described."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.metrics.properties import PROPERTIES
from chemmara.molecules.chem import packed_bytes
from chemmara.molecules.fingerprint_blocks import to_rows
from chemmara.molecules.library import Library
from chemmara.selection.cells import Numbers
from chemmara.selection.distinct import Distinct
from chemmara.selection.kept_rows import KeptRows
from chemmara.selection.known import Known
from chemmara.selection.picks import LeftOut, SmilesOf, best, maxmin, weighted
from chemmara.selection.take_out import added_columns, described
from chemmara.selection.where import Condition, Keeps, keeping

SCORES: Final = ("total", "score")
"""Columns of scores, where none is named."""
DIVERSITY: Final = 0.5
"""Weight of the distance beside that of the score in a diverse set."""
_WITHOUT_SCORE: Final = -np.finfo(float).max
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """Which molecules are wanted, and what is to be said of them."""

    top: int | None = None  # the best
    diverse: int | None = None  # good and different ones
    per_scaffold: int | None = None  # at most so many of a scaffold
    known: Known | None = None  # compounds to compare with
    where: tuple[Condition, ...] = ()  # all of which a molecule is to meet

    def chosen(
        self, scores: np.ndarray, smiles_of: SmilesOf, keeps: Keeps | None = None
    ) -> tuple[list[int], list[int] | None]:
        """The rows that are wanted, in their order; and the places of the diverse ones, if they were wanted."""
        if self.diverse is None:
            return best(scores, smiles_of, self.top, self.per_scaffold, keeps), None
        rows = weighted(scores, smiles_of, self.diverse, DIVERSITY, self.per_scaffold, keeps)
        return rows, list(range(len(rows)))

    @property
    def takes_all(self) -> bool:
        """Whether all are wanted, not the best or diverse ones alone."""
        return self.top is None and self.diverse is None

    def eligible(self, scores: np.ndarray) -> np.ndarray:
        """Scores, NaN where one of 0 is not to be taken, for the best or diverse ones are wanted and not all."""
        return scores if self.takes_all else above_zero(scores)


def components_in(columns: Sequence[str]) -> list[str]:
    """Columns of components that `chemmara score` wrote: they stand between total and error.

    >>> components_in(["smiles", "tpsa", "total", "alerts", "error", "scaffold"]), components_in(["alerts", "error"])
    (['alerts'], [])
    """
    if "total" not in columns or "error" not in columns:
        return []
    return list(columns[columns.index("total") + 1 : columns.index("error")])


def added_to(columns: Sequence[str], wish: Wish) -> list[str]:
    """Columns that a library's export gets: all of `take_out.described` but those that are components of its scores."""
    kept = components_in(columns)
    added = added_columns(picks=wish.diverse is not None, known=wish.known is not None)
    return [name for name in added if name not in kept]


def export_library(
    library: Library, wish: Wish, score_column: str | None = None, advance: Callable[[int], None] = lambda _: None
) -> pd.DataFrame:
    """The wanted molecules of a library with its columns and those of `added_to`, in place of its own of these names.

    `score_column`: default total or score; without one, the best are the first, and different ones are picked by
    distance alone. Where all are wanted, those without a score come last. Of scores from 0 to 1, one of 0 is neither
    among the best nor picked. `advance` is called with how many rows were read. ChemmaraError where the best are wanted
    and there is no score, or where no molecule is valid.
    """
    with KeptRows(library, advance) as rows:
        column = column_of_scores(rows, score_column)
        keeps = keeping_rows(rows, wish.where, anew=added_to(rows.columns, wish))
        if column is None and wish.top is not None:
            raise ChemmaraError(f"{rows.source}: has no column {' or '.join(SCORES)}; name it by --score-column")
        if column is None and wish.diverse is not None:
            chosen, picks = _most_different(rows, wish, keeps)
        elif wish.takes_all:
            scores = None if column is None else scores_in(rows, column, needed=score_column is not None)
            chosen, picks = _all(rows, wish, scores, keeps), None
        else:
            scores = np.zeros(len(rows)) if column is None else wish.eligible(scores_in(rows, column))
            scores = scores if wish.diverse is None else from_zero_to_one(scores)
            chosen, picks = wish.chosen(scores, rows.smiles, keeps)
        if not chosen:
            raise nothing_to_take(rows.source, scored=column is not None and not wish.takes_all, where=wish.where)
        kept = components_in(rows.columns)
        return described(rows.table(chosen), rows.smiles_column, picks, wish.known, kept)


def keeping_rows(rows: KeptRows, where: Sequence[Condition], *, anew: Collection[str] = ()) -> Keeps | None:
    """What of a library meets all conditions; None without any. `anew`: properties that are not taken from its columns.

    A note says how many cells are no numbers in a column of which more or less is asked. ChemmaraError where a number
    has a comma.
    """
    for column in dict.fromkeys(condition.name for condition in where if condition.is_numeric):
        if column in rows.columns and not (column in anew and column in PROPERTIES):
            cells = Numbers.read(rows.source, column, rows.column(column))
            cells.tell_words(rows.source, column, "these molecules do not meet --where")
    return keeping(where, rows.columns, rows.cell, rows.source, anew=anew) if where else None


def nothing_to_take(source: str, *, scored: bool, where: Sequence[Condition]) -> ChemmaraError:
    """The error where no molecule can be taken: of those with a score above 0, that meet all conditions."""
    wanted = [" with a score above 0"] * scored + [" that meets all of --where"] * bool(where)
    return ChemmaraError(f"{source}: no valid molecule{''.join(wanted)}")


def _all(rows: KeptRows, wish: Wish, scores: np.ndarray | None, keeps: Keeps | None) -> list[int]:
    """All rows that can be taken, the best first and those without a score last; a note counts the others."""
    scores = np.zeros(len(rows)) if scores is None else np.where(np.isnan(scores), _WITHOUT_SCORE, scores)
    left_out = LeftOut()
    chosen = best(scores, rows.smiles, None, wish.per_scaffold, keeps, left_out)
    _tell(rows, left_out)
    return chosen


def _tell(rows: KeptRows, left_out: LeftOut) -> None:
    if text := str(left_out):
        _log.warning("%s: %s", rows.source, text)


def _most_different(rows: KeptRows, wish: Wish, keeps: Keeps | None) -> tuple[list[int], list[int]]:
    if wish.per_scaffold is not None:
        raise ChemmaraError(f"{rows.source}: --per-scaffold with --diverse needs scores; name them by --score-column")
    found = Distinct.read(rows.column(rows.smiles_column), packed_bytes, keeps=keeps)
    _tell(rows, LeftOut(found.invalid, found.duplicates))
    picked = maxmin(to_rows(found.described), wish.diverse or 0)
    return found.rows[picked].tolist(), list(range(len(picked)))


def column_of_scores(rows: KeptRows, given: str | None) -> str | None:
    """The column of scores: the given one, or total, or score; None without. ChemmaraError for a wrong name."""
    if given is not None and given not in rows.columns:
        raise ChemmaraError(f"{rows.source}: has no column {given!r}; it has {', '.join(rows.columns)}")
    return given or next((name for name in SCORES if name in rows.columns), None)


def scores_in(rows: KeptRows, column: str, *, needed: bool = True) -> np.ndarray:
    """A column of scores; NaN where a cell is empty or no number, of which a note says how many there are.

    ChemmaraError where a number has a comma, or where scores are `needed` and no cell is a number.
    """
    scores = Numbers.read(rows.source, column, rows.column(column))
    if needed and np.isnan(scores.found).all():
        raise ChemmaraError(f"{rows.source}: column {column!r} has no number in it; name another by --score-column")
    scores.tell_words(rows.source, column, "these molecules have no score")
    return scores.found


def above_zero(scores: np.ndarray) -> np.ndarray:
    """Scores with NaN in place of 0, if all lie between 0 and 1: such a molecule was ruled out, or meets no wish.

    >>> above_zero(np.array([0.5, 0.0, np.nan])), above_zero(np.array([-7.5, 0.0]))
    (array([0.5, nan, nan]), array([-7.5,  0. ]))
    """
    known = scores[np.isfinite(scores)]
    in_bounds = not len(known) or (known.min() >= 0 and known.max() <= 1)
    return np.where(scores == 0, np.nan, scores) if in_bounds else scores


def from_zero_to_one(scores: np.ndarray) -> np.ndarray:
    """Scores as they are if all lie between 0 and 1; else from 0 for the lowest to 1 for the highest.

    >>> from_zero_to_one(np.array([5.0, 9.0, 6.0])), from_zero_to_one(np.array([0.25, np.nan]))
    (array([0.  , 1.  , 0.25]), array([0.25,  nan]))
    """
    known = scores[np.isfinite(scores)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if 0 <= low <= high <= 1:
        return scores
    return np.where(np.isfinite(scores), (scores - low) / (high - low or 1.0), np.nan)
