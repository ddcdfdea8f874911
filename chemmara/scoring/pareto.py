"""Which molecules no other one beats in everything."""

from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from chemmara.scoring.finite import finite
from chemmara.scoring.transforms import Transform

_ROWS = 512  # compared at once: memory stays flat


def pareto_rank(desirabilities: np.ndarray) -> np.ndarray:
    """Front of each row (n, k), larger being better: 1 for those that no other row beats, 2 for those after these, ...

    A row beats another where it is at least as good in every column and better in one (Goldberg 1989). 0 for a row
    with a missing value.

    >>> pareto_rank(np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.1], [0.9, np.nan]]))
    array([1, 1, 2, 0])
    """
    ranks = np.zeros(len(desirabilities), dtype=int)
    left = np.flatnonzero(~np.isnan(desirabilities).any(axis=1))
    front = 0
    while len(left):
        front += 1
        beaten = np.concatenate(
            [_beaten(desirabilities[left[i : i + _ROWS]], desirabilities[left]) for i in range(0, len(left), _ROWS)]
        )
        ranks[left[~beaten]] = front
        left = left[beaten]
    return ranks


def _beaten(some: np.ndarray, by: np.ndarray) -> np.ndarray:
    as_good = np.all(by[None, :, :] >= some[:, None, :], axis=2)
    better = np.any(by[None, :, :] > some[:, None, :], axis=2)
    return np.asarray(np.any(as_good & better, axis=1))


def component_desirabilities(objective: dict[str, Any], calls: pd.DataFrame) -> np.ndarray:
    """Desirabilities (n, scoring components), from a run's settings and its ledger's raw values.

    It needs nothing that the objective named, such as models or receptors, to be there still.
    """
    transforms: TypeAdapter[Any] = TypeAdapter(Transform)
    columns = []
    for component in objective["component"]:
        if component.get("role", "score") != "score":
            continue
        raw = calls[component["name"] or component["oracle"]].to_numpy(dtype=float)
        given = component["transform"]
        columns.append(finite(raw) if given is None else transforms.validate_python(given)(raw))
    return np.column_stack(columns)
