"""Metrics against hand-worked values, reference values and the laws of their definitions."""

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit.DataStructs import TanimotoSimilarity

from chemmara.metrics.diversity import circles, generic_scaffolds, internal_diversity, scaffolds
from chemmara.metrics.quality import auc_top, oracle_burden, running_top, top_mean, yield_at
from chemmara.molecules.chem import fingerprint, parse
from chemmara.records.summary import hits_of, library_figures, run_figures, summarise
from chemmara.records.tally import Tally
from tests.conftest import DRUGS

MOLECULES = sorted(DRUGS.values())
sets = st.lists(st.sampled_from(MOLECULES), min_size=2, max_size=8, unique=True)


def distance(left: str, right: str) -> float:
    a, b = parse(left), parse(right)
    assert a is not None
    assert b is not None
    return 1 - TanimotoSimilarity(fingerprint(a), fingerprint(b))


def greedy(smiles: list[str], radius: float) -> int:
    """Molecules picked in the given order, each farther than the radius from all picked before."""
    picked: list[str] = []
    for text in smiles:
        if all(distance(text, other) > radius for other in picked):
            picked.append(text)
    return len(picked)


def test_quality_by_hand() -> None:
    scores = np.array([0.2, 0.9, np.nan, 0.8, 0.95])
    assert yield_at(scores, 0.8) == 3
    assert [oracle_burden(scores, n, 0.8) for n in (1, 2, 3)] == [2, 4, 5]
    assert math.isnan(oracle_burden(scores, 4, 0.8))
    assert top_mean(scores, 2) == pytest.approx(0.925)
    assert math.isnan(top_mean(np.array([np.nan]), 2))


def test_area_by_hand() -> None:
    """200 calls of 1.0, budget 400: 0 to 1 over 100 calls is 50, level for 100 is 100, carried for 200 is 200."""
    ones = np.ones(200)
    assert auc_top(ones, budget=400) == pytest.approx((50 + 100 + 200) / 400)
    assert auc_top(ones, budget=400, carry=False) == pytest.approx(150 / 400)
    assert auc_top(ones) == pytest.approx(150 / 200)
    assert math.isnan(auc_top(np.array([])))


def test_area_agrees_with_the_reference_of_pmo(shared: Path) -> None:
    cases = json.loads((shared / "reference" / "pmo" / "auc_golden.json").read_text())["cases"]
    compared = 0
    for case in cases:
        if "scores" not in case:
            continue
        scores = case["scores"]
        if "call_index" in case:
            scores = [score for _, score in sorted(zip(case["call_index"], scores, strict=True))]
        found = auc_top(
            np.array(scores),
            case["top_n"],
            budget=case["max_oracle_calls"],
            every=case["freq_log"],
            carry=case["finish"],
        )
        assert found == pytest.approx(case["value"], abs=1e-9), case["name"]
        compared += 1
    assert compared >= 5


@given(st.lists(st.sampled_from([0.1, 0.4, 0.7, 1.0, math.nan]), max_size=40), st.integers(1, 12))
def test_a_running_mean_of_the_best_is_that_of_every_beginning(scores: list[float], k: int) -> None:
    values = np.array(scores, dtype=float)
    at = [0, *range(3, len(scores), 7), len(scores)]
    np.testing.assert_array_equal(running_top(values, at, k), [top_mean(values[:n], k) for n in at])


@given(sets)
def test_internal_diversity_is_the_mean_distance_over_pairs_and_blind_to_order(smiles: list[str]) -> None:
    expected = np.mean([distance(a, b) for a, b in combinations(smiles, 2)])
    assert internal_diversity(smiles) == pytest.approx(expected, abs=1e-6)
    assert internal_diversity(smiles[::-1]) == pytest.approx(expected, abs=1e-6)
    assert 0 <= internal_diversity(smiles) <= 1


def test_internal_diversity_of_equal_molecules_is_zero_and_of_one_is_not_defined() -> None:
    assert internal_diversity(["CCO", "CCO", "CCO"]) == pytest.approx(0)
    assert math.isnan(internal_diversity(["CCO"]))


def test_scaffolds_by_hand() -> None:
    smiles = ["c1ccccc1C", "c1ccccc1CC", "c1ccncc1", "CCO", "CCN"]
    assert scaffolds(smiles) == {"c1ccccc1", "c1ccncc1", ""}
    assert generic_scaffolds(smiles) == {"C1CCCCC1", ""}


def test_a_library_is_counted_row_by_row() -> None:
    figures = library_figures(["CCO", "OCC", "bad", "", "c1ccccc1"])
    assert {k: figures[k] for k in ("molecules", "invalid", "duplicates", "unique", "scaffolds")} == {
        "molecules": 5, "invalid": 2, "duplicates": 1, "unique": 2, "scaffolds": 2,
    }  # fmt: skip


def calls(scores: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"call": range(1, len(scores) + 1), "smiles": MOLECULES[: len(scores)], "score": scores})


def test_the_figures_of_a_run_are_those_of_its_hits_best_first() -> None:
    table = calls([0.9, 0.3, np.nan, 0.95, 0.9])
    assert hits_of(table, 0.9)["call"].tolist() == [4, 1, 5]
    figures = run_figures(table, 0.9, budget=10)
    assert (figures["calls"], figures["hits"], figures["ob1"], figures["best"]) == (5, 3, 1, 0.95)
    assert figures["circles75"] == circles([MOLECULES[3], MOLECULES[0], MOLECULES[4]])
    empty = run_figures(calls([]), 0.9, budget=10)
    assert (empty["calls"], empty["hits"]) == (0, 0)
    assert math.isnan(empty["best"])


def test_curves_end_at_the_figures_of_the_run() -> None:
    table = calls([0.9, 0.3, np.nan, 0.95, 0.9])
    summary = summarise(table, 0.9, 10)
    last = summary.curves.iloc[-1]
    assert (last["calls"], last["hits"]) == (5, 3)
    assert last["scaffolds"] == summary.figures["scaffolds"] == len(scaffolds(summary.hits["smiles"]))
    assert last["top10"] == summary.figures["top10"]


def test_the_live_tally_counts_what_the_figures_count() -> None:
    table = calls([0.9, 0.3, np.nan, 0.95, 0.9])
    tally = Tally(0.9)
    for smiles, score in zip(table["smiles"], table["score"], strict=True):
        tally.add(smiles, score)
    figures = run_figures(table, 0.9, 10)
    assert (tally.calls, tally.hits, len(tally.scaffolds)) == (5, 3, figures["scaffolds"])
    assert tally.best == figures["best"]
    assert tally.top10 == pytest.approx(figures["top10"])
    assert tally.circles <= figures["circles75"]
    tally.add("CCO", 0.95)  # ethanol is far from these drugs
    tally.add("CCCO", 0.95)  # propanol has 5 of 9 bits in common with it: similarity .556, above .25
    assert tally.circles == 1 + greedy(hits_of(table, 0.9).sort_values("call")["smiles"].tolist(), 0.75)
