"""What tau does: how many answers share the policy, and how good they are."""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chemmara.benchmark.statistics import estimate
from chemmara.lab.learn import learn, method
from chemmara.lab.result import Result
from chemmara.lab.space import Space, entropy, kl, reverse_kl_target
from chemmara.rl.rewards import mara_rewards
from chemmara.rl.tau import PercentileTau, TauConfig

_BETA, _N, _BOUND = 0.1, 30, 1e-3
_FIXED: Final = (0.3, 0.5, 0.7, 0.9, 1.0)
_TICKS: Final = (5, 6, 8, 10, 15, 20)


def thresholds(seeds: int = 10, *, quick: bool = False) -> Result:
    """Random spaces of 30 answers with scores from 0 to 1: tau fixed, or a percentile of the batch or the run."""
    rules: dict[str, TauConfig] = {f"{tau:g}": tau for tau in _FIXED}
    rules |= {f"batch, {p}th": PercentileTau(percentile=p) for p in (50, 75, 90)}
    rules |= {f"run, {p}th": PercentileTau(percentile=p, over="run") for p in (50, 75, 90)}
    rows = []
    for seed in range(1 if quick else seeds):
        space = _graded(seed)
        for name, rule in rules.items():
            fixed = rule if isinstance(rule, float) else float("nan")
            goal = mara_rewards(space.scores, space.prior_logp, threshold=fixed, beta=_BETA)
            target = reverse_kl_target(space.prior_logp, np.asarray(goal), _BETA)
            how = method("rloo", "mara", beta=_BETA, tau=rule, batch=64 if quick else 256)
            course = learn(space, how, target, seed=seed, steps=100 if quick else 3000)
            probability = np.exp(course.logp)
            rows.append(
                {
                    "tau": name, "space": seed, "mean score": float((probability * space.scores).sum()),
                    "above 0.7": float(probability[space.scores >= 0.7].sum()),  # noqa: PLR2004 - as the column says
                    "effective answers": float(np.exp(entropy(course.logp))),
                    "kl to its target": kl(course.logp, target) if isinstance(rule, float) else float("nan"),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    worst = table["kl to its target"].max()
    answers = {
        str(name): estimate(group["effective answers"].tolist()) for name, group in table.groupby("tau", sort=False)
    }
    falling = all(answers[f"{a:g}"].mean >= answers[f"{b:g}"].mean for a, b in pairwise(_FIXED[:-1]))
    return Result(
        "thresholds",
        "MARA's optimum is flat over everything that reaches tau: tau trades the mean score against how many answers"
        " share the policy; with tau above all scores nothing is left of MARA.",
        f"fixed tau: within {_BOUND:g} nats of its exact optimum, and fewer effective answers from 0.3 to 0.9.",
        f"largest KL to the exact optimum {worst:.2g} nats; effective answers (exp entropy, mean and 95 % interval): "
        + "; ".join(f"{name}: {answer}" for name, answer in answers.items()) + ".",
        bool(worst < _BOUND and falling), table, _figure(table), not quick,
    )  # fmt: skip


def _graded(seed: int) -> Space:
    generator = np.random.default_rng(seed)
    return Space.of(np.exp(1.5 * generator.standard_normal(_N)), generator.beta(1.2, 1.2, _N))


def _figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    beside = {"": (-22, -11), "batch": (7, -3), "run": (-32, -3)}  # points from a mark to its label
    means: Any = table.groupby("tau", sort=False)[["mean score", "effective answers"]].mean()
    for kind, mark in (("", "o"), ("batch", "s"), ("run", "^")):
        some = [name for name in means.index if (name.split(",")[0] if "," in name else "") == kind]
        axes.plot(
            means.loc[some, "mean score"], means.loc[some, "effective answers"], marker=mark,
            label={"": "fixed tau", "batch": "percentile of the batch", "run": "percentile of the run"}[kind],
        )  # fmt: skip
        for name in some:
            axes.annotate(
                name.split(", ")[-1], (means.loc[name, "mean score"], means.loc[name, "effective answers"]),
                textcoords="offset points", xytext=beside[kind], fontsize=8,
            )  # fmt: skip
    axes.set_yscale("log")
    axes.set_yticks(_TICKS, [str(tick) for tick in _TICKS])
    axes.minorticks_off()
    axes.margins(0.08)
    axes.set_xlabel("mean score of the policy")
    axes.set_ylabel("effective answers")
    axes.legend(frameon=False, fontsize=8)
    return figure
