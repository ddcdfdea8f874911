"""The figures that a run, or a library, is reported by."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chemmara.metrics.diversity import circles, generic_scaffolds, internal_diversity, scaffolds
from chemmara.metrics.quality import auc_top, oracle_burden, top_mean, yield_at
from chemmara.molecules.chem import canonical_smiles


def library_figures(smiles: Sequence[str]) -> dict[str, float]:
    """What `chemmara diversity` prints: counts of the rows, and the diversity of the unique valid molecules.

    #Circles goes through them in the order given.
    """
    valid = [text for text in map(canonical_smiles, smiles) if text is not None]
    unique = list(dict.fromkeys(valid))
    return {
        "molecules": len(smiles),
        "invalid": len(smiles) - len(valid),
        "duplicates": len(valid) - len(unique),
        "unique": len(unique),
        **_diversity(unique),
    }


def run_figures(calls: pd.DataFrame, hit_threshold: float, budget: int) -> dict[str, float]:
    """What a run is judged by: quality of its calls, and diversity of its hits (score >= hit_threshold), best first.

    `calls` is a ledger's frame. NaN where a figure is not defined, such as OB100 with fewer than 100 hits.
    """
    scores = calls["score"].to_numpy(dtype=float)
    hits = hits_of(calls, hit_threshold)["smiles"].tolist()
    return {
        "calls": len(calls),
        "best": float(np.nanmax(scores)) if np.isfinite(scores).any() else float("nan"),
        "top10": top_mean(scores, 10),
        "hits": yield_at(scores, hit_threshold),
        "ob1": oracle_burden(scores, 1, hit_threshold),
        "ob100": oracle_burden(scores, 100, hit_threshold),
        **_diversity(hits),
        "auc_top10": auc_top(scores, 10, budget=budget),
        "auc_top10_not_carried": auc_top(scores, 10, budget=budget, carry=False),
    }


def hits_of(calls: pd.DataFrame, hit_threshold: float) -> pd.DataFrame:
    """The calls with a score of at least the hit threshold, best first, equal ones in the order they were found."""
    scores = calls["score"].to_numpy(dtype=float)
    order = np.argsort(-scores, kind="stable")
    return calls.iloc[order[scores[order] >= hit_threshold]]


def failure_reasons(calls: pd.DataFrame) -> dict[str, int]:
    """Reasons for missing scores with the number of calls that have each, the commonest first."""
    missing = calls.loc[calls["score"].isna(), "error"]
    return {str(reason): int(number) for reason, number in missing.value_counts().items()}


def _diversity(unique: list[str]) -> dict[str, float]:
    return {
        "scaffolds": len(scaffolds(unique)),
        "generic_scaffolds": len(generic_scaffolds(unique)),
        "intdiv1": internal_diversity(unique),
        "circles75": circles(unique, 0.75),
        "circles70": circles(unique, 0.70),
    }


def curves(calls: pd.DataFrame, hit_threshold: float, points: int = 50) -> pd.DataFrame:
    """Hits, scaffolds among them and the mean of the ten best against calls, at evenly spread calls."""
    scores = calls["score"].to_numpy(dtype=float)
    is_hit = scores >= hit_threshold
    seen: set[str] = set()
    grown = np.zeros(len(calls) + 1, dtype=int)
    for call, (smiles, hit) in enumerate(zip(calls["smiles"], is_hit, strict=True), start=1):
        if hit:
            seen |= scaffolds([smiles])
        grown[call] = len(seen)
    at = np.unique(np.linspace(0, len(calls), points).astype(int))
    return pd.DataFrame(
        {
            "calls": at,
            "hits": np.concatenate([[0], is_hit.cumsum()])[at],
            "scaffolds": grown[at],
            "top10": [top_mean(scores[:call], 10) for call in at],
        }
    )
