"""Forward-KL regularisation: its target by root finding, what reaches it, and what it is not."""

from typing import Final

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from chemmara.lab.learn import learn, method, objective, optimum
from chemmara.lab.result import Result
from chemmara.lab.space import Space, forward_kl_target, kl, reverse_kl_target
from chemmara.rl.rewards import REWARDS, RewardName

_BOUND = 1e-3
_REWARDS: Final[tuple[RewardName, ...]] = ("vanilla", "mara")


def forward_kl(seeds: int = 3, *, quick: bool = False) -> Result:
    """Forward-regularised RL ends at beta prior / (Lambda - R); likelihood on weighted samples ends at G instead."""
    rows = []
    betas = (0.05, 0.5) if quick else (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    for seed in range(1 if quick else seeds):
        space = Space.random(12, seed)
        for beta in betas:
            target = forward_kl_target(space.prior_logp, space.scores, beta)
            reverse = reverse_kl_target(space.prior_logp, space.scores, beta)
            exact = optimum(space, space.scores, beta, "forward")
            pairs = np.flatnonzero(np.isclose(space.scores, space.scores.max()))
            rows.append(
                {
                    "space": seed,
                    "beta": beta,
                    "kl to its target": kl(exact, target),
                    "kl to the reverse target": kl(exact, reverse),
                    "best answers": len(pairs),
                }
            )
    table = pd.DataFrame(rows)
    space = Space.random(12, 0)
    goal = reverse_kl_target(space.prior_logp, space.scores, 0.2)
    how = method("target-likelihood", "vanilla", beta=0.2, tau=0.5, batch=64 if quick else 1024)
    course = learn(space, how, goal, seed=0, steps=150 if quick else 6000)
    own, other = table["kl to its target"].max(), table["kl to the reverse target"].max()
    sampled = [_sampled(seed, quick=quick) for seed in range(1 if quick else seeds)]
    reached = max(max(row) for row in sampled)
    moved = _implied_targets_apart(space)
    return Result(
        "forward-kl",
        "E[R] - beta KL(prior || policy) is maximal at beta prior / (Lambda - R) (eq. 5), which is not the reverse-KL"
        " optimum; its gradient is that of no forward KL to a fixed target (remark 3.4), while likelihood on samples of"
        " G is that of KL(G || policy) (remark B.2).",
        f"the exact gradient and the estimator `forward-kl` end within {_BOUND:g} nats of eq. 5, away from eq. 2, with"
        " MARA and without; weighted likelihood ends at eq. 2; read as the gradient of a forward KL, the target moves.",
        f"largest KL to eq. 5 {own:.2g} nats by the exact gradient, {reached:.2g} by samples; to eq. 2 up to"
        f" {other:.2g}; weighted likelihood is {course.kl[-1]:.2g} nats from eq. 2; the target that the gradient"
        f" implies differs by {moved:.2f} (total variation) between two policies.",
        bool(
            own < _BOUND and other > 10 * _BOUND and course.kl[-1] < (10 if quick else 1) * _BOUND
            and reached < (100 if quick else 1) * _BOUND and moved > 10 * _BOUND
        ),
        table, _figure(space), not quick,
    )  # fmt: skip


def _sampled(seed: int, *, quick: bool) -> list[float]:
    """KL to eq. 5 after sampled steps of `forward-kl`, without MARA and with it."""
    space, beta, threshold = Space.random(12, seed), 0.2, 0.5
    found = []
    for name in _REWARDS:
        augmented = REWARDS[name](space.scores, space.prior_logp, threshold=threshold, beta=beta)
        goal = forward_kl_target(space.prior_logp, np.asarray(augmented), beta)
        how = method("forward-kl", name, beta=beta, tau=threshold, batch=64 if quick else 1024)
        course = learn(space, how, goal, seed=seed, steps=150 if quick else 6000)
        found.append(float(course.kl[-1]))
    return found


def _implied_targets_apart(space: Space, beta: float = 0.2) -> float:
    """Total variation between the targets that two policies' gradients imply.

    The gradient of -KL(G || policy) by the logits is G - policy. Were the gradient of the objective, over beta, that of
    a fixed G, then policy + gradient / beta would be the same G from every policy.
    """
    implied = []
    for policy in (space.prior_logp, reverse_kl_target(space.prior_logp, space.scores, beta)):
        logits = torch.tensor(policy, requires_grad=True)
        value = objective(
            logits.log_softmax(0), torch.tensor(space.prior_logp), torch.tensor(space.scores), beta, "forward"
        )
        implied.append(np.exp(policy) + torch.autograd.grad(value, logits)[0].numpy() / beta)
    return float(0.5 * np.abs(implied[0] - implied[1]).sum())


def _figure(space: Space) -> Figure:
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    order = np.argsort(space.scores)
    for axes, beta in zip(figure.subplots(1, 2, sharey=True), (0.05, 0.5), strict=True):
        for words, logp in {
            "prior": space.prior_logp,
            "reverse KL (eq. 2)": reverse_kl_target(space.prior_logp, space.scores, beta),
            "forward KL (eq. 5)": forward_kl_target(space.prior_logp, space.scores, beta),
        }.items():
            axes.semilogy(space.scores[order], np.exp(logp[order]), marker="o", markersize=3, label=words)
        axes.set_title(f"beta {beta:g}", fontsize=10)
        axes.set_xlabel("score")
        axes.set_ylim(1e-6, 1)
    figure.axes[0].set_ylabel("probability")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure
