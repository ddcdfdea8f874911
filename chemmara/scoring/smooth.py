"""Transforms without corners: logistic curves and flanks of a Gaussian."""

from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from pydantic import PositiveFloat, model_validator

from chemmara.config import Strict
from chemmara.scoring.finite import of_finite_values

_STEEPNESS = 2 * np.log(9.0)  # a logistic that goes from 0.1 to 0.9 over one unit


Ordered = TypeVar("Ordered", bound=Strict)


def _ordered(transform: Ordered, low: float, high: float) -> Ordered:
    if not low < high:
        raise ValueError(f"low ({low}) must be below high ({high})")
    return transform


def _logistic(x: np.ndarray) -> np.ndarray:
    """0.1 at x = -1/2, 0.5 at 0, 0.9 at 1/2."""
    return 1.0 / (1.0 + np.exp(np.clip(-_STEEPNESS * x, -700, 700)))


class Sigmoid(Strict):
    """Logistic that rises through 0.1 at `low` and 0.9 at `high`."""

    example: ClassVar[dict[str, Any]] = {"kind": "sigmoid", "low": 5.0, "high": 8.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("logistic", "rise", "s_curve"), "sigmoid")

    kind: Literal["sigmoid"]
    """Smooth preference for large values."""
    low: float
    """Value with desirability 0.1."""
    high: float
    """Value with desirability 0.9."""

    @model_validator(mode="after")
    def _in_order(self) -> "Sigmoid":
        return _ordered(self, self.low, self.high)

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return _logistic((values - (self.low + self.high) / 2) / (self.high - self.low))


class ReverseSigmoid(Strict):
    """Logistic that falls through 0.9 at `low` and 0.1 at `high`."""

    example: ClassVar[dict[str, Any]] = {"kind": "reverse_sigmoid", "low": 1.0, "high": 4.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("reversed_sigmoid", "inverse_sigmoid", "fall", "falling_sigmoid"), "reverse_sigmoid"
    )

    kind: Literal["reverse_sigmoid"]
    """Smooth preference for small values."""
    low: float
    """Value with desirability 0.9."""
    high: float
    """Value with desirability 0.1."""

    @model_validator(mode="after")
    def _in_order(self) -> "ReverseSigmoid":
        return _ordered(self, self.low, self.high)

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return _logistic(((self.low + self.high) / 2 - values) / (self.high - self.low))


class DoubleSigmoid(Strict):
    """Product of a rise around `low` and a fall around `high`, each from 0.1 to 0.9 over `width`.

    Half at `low` and at `high` where they lie far apart, near 1 between them.
    """

    example: ClassVar[dict[str, Any]] = {"kind": "double_sigmoid", "low": 250.0, "high": 450.0, "width": 50.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("hump", "range", "window", "band", "between"), "double_sigmoid"
    )

    kind: Literal["double_sigmoid"]
    """Smooth preference for a range."""
    low: float
    """Lower end of the range."""
    high: float
    """Upper end of the range."""
    width: PositiveFloat
    """How far each flank reaches, in units of the value."""

    @model_validator(mode="after")
    def _in_order(self) -> "DoubleSigmoid":
        return _ordered(self, self.low, self.high)

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return _logistic((values - self.low) / self.width) * _logistic((self.high - values) / self.width)


class Gaussian(Strict):
    """exp(-((x - centre) / width)^2 / 2)."""

    example: ClassVar[dict[str, Any]] = {"kind": "gaussian", "centre": 3.0, "width": 1.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("gauss", "normal", "bell", "peak"), "gaussian")

    kind: Literal["gaussian"]
    """Preference for one value."""
    centre: float
    """Value with desirability 1."""
    width: PositiveFloat
    """Standard deviation: a value that far from the centre has desirability 0.61."""

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return np.exp(-0.5 * ((values - self.centre) / self.width) ** 2)


class AtMost(Strict):
    """1 up to `limit`, then the flank of a Gaussian: exp(-((x - limit) / width)^2 / 2)."""

    example: ClassVar[dict[str, Any]] = {"kind": "at_most", "limit": 4.0, "width": 1.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("max", "maximum", "upper", "below", "max_gaussian", "less_than"), "at_most"
    )

    kind: Literal["at_most"]
    """Small values, with a soft limit."""
    limit: float
    """Largest value with desirability 1."""
    width: PositiveFloat
    """Standard deviation: a value that far above the limit has desirability 0.61."""

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return np.exp(-0.5 * ((np.maximum(values, self.limit) - self.limit) / self.width) ** 2)


class AtLeast(Strict):
    """1 from `limit` on, below it the flank of a Gaussian: exp(-((x - limit) / width)^2 / 2)."""

    example: ClassVar[dict[str, Any]] = {"kind": "at_least", "limit": 90.0, "width": 20.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("min", "minimum", "lower", "above", "min_gaussian", "greater_than"), "at_least"
    )

    kind: Literal["at_least"]
    """Large values, with a soft limit."""
    limit: float
    """Smallest value with desirability 1."""
    width: PositiveFloat
    """Standard deviation: a value that far below the limit has desirability 0.61."""

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return np.exp(-0.5 * ((np.minimum(values, self.limit) - self.limit) / self.width) ** 2)
