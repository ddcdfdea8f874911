"""`chemmara plan` where the optimum is known: what a pilot predicts, against what is true."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chemmara.campaign.forecast import Pilot, forecast, preferred_better
from chemmara.lab.result import Result
from chemmara.lab.space import Space, reverse_kl_target
from chemmara.rl.rewards import REWARDS, RewardName

_TAU, _COVERED = 0.5, 0.9
_DIGIT = 1e-3  # a probability closer to the truth than this is not wrong


def foretell(seeds: int = 20, *, quick: bool = False) -> Result:
    """Spaces of 300 answers, pilots of 500, betas from 0.02 to 1, with MARA and without."""
    rows = []
    kinds: tuple[RewardName, RewardName] = ("vanilla", "mara")
    for seed in range(3 if quick else seeds):
        space = Space.random(300, seed)
        pilot, met = _pilot(space, 500, seed)
        for kind in kinds:
            for beta in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
                found = forecast(pilot, kind, beta=beta, tau=_TAU, hit_threshold=_TAU)
                augmented = np.asarray(REWARDS[kind](space.scores, space.prior_logp, threshold=_TAU, beta=beta))
                goal = np.exp(reverse_kl_target(space.prior_logp, augmented, beta))
                mass = float(goal[space.scores >= _TAU].sum())
                flips = preferred_better(space.scores, space.prior_logp, augmented, beta, space.prior)
                rows.append(
                    {"space": seed, "rewards": kind, "beta": beta, "predicted mass": found.good, "true mass": mass,
                     "inside": found.low - _DIGIT <= mass <= found.high + _DIGIT, "trusted": found.trusted,
                     "predicted score": found.score,
                     "true score": float((goal * space.scores).sum()), "predicted flips": found.flips,
                     "true flips": flips, "effective samples": found.samples,
                     "predicted seen": found.seen, "true seen": float(goal[met].sum())}
                )  # fmt: skip
    table = pd.DataFrame(rows)
    table["error of mass"] = (table["predicted mass"] - table["true mass"]).abs()
    table["error of flips"] = (table["predicted flips"] - table["true flips"]).abs()
    trusted, mara = table[table["trusted"]], table[table["rewards"] == "mara"]
    inside = trusted["inside"].mean()
    return Result(
        "forecast",
        "a sample of the prior with weights exp(reward / beta) stands for the optimum; its effective size says how well"
        " where weights have a bound, as without MARA. MARA's, 1 / prior, have none.",
        f"trusted forecasts (at least 30 effective samples of 500, without MARA): to {_DIGIT:g} the 95 % interval holds"
        f" the true mass above tau in at least {_COVERED:.0%} of cases.",
        f"{len(trusted)} of {len(table)} forecasts are trusted: {inside:.0%} inside, error of the mass"
        f" {trusted['error of mass'].mean():.4f} on average, {trusted['error of mass'].max():.3f} at most, of the share"
        f" of flips {trusted['error of flips'].mean():.3f} and {trusted['error of flips'].max():.3f}. MARA's:"
        f" {mara['inside'].mean():.0%} inside, errors of the mass {mara['error of mass'].mean():.4f} and"
        f" {mara['error of mass'].max():.3f}, of flips {mara['error of flips'].mean():.3f} and"
        f" {mara['error of flips'].max():.3f}; its pilots have met {mara['true seen'].mean():.0%} of the optimum, and"
        f" tell {mara['predicted seen'].mean():.0%}.",
        bool(inside >= _COVERED), table, _figure(table), not quick,
    )  # fmt: skip


def _pilot(space: Space, n: int, seed: int) -> tuple[Pilot, np.ndarray]:
    """A pilot, and which answers it has met; its random stream is not the one that made the space."""
    rows = np.random.default_rng([seed, 1]).choice(len(space.scores), n, p=space.prior)
    names = [str(i) for i in rows]
    return Pilot(space.prior_logp[rows], space.scores[rows], names, names), np.unique(rows)


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
    right.axvline(30, color="#cccccc", linewidth=0.8)
    right.set_xlabel("effective samples")
    right.set_ylabel("error of the mass")
    left.legend(frameon=False)
    return figure
