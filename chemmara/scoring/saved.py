"""An objective as a run's settings hold it, and what it made of the raw values in the run's ledger.

Nothing that the objective named, such as models or receptors, needs to be there still.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from chemmara.scoring.finite import finite
from chemmara.scoring.transforms import Transform


def component_name(part: dict[str, Any]) -> str:
    """The name of a component's column."""
    return part.get("name") or part["oracle"]


def transform_of(given: dict[str, Any] | None) -> Callable[[np.ndarray], np.ndarray]:
    """From raw values (n,) to desirabilities, as a component's settings say; values as they are where it has none."""
    return finite if given is None else _transforms().validate_python(given)


def component_desirabilities(objective: dict[str, Any], calls: pd.DataFrame) -> np.ndarray:
    """Desirabilities (n, scoring components), from a run's settings and its ledger's raw values."""
    scoring = [part for part in objective["component"] if _role(part) == "score"]
    return np.column_stack([_desirability(part, calls) for part in scoring])


def always_zero(objective: dict[str, Any], calls: pd.DataFrame) -> list[str]:
    """Names of the scoring components and filters whose desirability is 0 for every call that they measured."""
    found = []
    for part in objective["component"]:
        if _role(part) == "penalty":
            continue
        values = _desirability(part, calls)
        if np.isfinite(values).any() and np.nanmax(values) == 0:
            found.append(component_name(part))
    return found


def _role(part: dict[str, Any]) -> str:
    return part.get("role", "score")


def _desirability(part: dict[str, Any], calls: pd.DataFrame) -> np.ndarray:
    return transform_of(part["transform"])(calls[component_name(part)].to_numpy(dtype=float))


@cache
def _transforms() -> TypeAdapter[Any]:
    return TypeAdapter(Transform)
