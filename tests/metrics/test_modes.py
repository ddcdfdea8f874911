"""Modes: which known chemotypes were found."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.metrics.modes import Mode, effective_modes, modes

REFERENCES = {"alcohol": "CCCCO", "arene": "Cc1ccccc1", "amine": "CCCCN"}


def test_a_hit_belongs_to_its_nearest_reference_if_it_is_near_enough() -> None:
    smiles = ["CCCCN", "CCCCO", "Cc1ccccc1C", "CCCCCO", "C1CC1", "Cc1ccccc1"]
    scores = np.array([0.1, 0.9, math.nan, 0.8, 0.9, 0.5])
    # Hits from .5 are calls 2, 4, 5 and 6. Butanol is alcohol itself, pentanol near it; cyclopropane is near nothing;
    # toluene is arene itself. Butylamine is no hit, and xylene has no score. So 2, 1 and 0 of 4 hits.
    found = modes(smiles, scores, 0.5, REFERENCES, 0.5)
    assert [(mode.name, mode.hits, mode.mass) for mode in found] == [
        ("alcohol", 2, 0.5),
        ("arene", 1, 0.25),
        ("amine", 0, 0),
    ]
    assert [mode.first_call for mode in found[:2]] == [2, 6]
    assert math.isnan(found[2].first_call)
    assert [mode.found for mode in found] == [True, True, False]


def test_pentanol_is_too_far_where_more_similarity_is_asked_for() -> None:
    found = modes(["CCCCCO"], np.array([1.0]), 0.5, REFERENCES, 0.99)
    assert [mode.hits for mode in found] == [0, 0, 0]
    assert [mode.mass for mode in found] == [0, 0, 0]


def test_without_a_hit_there_is_no_mass() -> None:
    found = modes(["CCO"], np.array([0.2]), 0.5, REFERENCES, 0.5)
    assert not any(mode.found for mode in found)
    assert all(math.isnan(mode.mass) for mode in found)
    assert effective_modes(found) == 0


def test_an_invalid_smiles_is_refused() -> None:
    with pytest.raises(ValueError, match="not valid"):
        modes(["C(C"], np.array([1.0]), 0.5, REFERENCES, 0.5)


def test_effective_modes_by_hand() -> None:
    # shares 3/4 and 1/4: entropy .75 ln(4/3) + .25 ln 4 = .21576 + .34657 = .56234 nats, exp of it 1.7548
    found = [Mode("a", 30, 1.0, 0.3), Mode("b", 10, 2.0, 0.1), Mode("c", 0, math.nan, 0.0)]
    assert effective_modes(found) == pytest.approx(1.7548, abs=1e-4)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_effective_modes_lie_between_one_and_the_modes_found(hits: list[int]) -> None:
    found = [Mode(str(row), number, 1.0, 0.0) for row, number in enumerate(hits)]
    number = sum(mode.found for mode in found)
    assert min(1, number) - 1e-9 <= effective_modes(found) <= number + 1e-9
