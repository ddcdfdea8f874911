"""Scored sequences to learn from: those just sampled, and those of the replay."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import pad
from chemmara.language_model.tokenizer import PAD


@dataclass(frozen=True)
class Rows:
    """Sequences with their scores; row i of every field is the same sequence."""

    tokens: Tensor  # (n, length)
    smiles: list[str]  # canonical; "" for an invalid SMILES
    texts: list[str]  # as written
    filtered_scores: np.ndarray  # (n,) after repeats and diversity filter; 0 for an invalid SMILES, NaN for no score
    prior_logp: np.ndarray  # (n,) nats
    behaviour_logp: np.ndarray  # (n,) under the policy that sampled them, nats; NaN where none did

    def __len__(self) -> int:
        return len(self.smiles)

    def chosen(self, keep: np.ndarray) -> "Rows":
        """The rows at these places."""
        return Rows(
            self.tokens[keep.tolist()],
            [self.smiles[i] for i in keep],
            [self.texts[i] for i in keep],
            self.filtered_scores[keep],
            self.prior_logp[keep],
            self.behaviour_logp[keep],
        )

    def written(self) -> list[np.ndarray]:
        """The token ids of every row, end token included, without padding."""
        return [row[row != PAD] for row in to_numpy(self.tokens)]

    def measured(self) -> "Rows":
        """The rows that have a score."""
        return self.chosen(np.flatnonzero(~np.isnan(self.filtered_scores)))


def together(parts: Sequence[Rows]) -> Rows:
    """All rows, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    tokens = [row[row != PAD] for part in parts for row in part.tokens]
    return Rows(
        pad(tokens),
        [smiles for part in parts for smiles in part.smiles],
        [text for part in parts for text in part.texts],
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("filtered_scores", "prior_logp", "behaviour_logp")
        ),
    )
