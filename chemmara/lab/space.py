"""Spaces small enough to list: every answer with its prior probability and its score."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq


@dataclass(frozen=True)
class Space:
    """All answers of a toy problem."""

    prior_logp: np.ndarray  # (n,) nats, normalised
    scores: np.ndarray  # (n,) 0 to 1

    @classmethod
    def of(cls, prior: np.ndarray, scores: np.ndarray) -> "Space":
        """A space from unnormalised prior weights."""
        weights = np.asarray(prior, dtype=float)
        return cls(np.log(weights / weights.sum()), np.asarray(scores, dtype=float))

    @classmethod
    def random(cls, n: int, seed: int, spread: float = 2.0) -> "Space":
        """N answers: log prior Gaussian with `spread` nats, scores a mixture of bad, middling and equally good ones."""
        generator = np.random.default_rng(seed)
        scores = np.where(generator.random(n) < 0.4, 0.9 + 0.1 * generator.random(n), 0.8 * generator.random(n))  # noqa: PLR2004
        return cls.of(np.exp(spread * generator.standard_normal(n)), scores)

    @property
    def prior(self) -> np.ndarray:
        """(n,) probabilities."""
        return np.exp(self.prior_logp)


def reverse_kl_target(prior_logp: np.ndarray, rewards: np.ndarray, beta: float) -> np.ndarray:
    """Optimum of E[R] - beta KL(policy || prior): log probabilities (n,) of prior exp(R / beta) / zeta (eq. 2)."""
    unnormalised = prior_logp + rewards / beta
    return unnormalised - np.logaddexp.reduce(unnormalised)


def forward_kl_target(prior_logp: np.ndarray, rewards: np.ndarray, beta: float) -> np.ndarray:
    """Optimum of E[R] - beta KL(prior || policy): log of beta prior / (Lambda - R), Lambda by root finding (eq. 5)."""
    prior, highest = np.exp(prior_logp), float(rewards.max())

    def excess(gap: float) -> float:  # of the total mass, at Lambda = highest + exp(gap)
        return float((beta * prior / (np.exp(gap) + highest - rewards)).sum()) - 1.0

    # At Lambda - highest = beta * prior of the best alone the mass is at least 1; at beta it is at most 1.
    low = np.log(beta * prior[rewards == highest].sum()) - 1.0
    gap: Any = brentq(excess, low, np.log(beta) + 1.0, xtol=1e-14)
    return np.log(beta) + prior_logp - np.log(np.exp(gap) + highest - rewards)


def log_ratio(prior_logp: np.ndarray, rewards: np.ndarray, beta: float, first: int, second: int) -> float:
    """Log G(first) / G(second) under the reverse-KL optimum (eq. 7)."""
    return float(prior_logp[first] - prior_logp[second] + (rewards[first] - rewards[second]) / beta)


def flip_beta(space: Space, likely: int, good: int) -> float:
    """Beta below which the better but less likely answer is preferred (eq. 10); NaN where it never changes."""
    support = space.prior_logp[likely] - space.prior_logp[good]
    gain = space.scores[good] - space.scores[likely]
    return float(gain / support) if support > 0 and gain > 0 else float("nan")


def kl(logp: np.ndarray, logq: np.ndarray) -> float:
    """KL(p || q) in nats."""
    return float((np.exp(logp) * (logp - logq)).sum())


def entropy(logp: np.ndarray) -> float:
    """Of a distribution, in nats."""
    return float(-(np.exp(logp) * logp).sum())
