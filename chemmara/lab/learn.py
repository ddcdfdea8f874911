"""Policies on small spaces: the exact optimum by gradient ascent, and what sampled losses reach."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from chemmara.lab.answers import Table, answers
from chemmara.lab.space import Space, entropy, kl
from chemmara.rl.estimators import EstimatorName
from chemmara.rl.finetune import new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import RewardName

Divergence = Literal["reverse", "forward"]
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


def method(
    estimator: EstimatorName, rewards: RewardName, *, beta: float, tau: Any, batch: int = 256, rate: float = 0.05,
    **parts: Any,
) -> MethodConfig:  # fmt: skip
    """An estimator and rewards on sampled batches, and no other part of a method unless `parts` names it."""
    return MethodConfig.model_validate(
        {"name": "rloo", "estimator": estimator, "rewards": rewards, "beta": beta, "tau": tau, "batch_size": batch,
         "learning_rate": rate, **parts}
    )  # fmt: skip


def learn(
    space: Space, how: MethodConfig, target: np.ndarray, *, seed: int, steps: int = 3000,
    cluster: np.ndarray | None = None,
) -> Course:  # fmt: skip
    """A tabular policy, begun at the prior, after steps of the campaign's own learner; rates fall linearly to zero."""
    prior, score = answers(space, cluster)
    policy = Table(space.prior_logp)
    learner = new_learner(prior, policy, how, seed)
    groups = learner.optimizer.param_groups
    rates = [group["lr"] for group in groups]
    measured: list[tuple[int, float, float]] = []
    for step in range(steps + 1):
        if step % max(1, steps // 100) == 0:
            now = policy.logp()
            measured.append((step, kl(now, target), entropy(now)))
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * (1 - step / (steps + 1))
        learner.step(score)
    at, divergences, entropies = (np.array(column) for column in zip(*measured, strict=True))
    return Course(policy.logp(), at, divergences, entropies)
