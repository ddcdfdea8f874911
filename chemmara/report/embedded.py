"""Data for page.js: rounded, without NaN, and safe inside an HTML page."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup


def rounded(values: Iterable[float], digits: int = 4) -> list[float | int | None]:
    """Numbers with so many significant digits, whole ones as integers; None for NaN and infinity.

    >>> rounded([0.123456, 2.0, float("nan")])
    [0.1235, 2, None]
    """
    return [_rounded(float(value), digits) for value in values]


def _rounded(value: float, digits: int) -> float | int | None:
    if not np.isfinite(value):
        return None
    short = value if value.is_integer() and abs(value) < 1e15 else float(f"{value:.{digits}g}")  # noqa: PLR2004 - exact in a float
    return int(short) if short.is_integer() and abs(short) < 1e15 else short  # noqa: PLR2004 - the same


def as_json(data: Any) -> Markup:
    """The data as JSON for a <script type="application/json">: no text in it can end that element or be run."""
    return htmlsafe_json_dumps(data, allow_nan=False, separators=(",", ":"))
