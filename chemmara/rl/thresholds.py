"""From which score on a sample is good: fixed, a percentile, or as high as diversity allows."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, PositiveInt, Tag

from chemmara.config import Fraction, Strict
from chemmara.molecules.chem import parse, scaffold


class PercentileThreshold(Strict):
    """A percentile of scores, for objectives of unknown range (the paper takes the 90th of the batch)."""

    kind: Literal["percentile"] = "percentile"
    """Tau is a percentile of the scores of molecules."""
    percentile: Annotated[float, Field(ge=0, le=100)] = 90.0
    """Per cent of the molecules that score lower."""
    over: Literal["batch", "run"] = "batch"
    """Of the sampled batch, or of all molecules of the run so far."""
    at_least: Fraction = 0.1
    """Tau never falls below this: else the best of a bad batch would be good."""


class AdaptiveThreshold(Strict):
    """As high as it can be while enough different scaffolds found so far reach it."""

    kind: Literal["adaptive"] = "adaptive"
    """Tau follows the scaffolds found."""
    scaffolds: PositiveInt = 25
    """Distinct Bemis-Murcko scaffolds that must reach tau."""
    at_least: Fraction = 0.3
    """Where tau starts."""
    at_most: Fraction = 1.0
    """Where tau stops: beyond it, no molecule need be better."""


def _form(value: object) -> str:
    return "number" if isinstance(value, int | float | str) else "table"


_Number = Annotated[Fraction, Tag("number")]
_Table = Annotated[
    Annotated[PercentileThreshold | AdaptiveThreshold, Field(discriminator="kind")],
    Tag("table"),
]
ThresholdConfig = Annotated[_Number | _Table, Discriminator(_form)]
"""A fixed tau as a number, or a table that says how tau follows the scores."""


@dataclass
class Threshold:
    """Tau of each step, and what it depends on."""

    config: ThresholdConfig
    scores: dict[str, float] = field(default_factory=dict)  # over the run: by SMILES, or the best by scaffold

    def tau(self, smiles: list[str], scores: np.ndarray) -> float:
        """The threshold for a batch just scored; '' marks what is no molecule, NaN what has no score."""
        found = {one: float(score) for one, score in zip(smiles, scores, strict=True) if one and score == score}  # noqa: PLR0124 - not NaN
        config = self.config
        if isinstance(config, PercentileThreshold):
            if config.over == "run":
                self.scores |= found
                found = self.scores
            return max(config.at_least, float(np.percentile(list(found.values()), config.percentile)) if found else 0.0)
        if isinstance(config, AdaptiveThreshold):
            self._remember_scaffolds(found)
            best = sorted(self.scores.values(), reverse=True)
            reached = best[config.scaffolds - 1] if len(best) >= config.scaffolds else 0.0
            return float(np.clip(reached, config.at_least, config.at_most))
        return config

    def _remember_scaffolds(self, found: dict[str, float]) -> None:
        for one, score in found.items():
            molecule = parse(one)
            key = "" if molecule is None else scaffold(molecule)
            self.scores[key] = max(score, self.scores.get(key, 0.0))

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {"scores": self.scores}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.scores = dict(state["scores"])
