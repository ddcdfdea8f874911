"""What is known of a model's errors, and how far from its molecules it may be believed."""

from typing import Final

import numpy as np

from chemmara.molecules.fingerprint_blocks import most_similar
from chemmara.oracles.qsar import NEIGHBOURS, mean_of_nearest
from chemmara.qsar.data import Activities
from chemmara.qsar.validate import Split, Validation

_SAMPLE: Final = 2000  # molecules whose neighbours tell how near they usually are
_COMPARED: Final = 5000  # held-out molecules whose similarity to what was learned from is measured
_LEAST_REACH: Final = 1e-6  # since similarities are divided by it
_FARTHEST: Final = 5.0  # per cent of them that lie farther away than the domain reaches


def evidence(validations: dict[Split, Validation]) -> Split:
    """The split whose held-out predictions tell the errors: scaffold, or random where that has none."""
    return "scaffold" if validations["scaffold"].judged.any() else "random"


def calibration(activities: Activities, held_out: Validation) -> np.ndarray:
    """Predictions for held-out inactives, sorted; empty for a regression, or where no fold could be judged."""
    return _predictions_for(0, activities, held_out)


def calibration_active(activities: Activities, held_out: Validation) -> np.ndarray:
    """Predictions for held-out actives, sorted; empty for a regression, or where no fold could be judged."""
    return _predictions_for(1, activities, held_out)


def _predictions_for(target: int, activities: Activities, held_out: Validation) -> np.ndarray:
    if activities.task == "regression":
        return np.zeros(0)
    return np.sort(held_out.predictions[held_out.judged & (activities.targets == target)])


def half_width(activities: Activities, held_out: Validation, confidence: float) -> float | None:
    """Split-conformal: the ceil((n + 1) confidence)-th smallest held-out error (Lei 2018, section 2.2).

    None where n errors are too few for that: 9 are needed for 90 %, 19 for 95 %. Of a classification, whose errors are
    told by `calibration`, 0, or None where no inactive was held out.
    """
    if activities.task == "classification":
        return 0.0 if len(calibration(activities, held_out)) else None
    return _quantile(np.abs(activities.targets - held_out.predictions)[held_out.judged], confidence)


def half_widths(
    activities: Activities, held_out: Validation, inside: np.ndarray, confidence: float
) -> tuple[float | None, float | None]:
    """The same from the held-out molecules inside the domain alone, and from those outside: Mondrian conformal
    prediction (Vovk 2005, section 4.5), valid in each of the two groups.

    `inside` (n,): 1 and 0 by the similarity to what was learned from when the molecule was held out; NaN: not known.
    None for a classification, and where a group is too small.
    """  # noqa: D205 - a definition that needs two lines
    if activities.task == "classification":
        return None, None
    errors, judged = np.abs(activities.targets - held_out.predictions), held_out.judged
    return (
        _quantile(errors[judged & (inside == 1)], confidence),
        _quantile(errors[judged & (inside == 0)], confidence),
    )


def _quantile(errors: np.ndarray, confidence: float) -> float | None:
    """The ceil((n + 1) confidence)-th smallest of n errors; None where n is too small for that."""
    rank = int(np.ceil((len(errors) + 1) * confidence))
    return float(np.sort(errors)[rank - 1]) if rank <= len(errors) else None


def similarity_when_held_out(known: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]], seed: int) -> np.ndarray:
    """Mean similarity (n,) of molecules to the five nearest that were learned from when they were held out.

    `known`: packed fingerprints (n, 256); `parts`: the rows to learn from and those held out of each fold. NaN for a
    molecule that was never held out, and beyond the first 5,000 in random order.
    """
    similarity = np.full(len(known), np.nan)
    compared = np.zeros(len(known), dtype=bool)
    compared[np.random.default_rng(seed).permutation(len(known))[:_COMPARED]] = True
    for learned, held in parts:
        rows = held[compared[held]]
        similarity[rows] = mean_of_nearest(known[rows], known[learned])
    return similarity


def inside(similarity: np.ndarray, reach: float) -> np.ndarray:
    """1 for a similarity of at least `reach`, 0 below, NaN where unknown; (n,)."""
    return np.where(np.isnan(similarity), np.nan, similarity >= reach)


def domain(known: np.ndarray, seed: int) -> float:
    """Similarity to the five nearest others (or all, if fewer) that 95 % of the molecules reach.

    `known`: their packed fingerprints (n, 256), one or more.
    """
    if len(known) == 1:
        return _LEAST_REACH
    rows = np.random.default_rng(seed).permutation(len(known))[:_SAMPLE]
    others = most_similar(known[rows], known, NEIGHBOURS + 1)[:, 1:]  # the first is the molecule itself
    return max(float(np.percentile(others.mean(axis=1), _FARTHEST)), _LEAST_REACH)
