"""Tests of difference, their correction, ranks and wins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.benchmark.significance import holm, paired_t_test, ranks, signed_rank_test, wins


def test_the_paired_t_test_by_hand() -> None:
    # 1, 2, 3: mean 2, standard deviation 1, t = 2 / (1 / sqrt 3) = 3.4641 with 2 degrees of freedom;
    # then p = 1 - t / sqrt(t^2 + 2) = 1 - 3.4641 / sqrt(14) = 0.07418
    assert paired_t_test([1.0, 2.0, math.nan, 3.0]) == pytest.approx(0.07418, abs=1e-5)
    assert paired_t_test([0.0, 0.0]) == 1.0
    assert math.isnan(paired_t_test([0.5, 0.5]))
    assert math.isnan(paired_t_test([0.5]))


def test_the_signed_rank_test_by_hand() -> None:
    # 1, -2, 3, 4, 5 (the zero is left out): the negative ranks sum to 2. Of the 32 signs, 3 give at most 2
    # (none negative, only rank 1, only rank 2), and as many the other way round: 6 / 32
    assert signed_rank_test([0.1, -0.2, 0.3, 0.4, 0.5, 0.0]) == pytest.approx(6 / 32)
    assert signed_rank_test([0.0, 0.0]) == 1.0
    assert math.isnan(signed_rank_test([0.3]))


def test_holm_by_hand() -> None:
    # ascending .01, .03, .04 become 3 x .01, 2 x .03, and 1 x .04, which may not be below the .06 before it
    assert holm([0.04, math.nan, 0.01, 0.03]) == pytest.approx([0.06, math.nan, 0.03, 0.06], nan_ok=True)
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_a_corrected_p_lies_between_its_own_and_bonferronis_and_keeps_the_order(values: list[float]) -> None:
    corrected = holm(values)
    for p, found in zip(values, corrected, strict=True):
        assert p <= found <= min(1.0, p * len(values)) + 1e-12
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


def test_ranks_and_wins_turn_round_where_smaller_is_better_and_what_is_not_defined_comes_last() -> None:
    means = np.array([[10.0, 20.0, 20.0], [math.nan, 5.0, 7.0]])
    assert ranks(means, larger_is_better=True).tolist() == [[3, 1.5, 1.5], [3, 2, 1]]
    assert ranks(means, larger_is_better=False).tolist() == [[1, 2.5, 2.5], [3, 1, 2]]
    assert wins(means, larger_is_better=True).tolist() == [0, 1, 2]
    assert wins(means, larger_is_better=False).tolist() == [1, 1, 0]
    assert wins(np.array([[math.nan, math.nan]]), larger_is_better=True).tolist() == [0, 0]
