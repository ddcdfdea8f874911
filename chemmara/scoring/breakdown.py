"""Why a molecule has its score: the raw value of each component, its desirability, and what it cost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chemmara.molecules.chem import canonical_smiles
from chemmara.scoring.components.base import Base
from chemmara.scoring.measurement import Request
from chemmara.scoring.objective import Objective, ObjectiveConfig


def breakdown(objective: Objective, smiles: Sequence[str]) -> pd.DataFrame:
    """One row a molecule and component: smiles, component, role, weight, raw, found, desirability, total, error.

    found: names of what a component counts (alerts, rules broken), with semicolons.
    """
    scores = objective(smiles)
    rows = [
        {
            "smiles": text or given,
            "component": name,
            "role": component.role,
            "weight": component.weight,
            "raw": scores.components[name][i],
            "found": objective.found(name, text),
            "desirability": component.desirability(scores.components[name][[i]])[0],
            "total": scores.total[i],
            "error": scores.error[i],
        }
        for i, (given, text) in enumerate(zip(smiles, scores.smiles, strict=True))
        for name, component in objective.config.named
    ]
    return pd.DataFrame(rows)


def transform_curve(component: Base, points: int = 201) -> tuple[np.ndarray, np.ndarray]:
    """Values (points,) over which a component's transform goes from worst to best, and their desirabilities."""
    settings = {} if component.transform is None else component.transform.model_dump(exclude={"kind", "otherwise"})
    marks = settings.pop("values", None)
    width = settings.pop("width", None) or 0.0
    ends = [float(mark) for mark in (marks or settings.values()) if mark is not None] or [0.0, 1.0]
    margin = 3.0 * width or 0.25 * (max(ends) - min(ends)) or 1.0
    low, high = (0.0, 1.0) if component.transform is None else (min(ends) - margin, max(ends) + margin)
    values = np.arange(min(ends), max(ends) + 2) if marks else np.linspace(low, high, points)
    return values, component.desirability(values)


@dataclass(frozen=True)
class Trial:
    """Values of a component that was measured by itself, and the time it took."""

    component: str
    values: list[float]  # raw; NaN for none
    errors: list[str]
    milliseconds: float  # a molecule, without what the first one had to load
    loading: float  # milliseconds of the first molecule beyond that


def trial(objective: ObjectiveConfig, smiles: Sequence[str]) -> list[Trial]:
    """Measure all molecules with each component by itself, and time it."""
    requests = [Request(canonical) for text in smiles if (canonical := canonical_smiles(text))]
    trials = []
    for name, component in objective.named:
        bare = component.model_copy(update={"role": "score", "name": name})
        alone = Objective(ObjectiveConfig.model_construct(aggregation="arithmetic", component=(bare,)))
        began = time.perf_counter()
        first = alone.measure(requests[:1])
        loaded = time.perf_counter()
        others = alone.measure(requests[1:])
        each = 1e3 * (time.perf_counter() - loaded) / max(1, len(others))
        measured = [*first, *others]
        beyond = max(0.0, 1e3 * (loaded - began) - each)
        values = [found.values[0] for found in measured]  # noqa: PD011 - no data frame
        trials.append(Trial(name, values, [found.error for found in measured], each, beyond))
    return trials
