"""What a molecule earns when the policy samples it again."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

Repeats = Literal["score", "once-a-step", "nothing", "visits"]
RULES: Final[dict[Repeats, str]] = {
    "score": "its score, every time",
    "once-a-step": "its score in every step, but only once a step: its other rows are left out",
    "nothing": "0",
    "visits": "its reward less beta log n, where n counts the times that it was sampled, this time among them",
}


@dataclass
class Visits:
    """How often the policy has sampled each molecule."""

    repeats: Repeats
    counts: Counter[str] = field(default_factory=Counter)  # by canonical SMILES

    def of_batch(self, smiles: list[str], scores: np.ndarray) -> np.ndarray:
        """Scores (n,) of a sampled batch after the rule, in row order: 0 or NaN (left out) where a repeat earns none.

        Every valid molecule is counted. An invalid SMILES ("") is never a repeat.
        """
        left, here = scores.copy(), Counter[str]()
        for row, molecule in enumerate(smiles):
            if not molecule:
                continue
            if self.repeats == "nothing" and self.counts[molecule] + here[molecule]:
                left[row] = np.where(np.isnan(scores[row]), np.nan, 0.0)
            elif self.repeats == "once-a-step" and here[molecule]:
                left[row] = np.nan
            here[molecule] += 1
        if self.repeats in ("nothing", "visits"):
            self.counts.update(here)
        return left

    def log_visits(self, smiles: list[str]) -> np.ndarray:
        """(n,) log of the times that each molecule was sampled; 0 for an invalid SMILES and under the other rules."""
        if self.repeats != "visits":
            return np.zeros(len(smiles))
        return np.log([max(1, self.counts[molecule]) if molecule else 1 for molecule in smiles])
