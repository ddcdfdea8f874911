"""From a batch's scores to what its loss sees: threshold, anchor, MARA, clusters and memory, in their order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chemmara.rl.anchors import Anchors
from chemmara.rl.clusters import Clusters
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import REWARDS, mara_swapped
from chemmara.rl.thresholds import Threshold


@dataclass(frozen=True)
class Rows:
    """Scored sequences to learn from; row i of every field is the same one."""

    tokens: Tensor  # (n, length)
    smiles: list[str]  # canonical; "" for what is no molecule
    texts: list[str]  # as written
    scores: np.ndarray  # (n,) 0 for what is no molecule, NaN for no score
    earned: np.ndarray  # (n,) the scores after the diversity memory
    behaviour_logp: Tensor | None = None  # (n,) under the policy that sampled them; None: the present one

    def measured(self) -> "Rows":
        """The rows that have a score."""
        keep = np.flatnonzero(~np.isnan(self.scores))
        behaviour = self.behaviour_logp
        return Rows(
            self.tokens[torch.from_numpy(keep)],
            [self.smiles[i] for i in keep],
            [self.texts[i] for i in keep],
            self.scores[keep],
            self.earned[keep],
            None if behaviour is None else behaviour[torch.from_numpy(keep)],
        )


@dataclass
class Augmentation:
    """The rewards of a method, with what they remember from batch to batch."""

    method: MethodConfig
    threshold: Threshold
    anchors: Anchors
    clusters: Clusters | None

    @classmethod
    def of(cls, method: MethodConfig, generator: torch.Generator) -> "Augmentation":
        """As the method says, with nothing remembered."""
        return cls(
            method, Threshold(method.threshold), Anchors(method.anchor, generator), Clusters.of(method.equal_mass)
        )

    def rewards(self, rows: Rows, prior_logp: Tensor, tau: float) -> tuple[Tensor, Tensor]:
        """Rewards (n,), and the log-probabilities (n,) that stand for the prior's in the KL term.

        With clusters, a good sample's reward is less by beta log n_c, n_c the good members known of its cluster: by
        the law of MARA the optimum is then flat over clusters, not over strings.
        """
        method, last = self.method, self.method.order == "mara-first"
        values = rows.scores if last else rows.earned
        good = values >= tau
        scores = torch.as_tensor(values, dtype=prior_logp.dtype)
        anchor = self.anchors.choose(values, prior_logp.double().numpy(), rows.smiles, tau)
        settings: dict[str, Any] = {"threshold": tau, "beta": method.beta, "anchor": anchor}
        if method.rewards == "mara-2":
            rewards, prior_logp = mara_swapped(scores, prior_logp, threshold=tau, anchor=anchor)
        else:
            rewards = REWARDS[method.rewards](scores, prior_logp, **settings)
        if self.clusters:
            crowd = np.log(self.clusters.sizes(rows.smiles, rows.texts, good))
            rewards = rewards - method.beta * torch.as_tensor(crowd, dtype=rewards.dtype)
        if last:
            rewards = torch.where(torch.from_numpy(rows.earned == rows.scores), rewards, 0.0)
        return rewards, prior_logp

    def state(self) -> dict[str, Any]:
        """What a later batch depends on, as plain values."""
        return {
            "threshold": self.threshold.state(), "anchors": self.anchors.state(),
            "clusters": self.clusters.state() if self.clusters else [],
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.threshold.restore(state["threshold"])
        self.anchors.restore(state["anchors"])
        if self.clusters:
            self.clusters.restore(state["clusters"])
