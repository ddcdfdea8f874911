"""Losses whose gradients estimate that of E[R] - beta KL(policy || prior): one value a row, their mean the loss.

All take (n,) tensors: `policy_logp` with its gradient, `prior_logp` and `rewards` without. Scales differ by a factor
that does not depend on the policy: the gradient of REINVENT's loss is 2 / beta times that of the other two.
"""

from collections.abc import Callable
from typing import Final, Literal

from torch import Tensor

EstimatorName = Literal["reinforce", "rloo", "reinvent", "log-variance", "target-likelihood"]


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


def log_variance_loss(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """REINVENT with log Z from the batch: the variance over it of log prior + R / beta - log policy (arXiv 2010.10436).

    At the optimum that difference is log Z for every sequence, so the mean over the batch stands for log Z, and no pull
    common to all rows is left. On-policy the gradient is that of REINVENT in expectation, with less variance;
    off-policy the optimum stays the same. A batch of one says nothing: its loss is 0.
    """
    apart = prior_logp + rewards / beta - policy_logp
    n = len(apart)
    return (apart - apart.mean()) ** 2 * (n / (n - 1) if n > 1 else 0.0)


def target_likelihood_loss(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """Maximum likelihood on samples weighted towards the optimum G: the sample form of KL(G || policy) (Remark B.2).

    Weights are self-normalised over the batch, prior exp(R / beta) / policy: biased by terms of order 1 / n,
    consistent. The fixed point is the same G; on the way it covers all of G's modes rather than seeking one.
    """
    weights = (prior_logp + rewards / beta - policy_logp.detach()).softmax(0) * len(policy_logp)
    return -weights * policy_logp


Estimator = Callable[..., Tensor]
ESTIMATORS: Final[dict[EstimatorName, Estimator]] = {
    "reinforce": reinforce_loss,
    "rloo": rloo_loss,
    "reinvent": reinvent_loss,
    "log-variance": log_variance_loss,
    "target-likelihood": target_likelihood_loss,
}
