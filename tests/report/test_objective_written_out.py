"""The objective in words and curves, and the course of a run."""

import math

import numpy as np
import pandas as pd
import pytest

from chemmara.report.course import component_curves, step_curves
from chemmara.report.embedded import as_json, rounded
from chemmara.report.objective import components, in_words
from chemmara.scoring.transforms import TRANSFORMS

OBJECTIVE = {
    "aggregation": "geometric",
    "component": [
        {"name": None, "oracle": "qed", "role": "score", "weight": 3.0, "transform": None},
        {"name": "size", "oracle": "molecular_weight", "role": "score", "weight": 1.0,
         "transform": {"kind": "ramp", "worst": 500.0, "best": 300.0}},
        {"name": None, "oracle": "alerts", "role": "filter", "weight": 1.0,
         "transform": {"kind": "step", "high": 0.0, "low": None}, "catalogs": ["PAINS", "BRENK"]},
    ],
}  # fmt: skip


def test_weights_are_shares_of_what_takes_part_in_the_score() -> None:
    """qed weighs 3 of 3 + 1: 75 %; a filter has no share."""
    calls = pd.DataFrame({"call": [1, 2], "qed": [0.2, 0.9], "size": [310.0, math.nan], "alerts": [0.0, 2.0]})
    qed, size, alerts = components(OBJECTIVE, calls, np.array([False, True]))
    assert (qed["share"], size["share"], alerts["share"]) == (0.75, 0.25, None)
    assert alerts["role"].startswith("A filter")
    assert alerts["settings"] == [["catalogs", "PAINS, BRENK"]]
    assert (size["name"], size["oracle"], size["missing"]) == ("size", "molecular_weight", 1)
    assert (sum(qed["all"]), sum(qed["hits"]), sum(size["hits"])) == (2, 1, 0)
    # from 1 at 300 to 0 at 500, and a margin of 4 % on both sides
    assert (size["low"], size["high"]) == (292.0, 508.0)
    assert (size["y"][0], size["y"][-1]) == (1, 0)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_every_transform_has_a_sentence_and_a_curve(transform: type) -> None:
    settings = transform.model_validate(transform.example).model_dump(mode="json")
    assert in_words(settings).startswith(("Desirability", "Values", "Large values", "Small values"))
    part = {"name": "x", "oracle": "tpsa", "role": "score", "weight": 1.0, "transform": settings}
    objective = {"aggregation": "product", "component": [part]}
    (written,) = components(objective, pd.DataFrame({"x": [math.nan]}), np.array([False]))
    assert max(written["y"]) == pytest.approx(1.0, abs=0.05)
    assert (min(written["y"]), len(written["x"])) < (0.5, 200)


def test_what_mara_lifted_and_the_filter_took_follow_from_what_was_logged() -> None:
    """Reward .7 less filtered .6 is .1; of a score of .8 over 90 % valid, .72, the filter left .6: it took .12."""
    steps = pd.DataFrame(
        [{"step": 1, "calls": 60, "mean_score": 0.8, "valid": 0.9, "mean_filtered_score": 0.6, "mean_reward": 0.7,
          "clipped": math.nan, "screen_active": 1.0, "screen_new_key": 0.5, "unheard_of": 3.0}]
    )  # fmt: skip
    curves = {curve["title"]: curve for curve in step_curves(steps)}
    assert curves["What the rewards lifted"]["lines"] == [{"x": [60], "y": [0.1]}]
    assert curves["What the diversity filter took"]["lines"][0]["y"] == [0.12]
    assert "Clipped steps" not in curves  # nothing was logged of it
    assert {title for title, curve in curves.items() if curve["group"] == "screening"} == {
        "Screening at work",
        "screen new key",
    }
    assert curves["unheard of"]["group"] == "technical"
    assert step_curves(steps.head(0)) == []


def test_a_component_is_followed_in_windows_of_calls() -> None:
    """20 calls are four windows of five; of 0 to 4 the mean is 2, and the middle 80 % reach from .4 to 3.6."""
    calls = pd.DataFrame({"call": range(1, 21), "tpsa": range(20), "score": [math.nan] * 20})
    (curve,) = component_curves(calls, ["tpsa"])
    assert curve["lines"] == [
        {"x": [5, 10, 15, 20], "y": [2, 7, 12, 17], "low": [0.4, 5.4, 10.4, 15.4], "high": [3.6, 8.6, 13.6, 18.6]}
    ]


def test_nothing_in_embedded_data_can_end_its_element() -> None:
    text = as_json({"</script><script>": "<!--", "nan": rounded([math.nan, math.inf, 1 / 3, 5.0]), "line": "\u2028'&"})
    assert not set("<>&'\u2028") & set(text)
    assert "[null,null,0.3333,5]" in text
