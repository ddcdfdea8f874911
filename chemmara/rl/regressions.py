"""Regressions: losses that vanish where log policy = log prior + R / beta - log Z. One value for each row.

Off-policy their optimum stays where it is, as long as log Z is part of the loss, so `behaviour_logp` is not used.
Their gradients are 2 / beta times those of the policy gradients.
"""

from typing import Final

import torch
from torch import Tensor, nn

_PENALTY: Final = 5000.0  # of likely strings, in the PMO benchmark's REINVENT
_PULL: Final = 0.01  # of Genetic-GFN towards the prior
_FIRST_LOG_Z: Final = 5.0  # of Genetic-GFN
_CLIMBING: Final = 0.5  # share of a batch that augmented hill-climb learns from


def reinvent_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINVENT (arXiv 1704.07555): squared distance of log policy from log prior + sigma R, with sigma = 1 / beta.

    On-policy its gradient is -2 sigma times that of E[R] - KL(policy || prior) / sigma: the same objective.
    Under MARA every good sample of a batch has one target, log prior(z) + sigma R(z). Off-policy (replay) the target is
    unnormalised, and no policy attains it.
    """
    del behaviour_logp
    return (prior_logp + rewards / beta - policy_logp) ** 2


def reinvent_pmo_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINVENT's loss with the term of the PMO benchmark: less 5000 / log policy, which holds likely strings back.

    Source: wenhao-gao/mol_opt, main/reinvent/run.py (arXiv 2206.12411).
    """
    return (
        reinvent_loss(policy_logp, prior_logp, rewards, beta=beta, behaviour_logp=behaviour_logp)
        - _PENALTY / policy_logp
    )


def log_variance_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINVENT with log Z from the batch: the variance over it of log prior + R / beta - log policy (arXiv 2010.10436).

    At the optimum that difference is log Z for every sequence, so the mean over the batch stands for log Z, and no pull
    common to all rows is left. On-policy the gradient is that of REINVENT in expectation, with less variance;
    off-policy the optimum stays the same. The loss of a batch of one is 0.
    """
    del behaviour_logp
    apart = prior_logp + rewards / beta - policy_logp
    n = len(apart)
    return (apart - apart.mean()) ** 2 * (n / (n - 1) if n > 1 else 0.0)


class TrajectoryBalance(nn.Module):
    """REINVENT with a learned log Z (trajectory balance, arXiv 2201.13259, for sequences drawn left to right).

    On-policy the gradient by the policy is that of the other regressions whatever log Z is, and log Z is a baseline.
    It starts as the mean of the first batch, and learns at its own rate.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_z = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def forward(
        self, policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float,
        behaviour_logp: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Squared distance of log policy + log Z from log prior + R / beta."""
        del behaviour_logp
        apart = prior_logp + rewards / beta - policy_logp
        if not self.begun:
            self.log_z.data.fill_(apart.detach().mean())
            self.begun.fill_(True)  # type: ignore[operator]
        return (apart - self.log_z) ** 2


class GeneticGFN(nn.Module):
    """Trajectory balance without the prior in its target, plus 0.01 (log policy - log prior) (arXiv 2402.05961).

    Its fixed point on any rows is near exp(R / beta) / Z, whatever the prior says of them: the prior is where the
    policy begins, and a weak pull. log Z begins at 5 and learns at its own rate.
    Source: hyeonahkimm/genetic_gfn, pmo/main/genetic_gfn/run.py.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_z = nn.Parameter(torch.tensor(_FIRST_LOG_Z, dtype=torch.float64))

    def forward(
        self, policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float,
        behaviour_logp: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Squared distance of log policy + log Z from R / beta, and the pull."""
        del behaviour_logp
        return (policy_logp + self.log_z - rewards / beta) ** 2 + _PULL * (policy_logp - prior_logp)


def augmented_hill_climb_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """REINVENT's loss on the better half of the batch alone (Augmented Hill-Climb, doi 10.1186/s13321-022-00646-z).

    Biased on purpose: samples below the median are not pushed down, and the loss has no fixed target.
    """
    best = top_rows(rewards, _CLIMBING)
    loss = reinvent_loss(policy_logp, prior_logp, rewards, beta=beta, behaviour_logp=behaviour_logp)
    return loss * best * (len(best) / best.sum())


def top_rows(rewards: Tensor, share: float) -> Tensor:
    """(n,) 1 for the given share of rows with the highest rewards (at least one row), 0 for the others."""
    marks = torch.zeros_like(rewards)
    marks[rewards.argsort(descending=True, stable=True)[: max(1, round(share * len(rewards)))]] = 1.0
    return marks
