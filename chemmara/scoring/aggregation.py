"""From desirabilities to one total; NaN in a component is NaN in the total."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

AggregationName = Literal["arithmetic", "geometric", "product", "minimum"]


def arithmetic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the components: values (n, k), weights (k,) that sum to 1."""
    return values @ weights


def geometric(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted geometric mean: the product of value ** weight; 0 as soon as one value is 0."""
    return np.prod(values**weights, axis=1)


def product(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Product of the values; weights play no part."""
    del weights
    return np.prod(values, axis=1)


def minimum(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Worst of the values; weights play no part."""
    del weights
    return values.min(axis=1)


AGGREGATIONS: Final[dict[AggregationName, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
    "product": product,
    "minimum": minimum,
}

ZERO_IS_FINAL: Final = frozenset({"geometric", "product", "minimum"})
"""Aggregations that give 0 as soon as the desirability of one component is 0."""
