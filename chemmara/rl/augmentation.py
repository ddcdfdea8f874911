"""From the filtered scores of a step to the rewards that its losses see: anchor, MARA, clusters, visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chemmara.rl.anchors import Anchors
from chemmara.rl.clusters import Clusters
from chemmara.rl.method import MethodConfig
from chemmara.rl.repeats import Visits
from chemmara.rl.rewards import REWARDS, Anchor
from chemmara.rl.rows import Rows
from chemmara.rl.tau import Tau


@dataclass
class Augmentation:
    """The rewards of a method, with what they carry over from step to step."""

    method: MethodConfig
    tau: Tau
    anchors: Anchors
    clusters: Clusters | None
    visits: Visits

    @classmethod
    def of(cls, method: MethodConfig, generator: torch.Generator) -> "Augmentation":
        """As the method says, before the first step."""
        return cls(
            method, Tau(method.tau), Anchors(method.anchor, generator), Clusters.of(method.equal_mass),
            Visits(method.repeats),
        )  # fmt: skip

    def anchor(self, parts: Sequence[Rows], tau: float) -> Anchor | None:
        """The anchor of a step that learns from these rows, sampled and replayed; None without a good row."""
        if not parts:
            return None
        scores = np.concatenate([part.filtered_scores for part in parts])
        prior_logp = np.concatenate([part.prior_logp for part in parts])
        return self.anchors.choose(scores, prior_logp, tau)

    def rewards(self, rows: Rows, tau: float, anchor: Anchor | None) -> np.ndarray:
        """Rewards (n,) of rows that all have a score.

        With clusters, beta log n_c is subtracted from the reward of a good sample, where n_c is the number of good
        members known of its cluster: by the law of MARA the optimum is then flat over clusters, not over strings. With
        visits, beta log n is subtracted from every reward, where n counts how often the molecule was sampled.
        """
        beta, values = self.method.beta, rows.filtered_scores
        rewards = REWARDS[self.method.rewards](values, rows.prior_logp, threshold=tau, beta=beta, anchor=anchor)
        if self.clusters:
            rewards = rewards - beta * np.log(self.clusters.sizes(rows.smiles, rows.texts, values >= tau))
        return rewards - beta * self.visits.log_visits(rows.smiles)

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {
            "tau": self.tau.state(), "anchors": self.anchors.state(), "visits": self.visits.counts,
            "clusters": self.clusters.state() if self.clusters else [],
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.tau.restore(state["tau"])
        self.anchors.restore(state["anchors"])
        self.visits.counts.update(state["visits"])
        if self.clusters:
            self.clusters.restore(state["clusters"])
