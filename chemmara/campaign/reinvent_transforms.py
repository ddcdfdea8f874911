"""REINVENT 4's transforms as chemmara's.

Source: reinvent/scoring/transforms of github.com/MolecularAI/REINVENT4 (sigmoids.py, double_sigmoid.py, steps.py,
value_mapping.py, exponential_decay.py), which computes in single precision.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.scoring.smooth import DoubleSigmoid, ReverseSigmoid, Sigmoid

Converted = tuple[dict[str, Any], str]
"""A transform's table, and in what its values differ from REINVENT's ("" where they are the same)."""

_NOTED = 0.005  # a difference of desirability that is worth a line


def as_key(name: str) -> str:
    """A name as REINVENT compares it: without case, hyphens and underscores.

    >>> as_key("Double_Sigmoid")
    'doublesigmoid'
    """
    return name.lower().replace("-", "").replace("_", "")


def converted_transform(table: Any) -> Converted:
    """A transform of REINVENT as a transform of chemmara.

    Raises:
        ChemmaraError: there is no equal, or the table is not one of REINVENT's.
    """
    if not isinstance(table, dict) or not isinstance(table.get("type"), str):
        raise ChemmaraError("its transform has no type")
    name = table["type"]
    convert = _TRANSFORMS.get(as_key(name))
    if convert is None:
        known = "sigmoid, reverse_sigmoid, double_sigmoid, step, left_step, right_step and value_mapping"
        raise ChemmaraError(f"transform {name} has no equal here; converted are {known}")
    return convert(table)


def number(table: dict[str, Any], key: str, default: float | None = None) -> float:
    """A finite number of a table; ChemmaraError where it is missing or something else."""
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ChemmaraError(f"{key} is missing" if value is None else f"{key} = {value!r} is not a finite number")
    return float(value)


def _sigmoid(table: dict[str, Any]) -> Converted:
    low, high, k = (number(table, key) for key in ("low", "high", "k"))
    middle = (low + high) / 2
    if low == high:  # a jump; the middle itself belongs to the lower side
        if k == 0:
            raise ChemmaraError("its sigmoid is 0 everywhere (low = high, k = 0)")
        side = {"low": math.nextafter(middle, math.inf)} if k > 0 else {"high": math.nextafter(middle, -math.inf)}
        return {"kind": "step", **side}, ""
    return _logistic(middle, 10 * k / (high - low)), ""


def _reverse_sigmoid(table: dict[str, Any]) -> Converted:
    low, high, k = (number(table, key) for key in ("low", "high", "k"))
    middle = (low + high) / 2
    if low == high:
        if k == 0:
            raise ChemmaraError("its reverse_sigmoid is 1 everywhere (low = high, k = 0)")
        return {"kind": "step", "high" if k > 0 else "low": middle}, ""
    return _logistic(middle, -10 * k / (high - low)), ""


def _logistic(middle: float, slope: float) -> dict[str, Any]:
    """1 / (1 + 10^(-slope (x - middle))), written by the values at which it is 0.1 and 0.9."""
    if slope == 0:
        raise ChemmaraError("its sigmoid is 0.5 everywhere (k = 0)")
    half = math.log10(9.0) / abs(slope)  # 10^(slope * half) = 9, hence 1 / (1 + 1/9) = 0.9
    return {"kind": "sigmoid" if slope > 0 else "reverse_sigmoid", "low": middle - half, "high": middle + half}


def _double_sigmoid(table: dict[str, Any]) -> Converted:
    low, high = number(table, "low"), number(table, "high")
    divisor, left, right = number(table, "coef_div", 100), number(table, "coef_si", 150), number(table, "coef_se", 150)
    if divisor == 0 and left > 0 and right > 0:
        return {"kind": "step", "low": math.nextafter(low, math.inf), "high": high}, ""
    if divisor == 0 or left / divisor <= 0 or right / divisor <= 0:
        raise ChemmaraError("its double_sigmoid has a flank that does not rise to the middle")
    width = math.log10(9.0) * (divisor / left + divisor / right)  # a flank's width is 2 log10(9) divisor / coefficient
    difference = _largest_difference(low, high, left / divisor, right / divisor, width)
    why = "the two flanks differ there" if left != right else "the flanks overlap"
    note = f"its double_sigmoid differs from REINVENT's by up to {difference:.2f}, since {why}"
    return {"kind": "double_sigmoid", "low": low, "high": high, "width": width}, note if difference > _NOTED else ""


def _largest_difference(low: float, high: float, left: float, right: float, width: float) -> float:
    """Between our product of both flanks and REINVENT's, which has one flank on each side of the middle."""
    if not low < high:
        raise ChemmaraError(f"its double_sigmoid has low = {low:g} and high = {high:g}, which is no range")
    reach = high - low + 3 * width
    values = np.linspace(low - reach, high + reach, 4001)
    rise = Sigmoid.model_validate(_logistic(low, left))(values)
    fall = ReverseSigmoid.model_validate(_logistic(high, -right))(values)
    ours = DoubleSigmoid(kind="double_sigmoid", low=low, high=high, width=width)(values)
    return float(np.abs(np.where(values < (low + high) / 2, rise, fall) - ours).max())


def _step(table: dict[str, Any]) -> Converted:
    low, high = number(table, "low", 0.0), number(table, "high", 0.0)
    return {"kind": "step", "low": low, "high": high}, ""


def _left_step(table: dict[str, Any]) -> Converted:
    return {"kind": "step", "high": number(table, "low", 0.0)}, ""


def _right_step(table: dict[str, Any]) -> Converted:
    return {"kind": "step", "low": number(table, "high", 0.0)}, ""


def _value_mapping(table: dict[str, Any]) -> Converted:
    mapping = table.get("mapping")
    if not isinstance(mapping, dict) or not mapping:
        raise ChemmaraError("its value_mapping has no mapping")
    try:
        values = {float(key): number(mapping, key) for key in mapping}
    except ValueError:
        raise ChemmaraError("its value_mapping maps words; values are numbers here") from None
    note = "a value that its value_mapping lacks has desirability 0 here; REINVENT leaves the component out there"
    return {"kind": "value_map", "values": values}, note


_TRANSFORMS: Final[dict[str, Callable[[dict[str, Any]], Converted]]] = {
    "sigmoid": _sigmoid,
    "reversesigmoid": _reverse_sigmoid,
    "doublesigmoid": _double_sigmoid,
    "step": _step,
    "leftstep": _left_step,
    "rightstep": _right_step,
    "valuemapping": _value_mapping,
}
