"""`chemmara plan` where the optimum is known: what a pilot predicts, against what is true."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chemmara.foresight.optimum import Pilot, forecast, preferred_better
from chemmara.lab.result import Result
from chemmara.lab.space import Space, reverse_kl_target
from chemmara.rl.rewards import REWARDS, RewardName

_TAU, _TRUSTED, _COVERED = 0.5, 30.0, 0.9


def foretell(seeds: int = 20, *, quick: bool = False) -> Result:
    """Spaces of 300 answers, pilots of 500, betas from 0.02 to 1, with MARA and without."""
    rows = []
    kinds: tuple[RewardName, RewardName] = ("vanilla", "mara")
    for seed in range(3 if quick else seeds):
        space = Space.random(300, seed)
        pilot = _pilot(space, 500, seed)
        for kind in kinds:
            for beta in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
                found = forecast(pilot, kind, beta=beta, tau=_TAU, threshold=_TAU)
                earned = np.asarray(REWARDS[kind](space.scores, space.prior_logp, threshold=_TAU, beta=beta))
                goal = np.exp(reverse_kl_target(space.prior_logp, earned, beta))
                mass = float(goal[space.scores >= _TAU].sum())
                flips = preferred_better(space.scores, space.prior_logp, earned, beta)
                rows.append(
                    {"space": seed, "rewards": kind, "beta": beta, "predicted mass": found.good, "true mass": mass,
                     "inside": found.low <= mass <= found.high, "predicted score": found.score,
                     "true score": float((goal * space.scores).sum()), "predicted flips": found.flips,
                     "true flips": flips, "effective samples": found.samples}
                )  # fmt: skip
    table = pd.DataFrame(rows)
    table["error of mass"] = (table["predicted mass"] - table["true mass"]).abs()
    table["error of flips"] = (table["predicted flips"] - table["true flips"]).abs()
    trusted = table["effective samples"] >= _TRUSTED
    worst, flips = table.loc[trusted, "error of mass"].max(), table["error of flips"].max()
    inside, outside = table.loc[trusted, "inside"].mean(), table.loc[~trusted, "error of mass"].mean()
    return Result(
        "forecast",
        "a sample of the prior with weights exp(reward / beta) stands for the optimum; its effective size says"
        " how well.",
        f"with at least {_TRUSTED:g} effective samples of 500 the 95 % interval holds the true mass above tau in at"
        f" least {_COVERED:.0%} of cases.",
        f"{trusted.sum()} of {len(table)} forecasts are trusted: the interval holds the true mass in {inside:.0%},"
        f" largest error of mass {worst:.3f}, mean {table.loc[trusted, 'error of mass'].mean():.3f}; the others' mean"
        f" error is {outside:.3f}; share of flips off by at most {flips:.3f}.",
        bool(inside >= _COVERED), table, _figure(table), not quick,
    )  # fmt: skip


def _pilot(space: Space, n: int, seed: int) -> Pilot:
    rows = np.random.default_rng(seed).choice(len(space.scores), n, p=space.prior)
    names = [str(i) for i in rows]
    return Pilot(space.prior_logp[rows], space.scores[rows], names, names)


def _figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for kind, colour in (("vanilla", "#888888"), ("mara", "#0b7285")):
        some = table[table["rewards"] == kind]
        left.scatter(some["true mass"], some["predicted mass"], s=10, color=colour, label=kind)
        right.scatter(some["effective samples"], some["error of mass"], s=10, color=colour, label=kind)
    left.plot([0, 1], [0, 1], color="#cccccc", linewidth=0.8)
    left.set_xlabel("true mass above tau")
    left.set_ylabel("predicted")
    right.set_xscale("log")
    right.axvline(_TRUSTED, color="#cccccc", linewidth=0.8)
    right.set_xlabel("effective samples")
    right.set_ylabel("error of the mass")
    left.legend(frameon=False)
    return figure
