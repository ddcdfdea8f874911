"""From a measured value to a desirability of 0 to 1; NaN for NaN or infinity. Direction lies in the numbers."""

from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from pydantic import Field, field_validator, model_validator

from chemmara.config import Fraction, Strict
from chemmara.scoring.finite import of_finite_values
from chemmara.scoring.smooth import AtLeast, AtMost, DoubleSigmoid, Gaussian, ReverseSigmoid, Sigmoid


class Ramp(Strict):
    """Linear from 0 at `worst` to 1 at `best`; swap them to prefer small values.

    >>> Ramp(kind="ramp", worst=0, best=4)(np.array([-1, 2, 9, np.nan]))
    array([0. , 0.5, 1. , nan])
    """

    example: ClassVar[dict[str, Any]] = {"kind": "ramp", "worst": 6.0, "best": 2.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("linear", "clip", "line", "minmax"), "ramp")

    kind: Literal["ramp"]
    """Linear between two values."""
    worst: float
    """Value with desirability 0, as all values beyond it."""
    best: float
    """Value with desirability 1, as all values beyond it."""

    @model_validator(mode="after")
    def _two_points(self) -> "Ramp":
        if self.worst == self.best:
            raise ValueError(f"worst and best are both {self.best}; a ramp needs two values")
        return self

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return np.clip((values - self.worst) / (self.best - self.worst), 0.0, 1.0)


class Step(Strict):
    """1 from `low` to `high`, both included, else 0; one of them may be left out."""

    example: ClassVar[dict[str, Any]] = {"kind": "step", "high": 5.0}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("threshold", "cutoff", "binary", "boolean", "filter"), "step"
    )

    kind: Literal["step"]
    """All or nothing."""
    low: float | None = None
    """Smallest value with desirability 1."""
    high: float | None = None
    """Largest value with desirability 1."""

    @model_validator(mode="after")
    def _some_end(self) -> "Step":
        if self.low is None and self.high is None:
            raise ValueError("a step needs low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high})")
        return self

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        inside = np.ones(len(values), dtype=bool)
        if self.low is not None:
            inside &= values >= self.low
        if self.high is not None:
            inside &= values <= self.high
        return np.where(np.isnan(values), np.nan, inside.astype(float))


class ValueMap(Strict):
    """A desirability for each of a few values, such as counts; every other value has `otherwise`."""

    example: ClassVar[dict[str, Any]] = {"kind": "value_map", "values": {0: 1.0, 1: 0.5}}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("map", "table", "lookup", "dict", "categories"), "value_map")

    kind: Literal["value_map"]
    """A table."""
    values: dict[float, Fraction] = Field(min_length=1)
    """Value = desirability, for example { 0 = 1.0, 1 = 0.5 }."""
    otherwise: Fraction = 0.0
    """Desirability of a value that the table lacks."""

    @field_validator("values", mode="before")
    @classmethod
    def _with_decimal_points(cls, values: Any) -> Any:
        """TOML reads { 0.5 = 1 } as a table in a table, { 0 = { 5 = 1 } }: join it again."""
        if not isinstance(values, dict):
            return values
        joined: dict[Any, Any] = {}
        for key, value in values.items():
            joined |= (
                {f"{key}.{digits}": inner for digits, inner in value.items()}
                if isinstance(value, dict)
                else {key: value}
            )
        return joined

    @of_finite_values
    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (n,)."""
        return np.array(
            [np.nan if np.isnan(value) else self.values.get(float(value), self.otherwise) for value in values],
            dtype=float,
        )


Transform = Annotated[
    Ramp | Sigmoid | ReverseSigmoid | DoubleSigmoid | Gaussian | AtMost | AtLeast | Step | ValueMap,
    Field(discriminator="kind"),
]

TRANSFORMS = get_args(get_args(Transform)[0])
"""The classes of all transforms, in the order of the documentation."""
