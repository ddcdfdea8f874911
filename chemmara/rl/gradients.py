"""Policy gradients: losses of the form -(return of a sample) x log policy. One value for each row.

All take (n,) tensors: `policy_logp` with its gradient, `prior_logp` and `rewards` without. `behaviour_logp` is the
log-probability of each row under the policy that sampled it; None says that this is the policy itself (on-policy).
Given, each row counts policy / behaviour times (importance weights, at most 10), which keeps the gradient's expectation
but for what that limit cuts off.
"""

import torch
from torch import Tensor

_MOST = 10.0  # an importance weight; beyond it one row would be the batch
_CLIP = 0.2  # PPO's epsilon
_FLOOR = 1e-4  # of a standard deviation, so that equal returns are not divided by nothing


def returns_with_kl(policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """R(y) - beta log(policy(y) / prior(y)), without gradient: the return of each sample."""
    return rewards - beta * (policy_logp.detach() - prior_logp)


def importance_weights(policy_logp: Tensor, behaviour_logp: Tensor | None) -> Tensor:
    """Policy / behaviour of each row, at most 10, without gradient; ones on-policy."""
    if behaviour_logp is None:
        return torch.ones_like(policy_logp)
    return (policy_logp.detach() - behaviour_logp).exp().clamp(max=_MOST)


def reinforce_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINFORCE (Williams 1992) with the KL term inside the return and no baseline; unbiased on-policy."""
    returns = returns_with_kl(policy_logp, prior_logp, rewards, beta)
    return -returns * policy_logp * importance_weights(policy_logp, behaviour_logp)


def rloo_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINFORCE with the mean return of the other samples as baseline (arXiv 2402.14740); unbiased, less variance.

    A batch of one has no others and keeps its return.
    """
    returns = returns_with_kl(policy_logp, prior_logp, rewards, beta)
    return -(returns - _others(returns)) * policy_logp * importance_weights(policy_logp, behaviour_logp)


def ppo_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """Clipped surrogate (PPO, arXiv 1707.06347) with the group's advantage (GRPO, arXiv 2402.03300).

    The advantage of a row is its return less the batch's mean, over the batch's standard deviation: the direction is
    RLOO's up to that scale, which depends on the batch, so the gradient is biased; where it vanishes is the same. Where
    policy / behaviour has left [0.8, 1.2] in the direction of the advantage, a row pulls no more: that matters from the
    second update on the same samples (`updates`), the first is on-policy.
    """
    returns = returns_with_kl(policy_logp, prior_logp, rewards, beta)
    spread = returns.std() if len(returns) > 1 else returns.new_zeros(())
    advantage = (returns - returns.mean()) / (spread + _FLOOR)
    ratio = (policy_logp - (policy_logp.detach() if behaviour_logp is None else behaviour_logp)).exp()
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - _CLIP, 1 + _CLIP) * advantage)


def forward_kl_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """Of E[R] - beta KL(prior || policy) (eq. 4): RLOO on the rewards alone, and likelihood of the prior's samples.

    The second part, beta E over the prior of log policy, is estimated from the same rows by the weights prior / policy:
    unbiased, but where the policy has left the prior a few rows carry it. Its optimum is eq. 5, not eq. 2.
    """
    pull = (rewards - _others(rewards)) * importance_weights(policy_logp, behaviour_logp)
    drawn = policy_logp.detach() if behaviour_logp is None else behaviour_logp
    return -(pull + beta * (prior_logp - drawn).exp()) * policy_logp


def _others(values: Tensor) -> Tensor:
    """The mean of the other rows, for each row; 0 in a batch of one."""
    n = len(values)
    return (values.sum() - values) / (n - 1) if n > 1 else torch.zeros_like(values)
