"""What is known of a model's errors, and how far from its molecules it may be believed."""

from typing import Any, Final

import numpy as np
from rdkit.DataStructs import BulkTanimotoSimilarity

from chemmara.oracles.qsar import NEIGHBOURS
from chemmara.qsar.data import Activities
from chemmara.qsar.validate import Split, Validation

_SAMPLE: Final = 2000  # molecules whose neighbours tell how near they usually are
_FARTHEST: Final = 5.0  # per cent of them that lie farther away than the domain reaches


def evidence(validations: dict[Split, Validation]) -> Split:
    """The split whose held-out predictions tell the errors: scaffold, or random where that has none."""
    return "scaffold" if validations["scaffold"].judged.any() else "random"


def calibration(activities: Activities, held_out: Validation) -> np.ndarray:
    """Predictions for held-out inactives, sorted; empty for a regression, or where no fold could be judged."""
    if activities.task == "regression":
        return np.zeros(0)
    return np.sort(held_out.predictions[held_out.judged & (activities.targets == 0)])


def half_width(activities: Activities, held_out: Validation, confidence: float) -> float | None:
    """Split-conformal: the ceil((n + 1) confidence)-th smallest held-out error (Lei 2018, section 2.2).

    None where n errors are too few for that: 9 are needed for 90 %, 19 for 95 %. Of a classification, whose errors are
    told by `calibration`, 0, or None where no inactive was held out.
    """
    if activities.task == "classification":
        return 0.0 if len(calibration(activities, held_out)) else None
    judged = held_out.judged
    errors = np.sort(np.abs(activities.targets - held_out.predictions)[judged])
    rank = int(np.ceil((len(errors) + 1) * confidence))
    return float(errors[rank - 1]) if rank <= len(errors) else None


def domain(known: Any, seed: int) -> float:
    """Similarity to the five nearest others (or all, if fewer) that 95 % of the molecules reach.

    `known` holds their bit vectors, one or more.
    """
    near = [0.0] if len(known) == 1 else []
    for row in np.random.default_rng(seed).permutation(len(known))[:_SAMPLE] if len(known) > 1 else []:
        others = np.delete(np.array(BulkTanimotoSimilarity(known[row], known)), row)
        near.append(np.sort(others)[-NEIGHBOURS:].mean())
    return max(float(np.percentile(near, _FARTHEST)), 1e-6)
