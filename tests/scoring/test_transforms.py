"""Transforms: formulas by hand, and the laws that all of them keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chemmara.scoring.transforms import Transform

make = TypeAdapter(Transform).validate_python
CASES = [
    ({"kind": "ramp", "worst": 10, "best": 2}, {10: 0, 2: 1, 6: 0.5, 11: 0, -5: 1}),
    ({"kind": "sigmoid", "low": 1, "high": 3}, {1: 0.1, 2: 0.5, 3: 0.9}),
    ({"kind": "reverse_sigmoid", "low": 1, "high": 3}, {1: 0.9, 2: 0.5, 3: 0.1}),
    # flanks 100 wide, ends 400 apart: at an end the other flank is 1 to within 1e-7
    ({"kind": "double_sigmoid", "low": 100, "high": 500, "width": 100}, {100: 0.5, 500: 0.5, 50: 0.1, 550: 0.1}),
    ({"kind": "gaussian", "centre": 2, "width": 0.5}, {2: 1.0, 2.5: np.exp(-0.5), 1: np.exp(-2)}),
    ({"kind": "step", "low": 1, "high": 2}, {0.99: 0, 1: 1, 2: 1, 2.01: 0}),
    ({"kind": "step", "high": 5}, {-100: 1, 5: 1, 5.1: 0}),
    ({"kind": "value_map", "values": {0: 1.0, 1: 0.5}, "otherwise": 0.1}, {0: 1, 1: 0.5, 2: 0.1}),
]


@pytest.mark.parametrize(("settings", "expected"), CASES)
def test_worked_examples(settings: dict, expected: dict[float, float]) -> None:
    found = make(settings)(np.array(list(expected), dtype=float))
    np.testing.assert_allclose(found, list(expected.values()), atol=1e-6)


@given(st.sampled_from([settings for settings, _ in CASES]), st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_desirabilities_lie_in_bounds_and_no_value_stays_none(settings: dict, values: list[float]) -> None:
    found = make(settings)(np.array([*values, np.nan]))
    assert np.isnan(found[-1])
    assert ((found[:-1] >= 0) & (found[:-1] <= 1)).all()


@given(st.sampled_from(["ramp", "sigmoid"]), st.lists(st.floats(-50, 50), min_size=2, max_size=20))
def test_rising_transforms_rise_and_their_mirrors_fall(kind: str, values: list[float]) -> None:
    ends = {"ramp": ("worst", "best"), "sigmoid": ("low", "high")}[kind]
    ordered = np.sort(np.array(values))
    assert (np.diff(make({"kind": kind, ends[0]: -10, ends[1]: 10})(ordered)) >= 0).all()
    mirror = {
        "ramp": {"kind": "ramp", "worst": 10, "best": -10},
        "sigmoid": {"kind": "reverse_sigmoid", "low": -10, "high": 10},
    }
    assert (np.diff(make(mirror[kind])(ordered)) <= 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "ramp", "worst": 1, "best": 1}, "both 1"),
        ({"kind": "sigmoid", "low": 2, "high": 1}, "must be below"),
        ({"kind": "double_sigmoid", "low": 1, "high": 2, "width": 0}, "greater than 0"),
        ({"kind": "gaussian", "centre": 1, "width": -1}, "greater than 0"),
        ({"kind": "step"}, "needs low, high or both"),
        ({"kind": "step", "low": 2, "high": 1}, "above high"),
        ({"kind": "value_map", "values": {0: 2.0}}, "less than or equal to 1"),
        ({"kind": "ramp", "worst": float("nan"), "best": 1}, "finite"),
    ],
)
def test_impossible_settings_are_refused_when_built(settings: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make(settings)
