"""What surrogates learn, and how the scores of candidates follow from what they say."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores


class Targets(Protocol):
    """One or more values of a molecule, modelled in place of measuring it."""

    def of(self, scores: Scores) -> np.ndarray:
        """Values (n, k) to learn from; NaN where there is none."""
        ...

    def scores(self, smiles: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Scores (m, n) of candidates for m guesses of their values (m, n, k)."""
        ...


class ScoreTarget:
    """The score itself."""

    def of(self, scores: Scores) -> np.ndarray:
        """The score (n, 1)."""
        return scores.total[:, None]

    def scores(self, smiles: Sequence[str], values: np.ndarray) -> np.ndarray:
        """The guesses themselves."""
        del smiles
        return values[..., 0]


class CostlyTargets:
    """The desirability of every costly component; the others are computed for every candidate."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._costly = objective.costly

    def of(self, scores: Scores) -> np.ndarray:
        """Desirabilities (n, k) of 0 to 1 of the costly components; NaN where one was spared or failed."""
        if not scores.components:  # seeds, whose scores are known and nothing else
            return np.full((len(scores.smiles), int(self._costly.sum())), np.nan)
        raw = np.column_stack(list(scores.components.values()))
        return self._objective.desirabilities(raw)[:, self._costly]

    def scores(self, smiles: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Scores (m, n) with the guesses cut to 0..1; 0 where a cheap component rules a candidate out."""
        exact = self._objective.desirabilities(self._objective.cheap_values(smiles))
        totals = []
        for guess in values:
            desirabilities = exact.copy()
            desirabilities[:, self._costly] = np.clip(guess, 0.0, 1.0)
            totals.append(self._objective.score(desirabilities))
        return np.array(totals).reshape(len(values), len(smiles))
