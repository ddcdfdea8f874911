"""Losses whose gradients estimate that of E[R] - beta KL(policy || prior): one value a row, their mean the loss.

All take (n,) tensors: `policy_logp` with its gradient, `prior_logp` and `rewards` without. Scales differ by a factor
that does not depend on the policy: the gradient of REINVENT's loss is 2 / beta times that of the other two.
"""

from collections.abc import Callable
from typing import Final, Literal

from torch import Tensor

EstimatorName = Literal["reinforce", "rloo", "reinvent"]


def regularised_rewards(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """R(y) - beta log(policy(y) / prior(y)), without gradient: what a sample is worth with the KL term in."""
    return rewards - beta * (policy_logp.detach() - prior_logp)


def reinforce_loss(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """REINFORCE (Williams 1992) with the KL term inside the return and no baseline; unbiased on-policy."""
    return -regularised_rewards(policy_logp, prior_logp, rewards, beta) * policy_logp


def rloo_loss(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """REINFORCE with the mean return of the other samples as baseline (arXiv 2402.14740); unbiased, less variance.

    A batch of one has no others and keeps its return.
    """
    worth = regularised_rewards(policy_logp, prior_logp, rewards, beta)
    n = len(worth)
    others = (worth.sum() - worth) / (n - 1) if n > 1 else 0.0
    return -(worth - others) * policy_logp


def reinvent_loss(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """REINVENT (arXiv 1704.07555): squared distance of log policy from log prior + sigma R, with sigma = 1 / beta.

    On-policy its gradient is -2 sigma times that of E[R] - KL(policy || prior) / sigma: the same objective.
    Under MARA every good sample of a batch has one target, log prior(z) + sigma R(z).
    """
    return (prior_logp + rewards / beta - policy_logp) ** 2


Estimator = Callable[..., Tensor]
ESTIMATORS: Final[dict[EstimatorName, Estimator]] = {
    "reinforce": reinforce_loss,
    "rloo": rloo_loss,
    "reinvent": reinvent_loss,
}
