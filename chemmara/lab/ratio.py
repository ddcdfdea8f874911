"""Equal rewards keep the prior's ratio; MARA makes them equal. For every estimator that claims the target."""

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chemmara.lab.learn import learn, method, optimum
from chemmara.lab.result import Result
from chemmara.lab.space import Space, kl, reverse_kl_target
from chemmara.rl.estimators import ESTIMATORS, EstimatorName
from chemmara.rl.rewards import REWARDS, RewardName

_BETA, _THRESHOLD = 0.2, 0.5
_BOUND = 1e-3  # nats
_REWARDS: Final[tuple[RewardName, ...]] = ("vanilla", "mara")
_STYLES: Final = {"reinvent": "--", "log-variance": "--", "trajectory-balance": ":"}  # they lie upon others
_CLAIMS: Final[list[EstimatorName]] = [name for name, estimator in ESTIMATORS.items() if estimator.target == "reverse"]


def ratio(seeds: int = 2, *, quick: bool = False) -> Result:
    """Two good answers with a prior ratio of 15 among six, and random spaces of twelve."""
    spaces = {
        "15 to 1": Space.of(np.array([0.45, 0.03, 0.2, 0.2, 0.1, 0.02]), np.array([0.8, 0.8, 0.1, 0.2, 0.0, 0.3]))
    }
    spaces |= {f"random {seed}": Space.random(12, seed) for seed in range(1 if quick else 2)}
    rows, courses = [], {}
    for name, space in spaces.items():
        for rewards in _REWARDS:
            augmented = REWARDS[rewards](space.scores, space.prior_logp, threshold=_THRESHOLD, beta=_BETA)
            target = reverse_kl_target(space.prior_logp, np.asarray(augmented), _BETA)
            exact = optimum(space, np.asarray(augmented), _BETA)
            rows.append(_row(name, rewards, "exact gradient", -1, exact, target))
            for estimator in _CLAIMS:
                for seed in range(1 if quick else seeds):
                    batch = 64 if quick else 1024
                    how = method(estimator, rewards, beta=_BETA, tau=_THRESHOLD, batch=batch)
                    course = learn(space, how, target, seed=seed, steps=60 if quick else 4000)
                    rows.append(_row(name, rewards, estimator, seed, course.logp, target))
                    if name == "15 to 1" and seed == 0:
                        courses[rewards, estimator] = course
    table = pd.DataFrame(rows)
    worst: Any = table.groupby("estimator")["kl"].max()
    first: Any = table[table["space"] == "15 to 1"].groupby("rewards")["ratio"]
    measured = (
        f"largest KL(policy || G) {worst.max():.2g} nats ({worst.idxmax()}); ratio"
        f" {first.min()['vanilla']:.2f} to {first.max()['vanilla']:.2f} without MARA,"
        f" {first.min()['mara']:.3f} to {first.max()['mara']:.3f} with it."
    )
    return Result(
        "ratio",
        "of two equally good answers the optimum prefers the one the prior prefers, by the prior's own ratio, whatever"
        " beta is (remark 4.3); MARA makes them equally likely (eq. 68).",
        f"every estimator ends within {_BOUND:g} nats of its target; the ratio 15 stays 15 without MARA and becomes 1.",
        measured, bool(worst.max() < _BOUND), table, _figure(courses), not quick,
    )  # fmt: skip


def _row(
    space: str, rewards: str, estimator: str, seed: int, logp: np.ndarray, target: np.ndarray
) -> dict[str, object]:
    return {
        "space": space, "rewards": rewards, "estimator": estimator, "seed": seed, "kl": kl(logp, target),
        "ratio": float(np.exp(logp[0] - logp[1])),
    }  # fmt: skip


def _figure(courses: dict) -> Figure:
    """KL to the target and entropy of the policy as training goes on."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    for (above, below), rewards in zip(
        figure.subplots(2, 2, sharex=True, sharey="row").T, ("vanilla", "mara"), strict=True
    ):
        for (kind, estimator), course in courses.items():
            if kind == rewards:
                style = {"linestyle": _STYLES.get(estimator, "-")}
                above.semilogy(course.steps, np.maximum(course.kl, 1e-9), **style)
                below.plot(course.steps, course.entropy, label=estimator, **style)
        above.axhline(_BOUND, color="#888888", linewidth=0.8)
        above.set_title(rewards, fontsize=10)
        below.set_xlabel("steps")
    figure.axes[0].set_ylabel("KL(policy || G), nats")
    figure.axes[2].set_ylabel("entropy, nats")
    figure.axes[2].legend(frameon=False, fontsize=8)
    return figure
