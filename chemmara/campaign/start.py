"""What a campaign starts from besides its prior: known molecules, as seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chemmara.config import Strict, UserPath
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles
from chemmara.molecules.library import open_library
from chemmara.scoring.scores import Scores

_SHOWN = 3  # molecules that a message names


class StartConfig(Strict):
    """What the campaign starts from, besides its prior."""

    seeds: UserPath | None = None
    """File of known molecules (actives), which the campaign knows from the beginning as if it had found them."""
    seed_scores: str | None = None
    """Column of that file with their scores, 0 to 1: they cost no call, and no call is spent on them later. Left out:
    they are measured first, out of the budget."""


@dataclass(frozen=True)
class Seeds:
    """The different molecules of a file of seeds."""

    smiles: list[str]  # canonical
    scores: list[float] | None  # where the file has them

    def known(self) -> Scores:
        """Their scores from the file."""
        number = len(self.smiles)
        total = np.array(self.scores, dtype=float)
        return Scores(
            self.smiles, total, {}, np.ones(number, dtype=bool), [""] * number, np.zeros(number, dtype=np.int64)
        )


def read_seeds(config: StartConfig) -> Seeds | None:
    """The seeds of a campaign; of a molecule that stands there twice, the first.

    Raises:
        ChemmaraError: the file cannot be read, or has no such column; a molecule is not valid; a score is not a number
            from 0 to 1.
    """
    if config.seeds is None:
        if config.seed_scores is not None:
            raise ChemmaraError("start: seed_scores names a column of the file that `seeds` names; give that, too")
        return None
    library, column = open_library(config.seeds), config.seed_scores
    if column is not None and column not in library.columns:
        raise ChemmaraError(f"{config.seeds}: has no column {column!r}; it has {', '.join(library.columns)}")
    table = pd.concat(library.chunks())
    smiles = [canonical_smiles(text) or "" for text in table[library.smiles_column]]
    _refuse(config, [text for text, own in zip(table[library.smiles_column], smiles, strict=True) if not own])
    scores = None if column is None else _scores(config, table[column].tolist())
    first = {own: row for row, own in reversed(list(enumerate(smiles)))}
    rows = sorted(first.values())
    return Seeds([smiles[row] for row in rows], None if scores is None else [scores[row] for row in rows])


def _refuse(config: StartConfig, invalid: Sequence[str]) -> None:
    if invalid:
        shown = ", ".join(repr(text) for text in invalid[:_SHOWN])
        raise ChemmaraError(f"{config.seeds}: {len(invalid)} seeds are no valid SMILES: {shown}; mend or remove them")


def _scores(config: StartConfig, cells: Sequence[str]) -> list[float]:
    values = [_number(cell) for cell in cells]
    wrong = [cell for cell, value in zip(cells, values, strict=True) if not 0.0 <= value <= 1.0]
    if wrong:
        shown = ", ".join(repr(cell) for cell in wrong[:_SHOWN])
        raise ChemmaraError(
            f"{config.seeds}: {config.seed_scores}: scores are numbers from 0 to 1, not {shown};"
            " `chemmara score` works them out from an objective"
        )
    return values


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
