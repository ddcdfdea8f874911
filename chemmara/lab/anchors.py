"""What the choice of the anchor does: how much of the policy becomes good, and how evenly."""

from typing import Final

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from chemmara.benchmark.statistics import estimate
from chemmara.lab.learn import learn, method
from chemmara.lab.result import Result
from chemmara.lab.space import Space, reverse_kl_target
from chemmara.rl.anchors import AnchorConfig, Anchors
from chemmara.rl.rewards import mara_rewards

_BETA, _THRESHOLD, _BATCH = 0.2, 0.5, 16
_CHOICES: Final = ("support", "median", "random", "lowest")
_RULES: Final = [(choose, "step") for choose in _CHOICES] + [("support", "running"), ("support", "run")]


def anchors(seeds: int = 12, *, quick: bool = False) -> Result:
    """Random spaces of 30 answers; small batches, so that the anchor moves."""
    rows = []
    for seed in range(2 if quick else seeds):
        space = Space.random(30, seed)
        for choose, over in _RULES:
            target = reverse_kl_target(space.prior_logp, space.scores, _BETA)  # for the record: not its target
            how = method(
                "rloo", "mara", beta=_BETA, tau=_THRESHOLD, batch=_BATCH, anchor={"choose": choose, "over": over}
            )
            course = learn(space, how, target, seed=seed, steps=100 if quick else 3000)
            name = choose if over == "step" else f"{choose}, {over}"
            rows.append({"anchor": name, "space": seed, **_figures(space, course.logp), **_exact(space, choose)})
    table = pd.DataFrame(rows)
    means = {str(name): estimate(group["good"].tolist()) for name, group in table.groupby("anchor", sort=False)}
    best, worst = max(means, key=lambda name: means[name].mean), min(means, key=lambda name: means[name].mean)
    summary = "; ".join(f"{name} {mean}" for name, mean in means.items())
    holds = best.startswith("support") and worst == "lowest"
    return Result(
        "anchors",
        "any anchor makes the good equally likely; its own support decides how much more likely than the rest they are"
        " (eq. 11 with another z).",
        "the highest support leaves most of the policy good; the lowest over-corrects, and takes mass from the good.",
        f"share of the policy that is good, mean and 95 % interval over {table['space'].nunique()} spaces: {summary}.",
        holds, table, _figure(table), not quick,
    )  # fmt: skip


def _figures(space: Space, logp: np.ndarray) -> dict[str, float]:
    """Mass above tau, and KL of the policy among the good from the uniform distribution, nats."""
    good = logp[space.scores >= _THRESHOLD]
    mass = np.logaddexp.reduce(good)
    among = good - mass
    return {"good": float(np.exp(mass)), "uneven": float((np.exp(among) * among).sum() + np.log(len(among)))}


def _exact(space: Space, choose: str) -> dict[str, float]:
    """Mass above tau at the optimum for the anchor chosen from the whole space; NaN where chance chooses."""
    if choose == "random":
        return {"good, whole space": float("nan")}
    config = AnchorConfig.model_validate({"choose": choose})
    anchor = Anchors(config, torch.Generator()).choose(space.scores, space.prior_logp, _THRESHOLD)
    rewards = mara_rewards(space.scores, space.prior_logp, threshold=_THRESHOLD, beta=_BETA, anchor=anchor)
    goal = reverse_kl_target(space.prior_logp, rewards, _BETA)
    return {"good, whole space": float(np.exp(goal[space.scores >= _THRESHOLD]).sum())}


def _figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, column, words in zip(
        figure.subplots(1, 2),
        ("good", "uneven"),
        ("share of the policy that is good", "KL from even among the good, nats"),
        strict=True,
    ):
        groups = {str(name): group[column].to_numpy() for name, group in table.groupby("anchor", sort=False)}
        axes.boxplot(list(groups.values()), orientation="horizontal", tick_labels=list(groups))
        axes.invert_yaxis()
        axes.set_xlabel(words)
    return figure
