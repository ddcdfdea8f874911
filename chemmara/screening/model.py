"""The model of a run: a surrogate for each target, and what they say of the scores of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import ndtri

from chemmara.molecules.chem import molecules_of
from chemmara.screening.acquisition import Forecast
from chemmara.screening.config import SurrogateName
from chemmara.screening.features import Features
from chemmara.screening.surrogates import SURROGATES, Posterior, Surrogate
from chemmara.screening.targets import ScoreTarget, Targets

_GUESSES: Final = 16  # values of a costly component that stand for its distribution


@dataclass
class Model:
    """Surrogates that are fitted anew in every step; what they share with the last fit is kept."""

    name: SurrogateName
    targets: Targets
    _surrogates: list[Surrogate] = field(default_factory=list)  # of the targets
    _places: dict[str, int] = field(default_factory=dict)  # of those learned from last and the last candidates
    _features: Features = field(default_factory=lambda: Features.of([]))  # of these

    def forecast(
        self, known: Sequence[str], values: np.ndarray, candidates: Sequence[str], features: Features,
        rng: np.random.Generator,
    ) -> Forecast:  # fmt: skip
        """Scores of candidates, learned from molecules and their values (n, targets).

        A single score is what its surrogate says. Several values, or values that are to be transformed, become scores
        by 16 guesses of each, which lie where a sixteenth of its distribution does.
        """
        learned = self._described(known)
        self._features = learned.and_then(features)
        self._places = {smiles: row for row, smiles in enumerate([*known, *candidates])}
        posteriors = self._fitted(learned, values)
        means, spreads = zip(*(posterior.predict(features) for posterior in posteriors), strict=True)

        def draw() -> np.ndarray:
            drawn = np.column_stack([posterior.draw(features, rng) for posterior in posteriors])
            return self.targets.scores(candidates, drawn[None])[0]

        if isinstance(self.targets, ScoreTarget):
            return Forecast(means[0], spreads[0], draw)
        steps = ndtri((np.arange(_GUESSES) + 0.5) / _GUESSES)
        guesses = [mean + rng.permutation(steps)[:, None] * sd for mean, sd in zip(means, spreads, strict=True)]
        scores = self.targets.scores(candidates, np.stack(guesses, axis=2))
        return Forecast(scores.mean(axis=0), scores.std(axis=0), draw)

    def _described(self, smiles: Sequence[str]) -> Features:
        """Features of molecules, of which those known from the last step are copied."""
        new = [text for text in smiles if text not in self._places]
        places = self._places | {text: row for row, text in enumerate(new, len(self._features))}
        every = self._features.and_then(Features.of(molecules_of(new)))
        return every[[places[text] for text in smiles]]

    def _fitted(self, learned: Features, values: np.ndarray) -> list[Posterior]:
        """A fitted surrogate of every target."""
        self._surrogates = self._surrogates or [SURROGATES[self.name]() for _ in values.T]
        return [surrogate.fit(learned, column) for surrogate, column in zip(self._surrogates, values.T, strict=True)]
