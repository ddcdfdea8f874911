"""Estimators by name: the loss of each, the optimum it aims at, and whether it can learn from another policy's samples.

Every loss takes (policy_logp, prior_logp, rewards, *, beta, behaviour_logp=None), all (n,), and gives (n,) values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from torch import Tensor, nn

from chemmara.errors import ChemmaraError
from chemmara.rl.gradients import forward_kl_loss, ppo_loss, reinforce_loss, rloo_loss
from chemmara.rl.likelihoods import target_likelihood_loss, top_likelihood_loss
from chemmara.rl.regressions import (
    GeneticGFN,
    TrajectoryBalance,
    augmented_hill_climb_loss,
    log_variance_loss,
    reinvent_loss,
    reinvent_pmo_loss,
)

EstimatorName = Literal[
    "reinforce", "rloo", "ppo", "reinvent", "reinvent-pmo", "log-variance", "trajectory-balance",
    "genetic-gfn", "augmented-hill-climb", "target-likelihood", "top-likelihood", "forward-kl",
]  # fmt: skip
Loss = Callable[..., Tensor]
Target = Literal["reverse", "forward"]
OffPolicy = Literal["any", "weighted", "no"]


@dataclass(frozen=True)
class Estimator:
    """A way to turn scored samples into a loss."""

    new: Callable[[], Loss]  # a fresh loss; an nn.Module where it learns something itself
    target: Target | None  # the optimum it claims: eq. 2 (reverse KL), eq. 5 (forward KL), or none
    off_policy: OffPolicy  # any rows; rows whose behaviour log-probability is known; or its own samples only
    normalised: bool = True  # whether its optimum off-policy is a distribution; else log Z is missing there


def _plain(loss: Loss) -> Callable[[], Loss]:
    return lambda: loss


ESTIMATORS: Final[dict[EstimatorName, Estimator]] = {
    "reinforce": Estimator(_plain(reinforce_loss), "reverse", "weighted"),
    "rloo": Estimator(_plain(rloo_loss), "reverse", "weighted"),
    "ppo": Estimator(_plain(ppo_loss), "reverse", "weighted"),
    "reinvent": Estimator(_plain(reinvent_loss), "reverse", "any", normalised=False),
    "reinvent-pmo": Estimator(_plain(reinvent_pmo_loss), None, "any", normalised=False),
    "log-variance": Estimator(_plain(log_variance_loss), "reverse", "any"),
    "trajectory-balance": Estimator(TrajectoryBalance, "reverse", "any"),
    "genetic-gfn": Estimator(GeneticGFN, None, "any"),
    "augmented-hill-climb": Estimator(_plain(augmented_hill_climb_loss), None, "any", normalised=False),
    "target-likelihood": Estimator(_plain(target_likelihood_loss), "reverse", "weighted"),
    "top-likelihood": Estimator(_plain(top_likelihood_loss), None, "no"),
    "forward-kl": Estimator(_plain(forward_kl_loss), "forward", "weighted"),
}


def refuse_divergence(loss: float, norm: float) -> None:
    """ChemmaraError where a loss, or the norm of its gradient, is no finite number: the policy would be lost."""
    if not (isfinite(loss) and isfinite(norm)):
        raise ChemmaraError(
            f"the policy has diverged: its loss is {loss:g} and the norm of the gradient {norm:g}; every call is in the"
            " ledger. Begin again with a smaller learning_rate or a larger beta"
        )


def learned(loss: Loss) -> list[nn.Parameter]:
    """What a loss learns itself: log Z, or nothing."""
    return list(loss.parameters()) if isinstance(loss, nn.Module) else []
