"""Policies on small spaces: the exact optimum by gradient ascent, and what sampled losses reach."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from chemmara.lab.space import Space, entropy, kl
from chemmara.rl.estimators import ESTIMATORS, EstimatorName, learned
from chemmara.rl.rewards import REWARDS, RewardName

Divergence = Literal["reverse", "forward"]
Rewards = Callable[[Tensor], Tensor]
"""From the rows of a batch (n,), as places in the space, to their rewards (n,)."""
_DESCENT = 1.5  # ratio of the betas that a search for an optimum comes down by


@dataclass(frozen=True)
class Course:
    """What became of a policy."""

    logp: np.ndarray  # (n,) at the end
    steps: np.ndarray  # (k,) at which it was measured
    kl: np.ndarray  # (k,) KL(policy || target), nats
    entropy: np.ndarray  # (k,) nats


def objective(logp: Tensor, prior_logp: Tensor, rewards: Tensor, beta: float, divergence: Divergence) -> Tensor:
    """E[R] - beta KL(policy || prior), or E[R] - beta KL(prior || policy), summed over the space."""
    gain = (logp.exp() * rewards).sum()
    if divergence == "reverse":
        return gain - beta * (logp.exp() * (logp - prior_logp)).sum()
    return gain - beta * (prior_logp.exp() * (prior_logp - logp)).sum()


def optimum(
    space: Space,
    rewards: np.ndarray,
    beta: float,
    divergence: Divergence = "reverse",
    *,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Log-probabilities (n,) of the policy that maximises the objective, found by its exact gradient (L-BFGS).

    It begins at `start` (n,), or at the optimum for a beta half as large again, and so on down from the prior. Where
    beta is small the prior itself is a bad beginning: the first steps empty answers of their probability, and with it
    of the gradient that could bring them back.
    """
    if start is None and beta < 1.0:
        start = optimum(space, rewards, _DESCENT * beta, divergence)
    prior_logp, values = torch.tensor(space.prior_logp), torch.tensor(rewards)
    logits = torch.tensor(space.prior_logp if start is None else start).requires_grad_()
    # Divided by beta, which leaves the optimum where it is, the curvature is of order one.
    search = torch.optim.LBFGS(
        [logits], max_iter=2000, tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        search.zero_grad()
        value = -objective(logits.log_softmax(0), prior_logp, values, beta, divergence) / beta
        value.backward()
        return value

    search.step(loss)  # type: ignore[arg-type]
    return logits.detach().log_softmax(0).numpy()


def named(space: Space, name: RewardName, *, beta: float, threshold: float) -> Rewards:
    """The rewards that a named method gives to a batch, the anchor chosen from the batch."""
    prior_logp, scores = torch.tensor(space.prior_logp), torch.tensor(space.scores)
    return lambda rows: REWARDS[name](scores[rows], prior_logp[rows], threshold=threshold, beta=beta)


def learn(
    space: Space,
    estimator: EstimatorName,
    rewards: Rewards,
    target: np.ndarray,
    *,
    beta: float,
    seed: int,
    steps: int = 3000,
    batch: int = 256,
    rate: float = 0.05,
) -> Course:
    """A tabular policy, begun at the prior, after sampled steps of Adam whose rate falls linearly to zero."""
    generator = torch.Generator().manual_seed(seed)
    prior_logp = torch.tensor(space.prior_logp)
    logits = prior_logp.clone().requires_grad_()
    losses = ESTIMATORS[estimator].new()
    search = torch.optim.Adam([logits, *learned(losses)], lr=rate)
    measured: list[tuple[int, float, float]] = []
    for step in range(steps + 1):
        logp = logits.log_softmax(0)
        if step % max(1, steps // 100) == 0:
            now = logp.detach().numpy()
            measured.append((step, kl(now, target), entropy(now)))
        rows = torch.multinomial(logp.detach().exp(), batch, replacement=True, generator=generator)
        loss = losses(logp[rows], prior_logp[rows], rewards(rows), beta=beta).mean()
        for group in search.param_groups:
            group["lr"] = rate * (1 - step / (steps + 1))
        search.zero_grad()
        loss.backward()
        search.step()
    at, divergences, entropies = (np.array(column) for column in zip(*measured, strict=True))
    return Course(logits.detach().log_softmax(0).numpy(), at, divergences, entropies)
