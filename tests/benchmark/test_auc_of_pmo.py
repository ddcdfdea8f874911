"""AUC top-k as the PMO benchmark computes it: every reference case, and one that needs no reference."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chemmara.metrics.quality import auc_top


def congruential(n: int, seed: int) -> np.ndarray:
    """n numbers of 0 to 1 from x -> (1103515245 x + 12345) mod 2^31."""
    numbers, x = [], seed
    for _ in range(n):
        x = (1103515245 * x + 12345) % 2**31
        numbers.append(x / 2**31)
    return np.array(numbers)


GENERATORS: dict[str, Callable[[int, Any], np.ndarray]] = {
    "const": lambda n, value: np.full(n, float(value)),
    "ramp": lambda n, top: np.arange(1, n + 1) / top,
    "falling": lambda n, top: 1 - np.arange(1, n + 1) / top,
    "spike": lambda n, at: np.where(np.arange(1, n + 1) == at, 1.0, 0.0),
    "period": lambda n, modulus: np.arange(1, n + 1) ** 2 % modulus / modulus,
    "lcg": congruential,
    "lcg_ramp": lambda n, seed: congruential(n, seed) * (np.arange(1, n + 1) / n),
    "lcg_cubed_2dp": lambda n, seed: np.array([round(number**3, 2) for number in congruential(n, seed).tolist()]),
    "signed": lambda n, seed: congruential(n, seed) - 0.5,
}
"""Scores of a reference case, as auc_golden.json describes its generators."""


def test_every_reference_case_of_pmo_agrees_to_1e_9(shared: Path) -> None:
    cases = json.loads((shared / "reference" / "pmo" / "auc_golden.json").read_text())["cases"]
    assert len(cases) > 30
    for case in cases:
        scores = (
            np.array(case["scores"])
            if "scores" in case
            else GENERATORS[case["scores_generator"]](case["n"], case["arg"])
        )
        scores = scores[np.argsort(case["call_index"])] if "call_index" in case else scores
        found = auc_top(
            scores, case["top_n"], budget=case["max_oracle_calls"], every=case["freq_log"], carry=case["finish"]
        )
        assert found == pytest.approx(case["value"], abs=1e-9), case["name"]


def test_a_run_of_250_calls_by_hand() -> None:
    """Scores k / 1000 for k = 1 to 250, budget 400, the two best.

    The mean of the two best of the first k is (k - .5) / 1000: .0995 at 100, .1995 at 200, .2495 at 250. Trapezoids:
    100 x .04975 + 100 x .1495 + 50 x .2245 = 4.975 + 14.95 + 11.225 = 31.15; the rest 150 x .2495 = 37.425.
    Together 68.575, over 400 calls .1714375.
    """
    assert auc_top(np.arange(1, 251) / 1000, 2, budget=400) == pytest.approx(0.1714375, abs=1e-12)
