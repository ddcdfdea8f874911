"""Cluster-anchored MARA: equal mass for every cluster of good answers instead of every answer."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chemmara.lab.learn import learn, method
from chemmara.lab.result import Result
from chemmara.lab.space import Space, kl, reverse_kl_target
from chemmara.rl.rewards import mara_rewards

_BETA, _THRESHOLD, _BOUND = 0.2, 0.5, 1e-3


def clusters(seeds: int = 10, *, quick: bool = False) -> Result:
    """Random spaces of 24 answers in clusters of 1, 2, 3, 6 and 12."""
    cluster = np.repeat(np.arange(5), (1, 2, 3, 6, 12))
    rows = []
    for seed in range(1 if quick else seeds):
        space = _all_clusters_good(seed, cluster)
        for name, counted in (("mara", False), ("mara-cluster", True)):
            target = _target(space, cluster, counted=counted)
            how = method(
                "rloo", "mara", beta=_BETA, tau=_THRESHOLD, batch=256 if quick else 512,
                equal_mass="scaffold" if counted else "string",
            )  # fmt: skip
            course = learn(space, how, target, seed=seed, steps=150 if quick else 4000, cluster=cluster)
            mass = [
                np.logaddexp.reduce(course.logp[(cluster == number) & (space.scores >= _THRESHOLD)])
                for number in range(5)
            ]
            rows.append(
                {"rewards": name, "space": seed, "kl": kl(course.logp, target)}
                | {f"log mass, cluster {number}": float(value) for number, value in enumerate(mass)}
                | {"spread of log mass": float(np.ptp(mass))}
            )
    table = pd.DataFrame(rows)
    spread: Any = table.groupby("rewards")["spread of log mass"].max()
    worst: Any = table["kl"].max()
    return Result(
        "clusters",
        "lifted reward - beta log n_c, with n_c the good answers known of a cluster, makes clusters equally likely"
        " (chemmara's own; by the law behind eq. 68).",
        f"the mass of every cluster's good answers is the same to {_BOUND:g} in its logarithm; under MARA it grows with"
        " n_c.",
        f"largest difference of log mass between clusters: {spread['mara-cluster']:.2g} with it, {spread['mara']:.3f}"
        f" under MARA; largest KL to the exact optimum {worst:.2g} nats.",
        bool(worst < _BOUND and spread["mara-cluster"] < _BOUND), table, _figure(table), not quick,
    )  # fmt: skip


def _all_clusters_good(seed: int, cluster: np.ndarray) -> Space:
    """Every cluster has a good answer; other answers are good or bad by chance."""
    generator = np.random.default_rng(seed)
    good = generator.random(len(cluster)) < 0.6  # noqa: PLR2004 - about half
    good[np.unique(cluster, return_index=True)[1]] = True
    scores = np.where(good, generator.uniform(0.6, 1.0, len(cluster)), generator.uniform(0.0, 0.4, len(cluster)))
    return Space.of(np.exp(1.5 * generator.standard_normal(len(cluster))), scores)


def _target(space: Space, cluster: np.ndarray, *, counted: bool) -> np.ndarray:
    """The exact optimum once every good answer is known."""
    rewards = mara_rewards(space.scores, space.prior_logp, threshold=_THRESHOLD, beta=_BETA)
    if counted:
        good = space.scores >= _THRESHOLD
        sizes = np.bincount(cluster[good], minlength=cluster.max() + 1)[cluster]
        rewards = rewards - _BETA * np.where(good, np.log(np.maximum(sizes, 1)), 0.0)
    return reverse_kl_target(space.prior_logp, rewards, _BETA)


def _figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    columns = [column for column in table if str(column).startswith("log mass")]
    for name, group in table.groupby("rewards"):
        axes.plot(range(len(columns)), np.exp(group[columns].to_numpy()).T, alpha=0.3, color=_COLOURS[str(name)])
        mean = np.exp(group[columns].to_numpy()).mean(0)
        axes.plot(range(len(columns)), mean, marker="o", color=_COLOURS[str(name)], label=str(name))
    axes.set_xticks(range(len(columns)), ["1", "2", "3", "6", "12"])
    axes.set_xlabel("answers in the cluster (of which some are good)")
    axes.set_ylabel("mass of its good answers")
    axes.legend(frameon=False)
    return figure


_COLOURS = {"mara": "#888888", "mara-cluster": "#0b7285"}
