"""The figures that a run, or a library, is reported by."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from chemmara.metrics.diversity import Diversity, diversity
from chemmara.metrics.quality import auc_top, oracle_burden, running_top, top_mean, yield_at
from chemmara.molecules.chem import canonical_smiles

CIRCLES: Final = (0.75, 0.70)
"""Distances of #Circles in reports."""


def library_figures(smiles: Sequence[str]) -> dict[str, float]:
    """What `chemmara diversity` prints: counts of the rows, and the diversity of the unique valid molecules."""
    valid = [text for text in map(canonical_smiles, smiles) if text is not None]
    unique = list(dict.fromkeys(valid))
    return {
        "molecules": len(smiles),
        "invalid": len(smiles) - len(valid),
        "duplicates": len(valid) - len(unique),
        "unique": len(unique),
        **_figures(diversity(unique, CIRCLES)),
    }


@dataclass(frozen=True)
class Summary:
    """What a run is judged by, and its course."""

    figures: dict[str, float]  # by name; NaN where one is not defined, such as OB100 with fewer than 100 hits
    hits: pd.DataFrame  # the calls with a score of at least the hit threshold, best first
    curves: pd.DataFrame  # see `curves`
    diversity: Diversity  # of the hits, at the distances `CIRCLES`


def summarise(calls: pd.DataFrame, hit_threshold: float, budget: int) -> Summary:
    """Quality of a run's calls (a ledger's frame), and diversity of its hits (score >= hit_threshold).

    Each hit is read once, and each pair of hits compared once.
    """
    scores = calls["score"].to_numpy(dtype=float)
    hits = hits_of(calls, hit_threshold)
    found = diversity(hits["smiles"].tolist(), CIRCLES)
    figures = {
        "calls": len(calls),
        "best": float(np.nanmax(scores)) if np.isfinite(scores).any() else float("nan"),
        "top10": top_mean(scores, 10),
        "hits": yield_at(scores, hit_threshold),
        "ob1": oracle_burden(scores, 1, hit_threshold),
        "ob100": oracle_burden(scores, 100, hit_threshold),
        **_figures(found),
        "auc_top10": auc_top(scores, 10, budget=budget),
        "auc_top10_not_carried": auc_top(scores, 10, budget=budget, carry=False),
    }
    return Summary(figures, hits, curves(calls, hit_threshold, found.scaffolds), found)


def run_figures(calls: pd.DataFrame, hit_threshold: float, budget: int) -> dict[str, float]:
    """The figures of a run, from its ledger's frame."""
    return summarise(calls, hit_threshold, budget).figures


def hits_of(calls: pd.DataFrame, hit_threshold: float) -> pd.DataFrame:
    """The calls with a score of at least the hit threshold, best first, equal ones in the order they were found."""
    scores = calls["score"].to_numpy(dtype=float)
    order = np.argsort(-scores, kind="stable")
    return calls.iloc[order[scores[order] >= hit_threshold]]


def failure_reasons(calls: pd.DataFrame) -> dict[str, int]:
    """Reasons for missing scores with the number of calls that have each, the commonest first.

    Those that differ only in the call's molecule, in what is quoted ('...') or in a value outside its range count as
    the same reason, with "..." in these places.
    """
    scores = calls["stage_score"] if "stage_score" in calls else calls["score"]
    missing = calls.loc[scores.isna(), ["smiles", "error"]]
    kinds: dict[str, Counter[str]] = {}
    for smiles, error in missing.itertuples(index=False):
        kinds.setdefault(kind_of_failure(str(error), smiles), Counter())[str(error)] += 1
    reasons = {next(iter(found)) if len(found) == 1 else kind: found.total() for kind, found in kinds.items()}
    return dict(sorted(reasons.items(), key=lambda reason: -reason[1]))


_OF_THIS_CALL: Final = re.compile(r"(?<!\w)'[^']*'(?!\w)|\S+(?= is outside )")


def kind_of_failure(error: str, smiles: str) -> str:
    """A reason for a missing score without what belongs to its call alone."""
    if smiles in error:
        error = re.sub(rf"(?<!\w){re.escape(smiles)}(?!\w)", "...", error)
    return _OF_THIS_CALL.sub("...", error)


def _figures(found: Diversity) -> dict[str, float]:
    at75, at70 = (len(found.circles[distance]) for distance in CIRCLES)
    return {
        "scaffolds": len(set(found.scaffolds.values())),
        "generic_scaffolds": len(found.generic_scaffolds),
        "intdiv1": found.internal_diversity,
        "circles75": at75,
        "circles70": at70,
    }


def curves(calls: pd.DataFrame, hit_threshold: float, known: Mapping[str, str], points: int = 50) -> pd.DataFrame:
    """Hits, scaffolds among them and the mean of the ten best against calls, at evenly spread calls.

    `known`: the scaffold of each hit, by its SMILES.
    """
    scores = calls["score"].to_numpy(dtype=float)
    is_hit = scores >= hit_threshold
    of_hits = pd.Series([known[smiles] if hit else None for smiles, hit in zip(calls["smiles"], is_hit, strict=True)])
    is_new = is_hit & ~of_hits.duplicated().to_numpy()
    at = np.unique(np.linspace(0, len(calls), points).astype(int))
    return pd.DataFrame(
        {
            "calls": at,
            "hits": np.concatenate([[0], is_hit.cumsum()])[at],
            "scaffolds": np.concatenate([[0], is_new.cumsum()])[at],
            "top10": running_top(scores, at, 10),
        }
    )
