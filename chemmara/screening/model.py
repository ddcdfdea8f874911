"""The model of a run: a surrogate for each target, and what they say of the scores of candidates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from rdkit.Chem import Mol
from scipy.special import ndtri

from chemmara.molecules.chem import molecules_of
from chemmara.screening.acquisition import Forecast
from chemmara.screening.features import Features
from chemmara.screening.surrogates import Posterior, Surrogate
from chemmara.screening.targets import ScoreTarget, Targets

_GUESSES: Final = 16  # values of a costly component that stand for its distribution
_KEPT: Final = 8000  # molecules whose features are kept: those of some ten steps


@dataclass
class Model:
    """Surrogates that are fitted anew in every step; what was computed for the steps before is kept."""

    new: Callable[[], Surrogate]
    targets: Targets
    _surrogates: list[Surrogate] = field(default_factory=list)  # of the targets
    _places: dict[str, int] = field(default_factory=dict)  # of molecules seen of late, the latest first
    _features: Features = field(default_factory=lambda: Features.of([]))  # of these

    def forecast(
        self, known: Sequence[str], values: np.ndarray, candidates: Mapping[str, Mol], rng: np.random.Generator
    ) -> Forecast:
        """Scores of candidates (molecules by canonical SMILES), learned from molecules and their values (n, targets).

        A single score is what its surrogate says. Several values, or values that are to be transformed, become scores
        by 16 guesses of each, which lie where a sixteenth of its distribution does.
        """
        learned, features = self._described(known, candidates)
        posteriors = self._fitted(learned, values)
        means, spreads = zip(*(posterior.predict(features) for posterior in posteriors), strict=True)

        def draw() -> np.ndarray:
            drawn = np.column_stack([posterior.draw(features, rng) for posterior in posteriors])
            return self.targets.scores(list(candidates), drawn[None])[0]

        if isinstance(self.targets, ScoreTarget):
            return Forecast(means[0], spreads[0], draw)
        steps = ndtri((np.arange(_GUESSES) + 0.5) / _GUESSES)
        guesses = [mean + rng.permutation(steps)[:, None] * sd for mean, sd in zip(means, spreads, strict=True)]
        scores = self.targets.scores(list(candidates), np.stack(guesses, axis=2))
        return Forecast(scores.mean(axis=0), scores.std(axis=0), draw)

    def _described(self, known: Sequence[str], candidates: Mapping[str, Mol]) -> tuple[Features, Features]:
        """Features of both, of which those of molecules seen of late are copied; no candidate is a known molecule.

        A tenth of the candidates were candidates in the five steps before, and most of what is learned from was.
        """
        named = dict.fromkeys([*known, *candidates])
        new = [text for text in named if text not in self._places]
        molecules = [candidates.get(text) or molecules_of([text])[0] for text in new]
        places = self._places | {text: row for row, text in enumerate(new, len(self._features))}
        every = self._features.and_then(Features.of(new, molecules))
        kept = [*named, *(text for text in self._places if text not in named)][: max(_KEPT, len(named))]
        self._features = every[[places[text] for text in kept]]
        self._places = {text: row for row, text in enumerate(kept)}
        return self._features[: len(known)], self._features[len(known) : len(named)]

    def _fitted(self, learned: Features, values: np.ndarray) -> list[Posterior]:
        """A fitted surrogate of every target."""
        self._surrogates = self._surrogates or [self.new() for _ in values.T]
        return [surrogate.fit(learned, column) for surrogate, column in zip(self._surrogates, values.T, strict=True)]
