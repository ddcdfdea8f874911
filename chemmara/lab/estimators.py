"""Bias and variance of every estimator against the exact gradient, on-policy and off."""

from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from chemmara.lab.learn import objective
from chemmara.lab.result import Result
from chemmara.lab.space import Space
from chemmara.rl.estimators import ESTIMATORS, EstimatorName
from chemmara.rl.rewards import mara_rewards

_BETA, _BATCH = 0.1, 64
_REGRESSIONS: Final = ("reinvent", "log-variance", "trajectory-balance")  # gradients 2 / beta times the others'
_UNBIASED: Final = ("reinforce", "rloo", "reinvent", "log-variance", "trajectory-balance", "forward-kl")


def estimators(seeds: int = 3, *, quick: bool = False) -> Result:
    """Batches of 64 from a policy half way to the optimum, or from the prior; MARA's rewards, fixed beforehand."""
    rows = []
    batches = 300 if quick else 5000
    for seed in range(1 if quick else seeds):
        space = Space.random(12, seed)
        rewards = torch.tensor(mara_rewards(space.scores, space.prior_logp, threshold=0.5, beta=_BETA))
        prior_logp = torch.tensor(space.prior_logp)
        halfway = (prior_logp + 0.5 * rewards / _BETA).log_softmax(0)
        for name, estimator in ESTIMATORS.items():
            for drawn in ("policy", "prior") if estimator.off_policy != "no" else ("policy",):
                figures = _bias_and_variance(name, halfway, prior_logp, rewards, seed, batches, off=drawn == "prior")
                rows.append({"space": seed, "estimator": name, "drawn from": drawn, **figures})
    table = pd.DataFrame(rows)
    on: Any = table[(table["drawn from"] == "policy") & table["estimator"].isin(_UNBIASED)]
    worst = float((on["bias"] / on["standard error"]).max())
    variance = on.groupby("estimator")["relative variance"].mean()
    return Result(
        "estimators",
        "REINFORCE, RLOO, the regressions and forward-KL RL have the exact gradient of their objective in expectation;"
        " they differ in variance.",
        "on-policy the bias of each is what its sampling error leaves room for: |mean - exact| within 5"
        " standard errors.",
        f"largest bias {worst:.1f} standard errors over {batches} batches of {_BATCH}; variance over squared gradient: "
        + ", ".join(f"{name} {value:.3g}" for name, value in variance.sort_values().items()) + ".",
        worst < 5, table, _figure(table), not quick,  # noqa: PLR2004 - standard errors, as predicted
    )  # fmt: skip


def _bias_and_variance(
    name: EstimatorName, policy: Tensor, prior_logp: Tensor, rewards: Tensor, seed: int, batches: int, *, off: bool
) -> dict[str, float]:
    """|mean - exact|, its standard error and the variance of one batch's gradient, all over |exact|."""
    estimator = ESTIMATORS[name]
    generator, losses = torch.Generator().manual_seed(seed), estimator.new()
    source = prior_logp if off else policy
    found = []
    for _ in range(batches):
        logits = policy.clone().requires_grad_()
        logp = logits.log_softmax(0)
        rows = torch.multinomial(source.exp(), _BATCH, replacement=True, generator=generator)
        behaviour = source[rows] if off and estimator.off_policy == "weighted" else None
        loss = losses(logp[rows], prior_logp[rows], rewards[rows], beta=_BETA, behaviour_logp=behaviour).mean()
        found.append(torch.autograd.grad(loss, logits)[0].numpy())
    gradients = -np.array(found) * (_BETA / 2 if name in _REGRESSIONS else 1.0)
    logits = policy.clone().requires_grad_()
    divergence = estimator.target or "reverse"
    exact = torch.autograd.grad(objective(logits.log_softmax(0), prior_logp, rewards, _BETA, divergence), logits)[0]
    length = float(exact.norm())
    variance = float(gradients.var(0, ddof=1).sum())
    mean = gradients.mean(0)
    return {
        "bias": float(np.linalg.norm(mean - exact.numpy())) / length,
        "standard error": float(np.sqrt(variance / batches)) / length,
        "cosine": float(mean @ exact.numpy() / (np.linalg.norm(mean) * length)),
        "relative variance": variance / length**2,
    }


def _figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, drawn in ((left, "policy"), (right, "prior")):
        means: Any = (
            table[table["drawn from"] == drawn].groupby("estimator", sort=False)[["relative variance", "cosine"]].mean()
        )
        bars = axes.barh(means.index, means["relative variance"], color="#0b7285")
        axes.bar_label(bars, [f"cos {cosine:.2f}" for cosine in means["cosine"]], fontsize=7, padding=2)
        axes.set_xscale("log")
        axes.margins(x=0.25)
        axes.set_title(f"drawn from the {drawn}", fontsize=10)
        axes.set_xlabel("variance / |gradient|²")
    left.invert_yaxis()
    return figure
