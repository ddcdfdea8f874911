"""An infinite value is no value: a division by zero or an overflow has not measured a perfect molecule."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


def finite(values: np.ndarray) -> np.ndarray:
    """The values, with NaN (no value) for infinite ones.

    >>> finite(np.array([0.5, np.inf, -np.inf, np.nan]))
    array([0.5, nan, nan, nan])
    """
    return np.where(np.isfinite(values), values, np.nan)


def of_finite_values(formula: Callable[[Any, np.ndarray], np.ndarray]) -> Callable[[Any, np.ndarray], np.ndarray]:
    """A transform's formula that gives NaN for infinite values, and takes huge ones (1e308) without a warning."""

    @wraps(formula)
    def transform(settings: Any, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # what overflows on the way lies far beyond the transform's marks
            return formula(settings, finite(values))

    return transform
