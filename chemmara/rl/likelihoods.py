"""Likelihood losses: they make chosen rows more likely. One value for each row; the loss is their mean."""

from typing import Final

from torch import Tensor

from chemmara.rl.regressions import top_rows

_BEST: Final = 0.25  # share of a batch whose likelihood is raised


def target_likelihood_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """Maximum likelihood on samples weighted towards the optimum G: the sample form of KL(G || policy) (Remark B.2).

    Weights are self-normalised over the batch, prior exp(R / beta) / policy: biased by terms of order 1 / n,
    consistent. The fixed point is the same G; on the way it covers all of G's modes rather than seeking one.
    """
    drawn = policy_logp.detach() if behaviour_logp is None else behaviour_logp
    weights = (prior_logp + rewards / beta - drawn).softmax(0) * len(policy_logp)
    return -weights * policy_logp


def top_likelihood_loss(
    policy_logp: Tensor, prior_logp: Tensor, rewards: Tensor, *, beta: float, behaviour_logp: Tensor | None = None
) -> Tensor:
    """Maximum likelihood on the best quarter of the batch (best-of-n, hill climbing): no prior, no KL term, no target.

    Repeated, it concentrates on the best there is; early stopping is its only regularisation.
    """
    del prior_logp, beta, behaviour_logp
    best = top_rows(rewards, _BEST)
    return -policy_logp * best * (len(best) / best.sum())
