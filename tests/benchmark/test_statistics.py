"""Statistics of a comparison."""

import math

import pandas as pd
import pytest

from chemmara.benchmark.statistics import (
    FIGURES,
    as_markdown,
    comparison_table,
    difference_table,
    estimate,
    paired_difference,
)


def test_interval_by_hand() -> None:
    # 1, 2, 3: mean 2, standard deviation 1, t(.975, 2) = 4.3027: half width 4.3027 / sqrt(3) = 2.4841
    found = estimate([1.0, 2.0, 3.0, math.nan])
    assert (found.mean, found.n) == (2.0, 3)
    assert found.half_width == pytest.approx(2.4841, abs=1e-4)
    assert str(found) == "2.000 ± 2.484"


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    assert str(estimate([120.0])) == "120"
    assert str(estimate([math.nan])) == "-"


def test_pairs_by_hand() -> None:
    difference, wins = paired_difference([3.0, 5.0, 1.0], [1.0, 2.0, 2.0])
    assert (difference.mean, wins) == (pytest.approx(4 / 3), 2)


def test_the_table_has_a_row_a_method_in_the_order_given() -> None:
    runs = pd.DataFrame([{"method": m, "seed": s, **dict.fromkeys(FIGURES, 10.0 + s)} for m in "ba" for s in (0, 2)])
    table = comparison_table(runs)
    assert list(table.index) == ["b", "a"]
    assert as_markdown(table).splitlines()[2].startswith("| b | 11 ± 13 |")  # 12.706 * sqrt(2) / sqrt(2)


def test_pairs_are_of_the_same_seed_whatever_the_order_of_the_runs() -> None:
    runs = [("a", 1, 10.0), ("a", 2, 20.0), ("b", 2, 26.0), ("b", 1, 12.0), ("b", 3, 99.0)]
    figures = pd.DataFrame([{"method": m, "seed": s, **dict.fromkeys(FIGURES, v)} for m, s, v in runs])
    table = difference_table(figures)
    # 12 - 10 = 2 and 26 - 20 = 6: mean 4, deviation 2.828, t(.975, 1) = 12.706: 12.706 * 2.828 / 1.414 = 25.412
    assert list(table.index) == ["b - a"]
    assert table.loc["b - a", "scaffolds"] == "4.000 ± 25.412 (2 of 2)"
    assert difference_table(figures[figures["method"] == "a"]).empty
