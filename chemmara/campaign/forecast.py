"""The optimum of a campaign from a sample of its prior: self-normalised importance weights, and how far to trust them.

The optimum is prior(y) exp(reward(y) / beta) / zeta (arXiv 2510.20817, eq. 2), so samples of the prior with weights
exp(reward / beta) are samples of the optimum. The higher the weights of the few, the less the sample says.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from chemmara.rl.rewards import REWARDS, RewardName

_PAIRED = 2000  # samples of which all pairs are looked at
_ALIKE = 1e-9  # nats: less is rounding


@dataclass(frozen=True)
class Pilot:
    """Sequences drawn from the prior and scored; row i of every field is the same one."""

    prior_logp: np.ndarray  # (n,) nats; with given parts less that of their spelling (docs/from-a-core.md)
    scores: np.ndarray  # (n,) 0 for an invalid SMILES
    smiles: list[str]  # canonical; "" for an invalid SMILES
    scaffolds: list[str]
    whole: bool = True  # False: drawn from the part of the prior that holds given parts; how much that is, is unknown

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class Forecast:
    """What the optimum is expected to look like."""

    rewards: RewardName
    beta: float
    tau: float
    score: float  # expected
    good: float  # probability of a hit: a score of at least the hit threshold
    low: float  # of `good`: 95 % bootstrap interval
    high: float
    strings: float  # effective number: exp of the entropy, from log zeta; NaN for a pilot that is not whole
    molecules: float  # effective number among the pilot's: a lower bound
    scaffolds: float  # likewise
    flips: float  # share of pairs, one likelier and one better, of which the better is preferred; NaN without a pair
    samples: float  # effective sample size of the weights, of n
    seen: float  # share of the optimum on strings that the pilot has met (Good-Turing)

    @property
    def trusted(self) -> bool:
        """Whether at least 30 effective samples speak, and weights have a bound.

        MARA's, 1 / prior, have none: a string that the pilot has not met may weigh more than all that it has.
        """
        return self.samples >= 30 and self.rewards in {"vanilla", "flattened"}  # noqa: PLR2004 - a usual least size


def forecast(
    pilot: Pilot, rewards: RewardName, *, beta: float, tau: float, hit_threshold: float, resamples: int = 200
) -> Forecast:
    """The optimum for one kind of reward, beta and tau; a hit scores at least `hit_threshold`."""
    augmented = np.asarray(REWARDS[rewards](pilot.scores, pilot.prior_logp, threshold=tau, beta=beta))
    log_weights = augmented / beta
    weights = np.exp(log_weights - log_weights.max())
    good = pilot.scores >= hit_threshold
    drawn = np.random.default_rng(0).integers(0, len(pilot), (resamples, len(pilot)))
    resampled = (weights * good)[drawn].sum(1) / weights[drawn].sum(1)
    weights = weights / weights.sum()
    log_zeta = np.logaddexp.reduce(log_weights) - np.log(len(pilot))
    entropy = -float((weights * (pilot.prior_logp + log_weights - log_zeta)).sum())
    return Forecast(
        rewards, beta, tau,
        score=float((weights * pilot.scores).sum()),
        good=float(weights[good].sum()),
        low=float(np.quantile(resampled, 0.025)),
        high=float(np.quantile(resampled, 0.975)),
        strings=float(np.exp(min(entropy, 700.0))) if pilot.whole else float("nan"),
        molecules=_effective(weights, pilot.smiles),
        scaffolds=_effective(weights, pilot.scaffolds),
        flips=preferred_better(pilot.scores, pilot.prior_logp, augmented, beta),
        samples=float(1 / (weights**2).sum()),
        seen=_seen(pilot, weights),
    )  # fmt: skip


def preferred_better(
    scores: np.ndarray, prior_logp: np.ndarray, rewards: np.ndarray, beta: float, weights: np.ndarray | None = None
) -> float:
    """Share of pairs, one likelier under the prior and one better, of which the optimum prefers the better (eq. 7).

    All (n,); pairs count by the product of their `weights`, alike where there are none, so that a pilot's share is
    that of two samples of the prior. Of a longer pilot the first 2,000 are paired. NaN where no pair disagrees.
    """
    scores, prior_logp, rewards = scores[:_PAIRED], prior_logp[:_PAIRED], rewards[:_PAIRED]
    weights = np.ones(len(scores)) if weights is None else weights[:_PAIRED]
    level = prior_logp + rewards / beta
    disagree = (scores[:, None] > scores[None, :]) & (prior_logp[:, None] < prior_logp[None, :])
    preferred = disagree & (level[:, None] > level[None, :] + _ALIKE)
    pairs = float(weights @ disagree @ weights)
    return float(weights @ preferred @ weights) / pairs if pairs else float("nan")


def _seen(pilot: Pilot, weights: np.ndarray) -> float:
    """One less the share of weight on strings met once: what one more sample of the optimum would find new."""
    strings = list(zip(pilot.smiles, np.round(pilot.prior_logp, 3).tolist(), strict=True))
    met = Counter(strings)
    return max(0.0, 1.0 - float(weights[[met[string] == 1 for string in strings]].sum()))


def _effective(weights: np.ndarray, groups: list[str]) -> float:
    """Exp of the entropy of the mass by group; invalid SMILES are left out."""
    mass: dict[str, float] = {}
    for weight, group in zip(weights, groups, strict=True):
        if group:
            mass[group] = mass.get(group, 0.0) + float(weight)
    shares = np.array([share for share in mass.values() if share > 0])
    if not len(shares):
        return 0.0
    shares = shares / shares.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
