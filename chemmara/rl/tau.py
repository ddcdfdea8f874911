"""Tau, the score from which a sample is good: a fixed number, a percentile, or as high as diversity allows."""

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
    """Tau of each step, and the scores that it depends on."""

    config: TauConfig
    scores: dict[str, float] = field(default_factory=dict)  # over the run: by SMILES, or the best by scaffold

    def of_batch(self, smiles: list[str], scores: np.ndarray) -> float:
        """Tau for a batch that was just scored; '' marks an invalid SMILES, NaN a molecule without a score."""
        found = {text: float(score) for text, score in zip(smiles, scores, strict=True) if text and score == score}  # noqa: PLR0124 - not NaN
        config = self.config
        if isinstance(config, PercentileTau):
            if config.over == "run":
                self.scores |= found
                found = self.scores
            return max(config.at_least, float(np.percentile(list(found.values()), config.percentile)) if found else 0.0)
        if isinstance(config, AdaptiveTau):
            self._record_scaffolds(found)
            best = sorted(self.scores.values(), reverse=True)
            reached = best[config.scaffolds - 1] if len(best) >= config.scaffolds else 0.0
            return float(np.clip(reached, config.at_least, config.at_most))
        return config

    def _record_scaffolds(self, found: dict[str, float]) -> None:
        for smiles, score in found.items():
            molecule = parse(smiles)
            key = "" if molecule is None else scaffold(molecule)
            self.scores[key] = max(score, self.scores.get(key, 0.0))

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {"scores": self.scores}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.scores = dict(state["scores"])
