"""Tau, the score from which a sample is good: a fixed number, a percentile, or as high as diversity allows."""

from bisect import insort
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, PositiveInt, Tag

from chemmara.config import Fraction, Strict
from chemmara.molecules.chem import parse, scaffold


class PercentileTau(Strict):
    """A percentile of scores, for objectives of unknown range (the paper takes the 90th of the batch)."""

    kind: Literal["percentile"] = "percentile"
    """Tau is a percentile of the scores of valid molecules."""
    percentile: Annotated[float, Field(ge=0, le=100)] = 90.0
    """Per cent of the molecules that score lower."""
    over: Literal["batch", "run"] = "batch"
    """Percentile of the sampled batch, or of all molecules of the run so far."""
    at_least: Fraction = 0.1
    """Tau never falls below this; otherwise the best of a bad batch would be good."""


class AdaptiveTau(Strict):
    """As high as possible while enough different scaffolds found so far reach it."""

    kind: Literal["adaptive"] = "adaptive"
    """Tau follows the scaffolds found so far."""
    scaffolds: PositiveInt = 25
    """Distinct Bemis-Murcko scaffolds that must reach tau."""
    at_least: Fraction = 0.3
    """Lowest tau, and its value at the start."""
    at_most: Fraction = 1.0
    """Highest tau: no molecule needs to be better than this."""


def _form(value: object) -> str:
    return "number" if isinstance(value, int | float | str) else "table"


_Number = Annotated[Fraction, Tag("number")]
_Table = Annotated[
    Annotated[PercentileTau | AdaptiveTau, Field(discriminator="kind")],
    Tag("table"),
]
TauConfig = Annotated[_Number | _Table, Discriminator(_form)]
"""A fixed tau as a number, or a table that says how tau follows the scores."""


@dataclass
class Tau:
    """Tau of each step, and the scores that it depends on; each is what the molecule earned when it first came."""

    config: TauConfig
    seen: set[str] = field(default_factory=set)  # percentile over the run: molecules
    scores: list[float] = field(default_factory=list)  # their scores, ascending
    best: dict[str, float] = field(default_factory=dict)  # adaptive: best scores by scaffold, as many as are needed

    def of_step(self, smiles: list[str], filtered_scores: np.ndarray) -> float:
        """Tau for a batch (n,) that was just sampled; '' marks an invalid SMILES, NaN a molecule without a score.

        It is taken from what the molecules earn, after repeats and diversity filter, as what is good is: tau then never
        lies above all that the batch earned.
        """
        known = ~np.isnan(filtered_scores)
        found = {text: float(filtered_scores[i]) for i, text in enumerate(smiles) if text and known[i]}
        config = self.config
        if isinstance(config, PercentileTau):
            scores = sorted(found.values()) if config.over == "batch" else self._of_the_run(found)
            return max(config.at_least, _percentile(scores, config.percentile)) if scores else config.at_least
        if isinstance(config, AdaptiveTau):
            self._keep_best_scaffolds(found, config.scaffolds)
            reached = min(self.best.values()) if len(self.best) == config.scaffolds else 0.0
            return float(np.clip(reached, config.at_least, config.at_most))
        return config

    def _of_the_run(self, found: dict[str, float]) -> list[float]:
        for smiles, score in found.items():
            if smiles not in self.seen:
                self.seen.add(smiles)
                insort(self.scores, score)
        return self.scores

    def _keep_best_scaffolds(self, found: dict[str, float], number: int) -> None:
        """A scaffold outside the best ones matters again only with a better score, which brings it back."""
        for smiles, score in found.items():
            molecule = parse(smiles)
            key = "" if molecule is None else scaffold(molecule)
            self.best[key] = max(score, self.best.get(key, 0.0))
        self.best = dict(sorted(self.best.items(), key=lambda item: -item[1])[:number])

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {"seen": sorted(self.seen), "scores": self.scores, "best": self.best}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.seen, self.scores, self.best = set(state["seen"]), list(state["scores"]), dict(state["best"])


def _percentile(ascending: list[float], percentile: float) -> float:
    """Linear between the two nearest, as numpy's."""
    place = percentile / 100 * (len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])
