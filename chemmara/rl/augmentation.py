"""From the filtered scores of a step to the rewards that its losses see: anchor, MARA, clusters, visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chemmara.decoration.spelled import Spelled
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
    spelled: Spelled | None = None  # of the parts that every molecule is to hold

    @classmethod
    def of(cls, method: MethodConfig, generator: torch.Generator, spelled: Spelled | None = None) -> "Augmentation":
        """As the method says, before the first step."""
        return cls(
            method, Tau(method.tau), Anchors(method.anchor, generator), Clusters.of(method.equal_mass),
            Visits(method.repeats), spelled,
        )  # fmt: skip

    def anchor(self, parts: Sequence[Rows], tau: float) -> Anchor | None:
        """The anchor of a step that learns from these rows, sampled and replayed; None without a good row."""
        if not parts:
            return None
        scores = np.concatenate([part.filtered_scores for part in parts])
        return self.anchors.choose(scores, np.concatenate([self.support(part) for part in parts]), tau)

    def support(self, rows: Rows, otherwise: float = 0.0) -> np.ndarray:
        """How well the prior supports each row (n,), in nats: its log-probability.

        Of molecules with given parts, less that of the spelling of the parts, which is the sampler's choice and not the
        molecule's. A SMILES that follows no spelling has the mean of the others, or `otherwise` where there are none.
        """
        if self.spelled is None:
            return rows.prior_logp
        apart = rows.prior_logp - self.spelled.of_texts(rows.texts)
        known = ~np.isnan(apart)
        return np.where(known, apart, apart[known].mean() if known.any() else otherwise)

    def rewards(self, rows: Rows, tau: float, anchor: Anchor | None) -> np.ndarray:
        """Rewards (n,) of rows that all have a score.

        With clusters, beta log n_c is subtracted from the reward of a good sample, where n_c is the number of good
        members known of its cluster: by the law of MARA the optimum is then flat over clusters, not over strings. With
        visits, beta log n is subtracted from every reward, where n counts how often the molecule was sampled.
        """
        beta, values = self.method.beta, rows.filtered_scores
        support = self.support(rows, otherwise=anchor.prior_logp if anchor else 0.0)
        rewards = REWARDS[self.method.rewards](values, support, threshold=tau, beta=beta, anchor=anchor)
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
