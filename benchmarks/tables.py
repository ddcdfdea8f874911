"""The tables of docs/methods, made from what `chemmara lab all --out LAB` left: `python benchmarks/tables.py LAB`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from chemmara.benchmark.statistics import as_markdown, estimate


def ratio(table: pd.DataFrame) -> pd.DataFrame:
    """Of every estimator: largest KL to its target, and the ratio of the two equal answers of the first space."""
    first = table[table["space"] == "15 to 1"]
    ratios: Any = first.pivot_table("ratio", "estimator", "rewards", aggfunc="mean", sort=False)
    worst: Any = table.pivot_table("kl", "estimator", "rewards", aggfunc="max", sort=False)
    return pd.DataFrame(
        {
            "largest KL(policy to G), nats, without MARA": worst["vanilla"].map("{:.1e}".format),
            "with it": worst["mara"].map("{:.1e}".format),
            "ratio of the equals (15 under the prior), without MARA": ratios["vanilla"].map("{:.2f}".format),
            " with it": ratios["mara"].map("{:.3f}".format),
        }
    )


def estimators(table: pd.DataFrame) -> pd.DataFrame:
    """Bias in standard errors, cosine to the exact gradient and relative variance, on-policy and off."""
    table["z"] = table["bias"] / table["standard error"]
    means: Any = table.groupby(["estimator", "drawn from"], sort=False)[["bias", "z", "cosine", "relative variance"]]
    flat = means.mean().reset_index().set_index("estimator")
    return pd.DataFrame(
        {
            "drawn from": flat["drawn from"],
            "bias / exact gradient": flat["bias"].map("{:.3f}".format),
            "in standard errors": flat["z"].map("{:.1f}".format),
            "cosine": flat["cosine"].map("{:.3f}".format),
            "variance / exact gradient squared": flat["relative variance"].map("{:.3g}".format),
        }
    )


def forward_kl(table: pd.DataFrame) -> pd.DataFrame:
    """By beta: KL of the exact optimum of eq. 4 to eq. 5 and to eq. 2."""
    worst: Any = table.groupby("beta")
    return pd.DataFrame(
        {
            "largest KL to eq. 5, nats": worst["kl to its target"].max().abs().map("{:.0e}".format),
            "KL to eq. 2, nats": worst["kl to the reverse target"].agg(lambda column: str(estimate(column.tolist()))),
        }
    )


def clusters(table: pd.DataFrame) -> pd.DataFrame:
    """By rewards: how far apart the log masses of equally good clusters end, and the distance to the exact optimum."""
    worst: Any = table.groupby("rewards", sort=False)[["spread of log mass", "kl"]].max()
    return pd.DataFrame(
        {
            "largest difference of log mass between clusters": worst["spread of log mass"].map("{:.1e}".format),
            "largest KL to the exact optimum, nats": worst["kl"].map("{:.0e}".format),
        }
    )


def forecast(table: pd.DataFrame) -> pd.DataFrame:
    """By rewards and beta: errors of the predicted mass above tau and of the share of flips, and what is trusted."""
    groups: Any = table.groupby(["rewards", "beta"], sort=False)
    rows = {
        f"{rewards}, beta {beta:g}": {
            "effective samples": f"{group['effective samples'].median():.0f}",
            "trusted": f"{group['trusted'].sum()} of {len(group)}",
            "true mass inside the interval": f"{group['inside'].sum()} of {len(group)}",
            "error of the mass": f"{group['error of mass'].mean():.4f} (at most {group['error of mass'].max():.3f})",
            "error of the flips": f"{group['error of flips'].mean():.3f} (at most {group['error of flips'].max():.3f})",
            "seen, predicted / true": f"{group['predicted seen'].mean():.2f} / {group['true seen'].mean():.2f}",
        }
        for (rewards, beta), group in groups
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def one_two(table: pd.DataFrame) -> pd.DataFrame:
    """By KL term, rewards and beta: entropy of the two right answers, validity, and how many seeds are even."""
    groups: Any = table.groupby(["divergence", "rewards", "beta"], sort=False)
    rows = {
        f"{divergence} KL, {rewards}, beta {beta:g}": {
            "entropy of valid answers, nats": str(estimate(group["entropy"].tolist())),
            "validity": str(estimate(group["validity"].tolist())),
            "above 0.95 ln 2 and 0.99": f"{group['even'].sum()} of {len(group)}",
        }
        for (divergence, rewards, beta), group in groups
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def anchors(table: pd.DataFrame) -> pd.DataFrame:
    """By anchor: share of the policy that is good, the same at the optimum, and unevenness among the good."""
    return _means(table, "anchor", ("good", "good, whole space", "uneven"))


def thresholds(table: pd.DataFrame) -> pd.DataFrame:
    """By tau: score, mass and spread of the policy."""
    return _means(table, "tau", ("mean score", "above 0.7", "effective answers"))


def _means(table: pd.DataFrame, by: str, columns: tuple[str, ...]) -> pd.DataFrame:
    groups: Any = table.groupby(by, sort=False)
    return pd.DataFrame(
        {column: groups[column].agg(lambda values: str(estimate(values.tolist()))) for column in columns}
    )


TABLES: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "ratio": ("estimator", ratio),
    "estimators": ("estimator", estimators),
    "anchors": ("anchor", anchors),
    "thresholds": ("tau", thresholds),
    "clusters": ("rewards", clusters),
    "forward-kl": ("beta", forward_kl),
    "forecast": ("forecast", forecast),
    "one-two": ("task", one_two),
}


def main() -> None:
    """Every table of which the experiment is there."""
    for name, (what, make) in TABLES.items():
        path = Path(sys.argv[1]) / name / "table.csv"
        if path.is_file():
            print(f"## {name}\n\n{as_markdown(make(pd.read_csv(path)), what)}")


if __name__ == "__main__":
    main()
