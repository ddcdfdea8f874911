"""The objective of a run, written out: what each component measures, what is wanted, and what the run found."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.oracles.descriptors import DESCRIPTORS
from chemmara.report.embedded import rounded
from chemmara.scoring.saved import component_name, transform_of

_POINTS: Final = 81  # of a curve
_BARS: Final = 40  # of a histogram
_COMMON: Final = {"name", "role", "weight", "transform", "oracle"}

AGGREGATION: Final = {
    "arithmetic": "The score is the weighted mean of the desirabilities: a good value can make up for a bad one.",
    "geometric": "The score is the weighted geometric mean of the desirabilities: one that is 0 makes the score 0.",
    "product": "The score is the product of the desirabilities: every one has to be high.",
    "minimum": "The score is the smallest of the desirabilities: the worst one decides.",
}
ROLE: Final = {
    "score": "Takes part in the score",
    "filter": "A filter: where its desirability is 0 the score is 0; elsewhere it changes nothing",
    "penalty": "A penalty: the score is multiplied by its desirability",
}


def components(
    objective: dict[str, Any],
    calls: pd.DataFrame,
    is_hit: np.ndarray,
    models: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """One record for each component, from a run's settings and its ledger's frame.

    `is_hit` (calls,) marks the hits; `models` has lines on the model of each QSAR component, by the component's name.
    """
    scoring = [part for part in objective["component"] if part.get("role", "score") == "score"]
    total = sum(part.get("weight", 1.0) for part in scoring)
    weighted = objective.get("aggregation", "geometric") in {"arithmetic", "geometric"}
    records = []
    for part in objective["component"]:
        role, name = part.get("role", "score"), component_name(part)
        raw = calls[name].to_numpy(dtype=float) if name in calls else np.full(len(calls), np.nan)
        records.append(
            {
                "name": name,
                "oracle": part["oracle"],
                "about": about(part),
                "role": ROLE[role],
                "share": part.get("weight", 1.0) / total if weighted and role == "score" and len(scoring) > 1 else None,
                "wanted": in_words(part.get("transform")),
                "settings": [
                    *([key, as_text(value)] for key, value in part.items() if _worth_saying(key, value)),
                    *models.get(name, {}).items(),
                ],
                **_curve(part.get("transform"), raw, is_hit),
            }
        )
    return records


def about(part: dict[str, Any]) -> str:
    """What a component measures, in words; "" where its settings say it."""
    known = DESCRIPTORS.get(part["oracle"])
    if known is None:
        return ""
    return f"{known.definition}, {known.unit}" if known.unit else known.definition


def in_words(transform: dict[str, Any] | None) -> str:
    """What a transform wants, as a sentence.

    >>> in_words({"kind": "ramp", "worst": 5.0, "best": 2.0})
    'Desirability rises in a straight line from 0 at 5 to 1 at 2.'
    """
    if transform is None:
        return "The value itself is the desirability: 0 is worst, 1 is best."
    if transform["kind"] == "step":
        named = {"low": "at least", "high": "at most"}
        ends = [f"{words} {transform[key]:g}" for key, words in named.items() if transform.get(key) is not None]
        return f"Desirability is 1 for values of {' and '.join(ends)}, else 0."
    if transform["kind"] == "value_map":
        values = ", ".join(f"{float(key):g} gives {value:g}" for key, value in transform["values"].items())
        return f"Desirability by value: {values}; any other gives {transform.get('otherwise', 0.0):g}."
    return _SENTENCES[transform["kind"]].format(**transform)


_SENTENCES: Final = {
    "ramp": "Desirability rises in a straight line from 0 at {worst:g} to 1 at {best:g}.",
    "sigmoid": "Large values are wanted: desirability is 0.1 at {low:g} and 0.9 at {high:g}.",
    "reverse_sigmoid": "Small values are wanted: desirability is 0.9 at {low:g} and 0.1 at {high:g}.",
    "double_sigmoid": "Values between {low:g} and {high:g} are wanted; each flank is about {width:g} wide.",
    "gaussian": "Values near {centre:g} are wanted: {width:g} away desirability is 0.61.",
    "at_most": "Values up to {limit:g} are wanted: {width:g} above that desirability is 0.61.",
    "at_least": "Values from {limit:g} on are wanted: {width:g} below that desirability is 0.61.",
}


def _worth_saying(key: str, value: Any) -> bool:
    return key not in _COMMON and value not in (None, [], {}, "")


def as_text(value: Any) -> str:
    """A setting on one line.

    >>> as_text({"rows": 64, "zeros": False, "keep": None, "beta": 0.0078125})
    'rows 64, zeros no, keep none, beta 0.0078125'
    """
    if isinstance(value, dict):
        return ", ".join(f"{key} {as_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "none"}[value]
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _curve(transform: dict[str, Any] | None, raw: np.ndarray, is_hit: np.ndarray) -> dict[str, Any]:
    """The transform over the range that matters, and how many calls and hits had which value there."""
    desirability = transform_of(transform)
    known = raw[np.isfinite(raw)]
    ends = [*_marks(transform), *(np.quantile(known, [0.005, 0.995]) if len(known) else [])]
    low, high = min(ends), max(ends)
    if low == high:
        low, high = low - 0.5, high + 0.5
    margin = 0.0 if transform is None else 0.04 * (high - low)
    low, high = low - margin, high + margin
    table = transform is not None and transform["kind"] == "value_map"
    values = np.unique(_marks(transform)) if table else np.linspace(low, high, _POINTS)
    measured = np.isfinite(raw)
    found, of_hits = (
        np.histogram(np.clip(raw[rows], low, high), bins=_BARS, range=(low, high))[0].tolist()
        for rows in (measured, measured & is_hit)
    )
    return {
        "x": rounded(values),
        "y": rounded(desirability(values)),
        "points": table,
        "low": low,
        "high": high,
        "all": found,
        "hits": of_hits,
        "median": float(np.median(known)) if len(known) else None,
        "missing": int(len(raw) - len(known)),
    }


def _marks(transform: dict[str, Any] | None) -> list[float]:
    """The values that a transform names, with its flanks."""
    if transform is None:
        return [0.0, 1.0]
    if transform["kind"] == "value_map":
        return [float(value) for value in transform["values"]]
    marks = [float(value) for key, value in transform.items() if key not in {"kind", "width"} and value is not None]
    around = 2 * (transform.get("width") or 0.0)
    if "sigmoid" in transform["kind"] and not around:
        around = 0.5 * (max(marks) - min(marks))
    return [mark + sign * around for mark in marks for sign in (-1, 1)]
