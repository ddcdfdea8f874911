"""From the filtered scores of a batch to the rewards that its loss sees: anchor, MARA, clusters, in this order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chemmara.rl.anchors import Anchors
from chemmara.rl.clusters import Clusters
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import REWARDS, Anchor
from chemmara.rl.tau import Tau


@dataclass(frozen=True)
class Rows:
    """Scored sequences to learn from; row i of every field is the same sequence."""

    tokens: Tensor  # (n, length)
    smiles: list[str]  # canonical; "" for an invalid SMILES
    texts: list[str]  # as written
    filtered_scores: np.ndarray  # (n,) after the diversity filter; 0 for an invalid SMILES, NaN for no score
    behaviour_logp: Tensor | None = None  # (n,) under the policy that sampled them; None: the present policy

    def measured(self) -> "Rows":
        """The rows that have a score."""
        keep = np.flatnonzero(~np.isnan(self.filtered_scores))
        behaviour = self.behaviour_logp
        return Rows(
            self.tokens[torch.from_numpy(keep)],
            [self.smiles[i] for i in keep],
            [self.texts[i] for i in keep],
            self.filtered_scores[keep],
            None if behaviour is None else behaviour[torch.from_numpy(keep)],
        )


@dataclass(frozen=True)
class Augmented:
    """What the loss sees of a batch; row i of every field is the same sequence."""

    rewards: Tensor  # (n,)
    anchor: Anchor | None  # the sample that the good were lifted to; None without a good sample


@dataclass
class Augmentation:
    """The rewards of a method, with what they carry over from batch to batch."""

    method: MethodConfig
    tau: Tau
    anchors: Anchors
    clusters: Clusters | None

    @classmethod
    def of(cls, method: MethodConfig, generator: torch.Generator) -> "Augmentation":
        """As the method says, before the first batch."""
        return cls(method, Tau(method.tau), Anchors(method.anchor, generator), Clusters.of(method.equal_mass))

    def rewards(self, rows: Rows, prior_logp: Tensor, tau: float) -> Augmented:
        """Rewards of a batch whose sequences have log-probabilities `prior_logp` (n,) under the prior.

        With clusters, beta log n_c is subtracted from the reward of a good sample, where n_c is the number of good
        members known of its cluster: by the law of MARA the optimum is then flat over clusters, not over strings.
        """
        beta, values = self.method.beta, rows.filtered_scores
        good = values >= tau
        scores = torch.as_tensor(values, dtype=prior_logp.dtype)
        anchor = self.anchors.choose(values, prior_logp.double().numpy(), rows.smiles, tau)
        rewards = REWARDS[self.method.rewards](scores, prior_logp, threshold=tau, beta=beta, anchor=anchor)
        if self.clusters:
            crowd = np.log(self.clusters.sizes(rows.smiles, rows.texts, good))
            rewards = rewards - beta * torch.as_tensor(crowd, dtype=rewards.dtype)
        return Augmented(rewards, anchor)

    def state(self) -> dict[str, Any]:
        """What a later batch depends on, as plain values."""
        return {
            "tau": self.tau.state(), "anchors": self.anchors.state(),
            "clusters": self.clusters.state() if self.clusters else [],
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.tau.restore(state["tau"])
        self.anchors.restore(state["anchors"])
        if self.clusters:
            self.clusters.restore(state["clusters"])
