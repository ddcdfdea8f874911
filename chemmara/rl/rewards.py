"""From scores to rewards: MARA, and what it is compared with. Pure functions on arrays or tensors.

Source of MARA: GX-Chen et al., "KL-Regularized Reinforcement Learning is Designed to Mode Collapse"
(arXiv 2510.20817), equation 11 and algorithm 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

from chemmara.language_model.device import to_numpy

Array = TypeVar("Array", np.ndarray, Tensor)
RewardName = Literal["vanilla", "mara", "flattened", "prior-undone"]


@dataclass(frozen=True)
class Anchor:
    """The sample z to whose level good samples are lifted."""

    score: float
    prior_logp: float  # nats


def mara_rewards(
    scores: Array, prior_logp: Array, *, threshold: float, beta: float, anchor: Anchor | None = None
) -> Array:
    """Mode-anchored rewards: every good sample is lifted to the level of one anchor, so that all are equally optimal.

    A sample is good if its score reaches the threshold; the anchor z is the good sample y that the prior likes best.
    Good samples get R(z) + beta (log prior(z) - log prior(y)), the others keep their score (eq. 11). Then
    log prior + reward / beta is one constant over the good, and the optimum of KL-regularised RL, proportional to
    prior * exp(reward / beta), is flat there (eq. 68) and unchanged below. With beta = 0 good samples get R(z).

    Args:
        scores: (n,) what the chemist asked for, usually 0 to 1; NaN (no score) stays NaN.
        prior_logp: (n,) log-probabilities of whole sequences under the prior, in nats, never length-normalised; that of
            a good sample has to be finite.
        threshold: score from which a sample is good (tau).
        beta: weight of the KL term in the objective E[R] - beta KL(policy || prior); REINVENT's 1 / sigma.
        anchor: the z to use in place of the sample above; the law holds for every z.

    Returns:
        (n,) rewards, of the kind (array or tensor) that came in; `scores` itself is not changed.

    Raises:
        ValueError: the log-probability of a good sample is not finite, or there are not as many as scores.

    >>> mara_rewards(np.array([0.9, 0.8, 0.2]), np.array([-3.0, -1.0, -2.0]), threshold=0.5, beta=0.1).round(3)
    array([1. , 0.8, 0.2])
    """
    return _lift(scores, prior_logp, threshold, beta, anchor, flatten=True, undo_prior=True)


def vanilla_rewards(
    scores: Array, prior_logp: Array, *, threshold: float, beta: float, anchor: Anchor | None = None
) -> Array:
    """The scores themselves."""
    del prior_logp, threshold, beta, anchor
    return scores


def flattened_rewards(
    scores: Array, prior_logp: Array, *, threshold: float, beta: float, anchor: Anchor | None = None
) -> Array:
    """Half of MARA, as a control: good samples all get the anchor's score R(z), the prior's preference stays."""
    return _lift(scores, prior_logp, threshold, beta, anchor, flatten=True, undo_prior=False)


def prior_undone_rewards(
    scores: Array, prior_logp: Array, *, threshold: float, beta: float, anchor: Anchor | None = None
) -> Array:
    """The other half of MARA, and the default: good samples keep their scores, the prior's preference is undone.

    Good samples get R(y) + beta (log prior(z) - log prior(y)), the others keep their score. The optimum among the good
    is then proportional to exp(R / beta): it prefers what scores higher, whatever the prior thinks of it.

    >>> prior_undone_rewards(np.array([0.9, 0.8, 0.2]), np.array([-3.0, -1.0, -2.0]), threshold=0.5, beta=0.1).round(3)
    array([1.1, 0.8, 0.2])
    """
    return _lift(scores, prior_logp, threshold, beta, anchor, flatten=False, undo_prior=True)


def _lift(
    scores: Array, prior_logp: Array, threshold: float, beta: float, anchor: Anchor | None, *, flatten: bool,
    undo_prior: bool,
) -> Array:  # fmt: skip
    """Lift the good: to the anchor's score, against the prior, or both; the work is done in numpy, in float64."""
    values = _as_numpy(scores)
    logp = _as_numpy(prior_logp).astype(np.float64)
    if values.shape != logp.shape:
        raise ValueError(f"{values.shape} scores but {logp.shape} log-probabilities")
    good = values >= threshold
    if undo_prior and not np.isfinite(logp[good]).all():
        raise ValueError("the log-probability of a good sample under the prior is not finite")
    z = anchor or _best_supported(values, logp, good)
    if z is None:
        return scores
    level = z.score if flatten else values
    lift = beta * (z.prior_logp - logp) if undo_prior else 0.0
    return _like(scores, np.where(good, level + lift, values))


def _best_supported(scores: np.ndarray, prior_logp: np.ndarray, good: np.ndarray) -> Anchor | None:
    """The paper's anchor: the good sample that the prior likes best; None without a good one."""
    if not good.any():
        return None
    at = np.where(good, prior_logp, -np.inf).argmax()
    return Anchor(float(scores[at]), float(prior_logp[at]))


def _like(given: Array, values: np.ndarray) -> Array:
    if isinstance(given, Tensor):
        return torch.as_tensor(values, dtype=given.dtype, device=given.device)
    return values


def _as_numpy(values: np.ndarray | Tensor) -> np.ndarray:
    return to_numpy(values) if isinstance(values, Tensor) else np.asarray(values, dtype=np.float64)


RewardFunction = Callable[..., Tensor]
REWARDS: Final[dict[RewardName, RewardFunction]] = {
    "vanilla": vanilla_rewards,
    "mara": mara_rewards,
    "flattened": flattened_rewards,
    "prior-undone": prior_undone_rewards,
}
