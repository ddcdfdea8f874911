"""Acquisition: preferences, and the greedy choice of different molecules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.molecules.chem import molecules_of
from chemmara.screening.acquisition import ACQUISITIONS, Forecast, different
from chemmara.screening.taken import Taken
from chemmara.selection.fingerprint_blocks import packed_fingerprints
from tests.conftest import DRUGS

DRUG_BITS = packed_fingerprints(molecules_of(list(DRUGS.values())))
RNG = np.random.default_rng(0)


def forecast(mean: list[float], spread: list[float]) -> Forecast:
    return Forecast(np.array(mean), np.array(spread), lambda: np.array([7.0] * len(mean)))


def packed(*rows: list[int]) -> np.ndarray:
    bits = np.zeros((len(rows), 2048), dtype=np.uint8)
    for row, own in enumerate(rows):
        bits[row, own] = 1
    return np.packbits(bits, axis=1, bitorder="little")


def test_preferences_by_hand() -> None:
    seen = forecast([0.8, 0.7, 0.6], [0.1, 0.1, 0.0])
    # Phi(0) = .5, Phi(-1) = .15866, Phi(-.2 / .02) = 0; and a thousandth of the mean
    hits = ACQUISITIONS["hit"](seen, 0.8, RNG)
    assert hits == pytest.approx([0.5008, 0.15936, 0.0006], abs=1e-5)
    # b = 10^u for the one u that the generator draws between -2 and 0
    b = 10 ** np.random.default_rng(3).uniform(-2.0, 0.0)
    bound = ACQUISITIONS["ucb"](seen, 0.8, np.random.default_rng(3))
    assert bound == pytest.approx([0.8 + 0.1 * b, 0.7 + 0.1 * b, 0.6])
    assert ACQUISITIONS["thompson"](seen, 0.8, RNG).tolist() == [7.0, 7.0, 7.0]


def test_the_choice_by_hand() -> None:
    # The second is 2/4 like the first, the third like none. Preferences .9, .8, .3, apart 2: first .9; then the second
    # has .8 (1 - .5)^2 = .2 and the third .3; so the third before the second. Without apart: .9, .8, .3.
    rows = packed([1, 2, 3], [2, 3, 4], [8, 9])
    own = np.ones(3, dtype=bool)

    def order(apart: float, taken: Taken, count: int = 3, others: int = 3) -> list[int]:
        preference = np.array([0.9, 0.8, 0.3])
        return different(preference, rows, taken, apart=apart, count=count, own=own, others=others)

    assert order(2.0, Taken()) == [0, 2, 1]
    assert order(0.0, Taken()) == [0, 1, 2]
    assert order(2.0, Taken(), count=1) == [0]
    # a hit that is the first molecule itself: nothing is left of it, and .8 / 4 of the second
    hits = Taken()
    hits.add(rows[:1])
    assert order(2.0, hits) == [2, 1, 0]
    own = np.array([False, False, True])
    assert order(0.0, Taken(), others=1) == [0, 2]
    assert order(0.0, Taken(), others=0) == [2]


@given(st.lists(st.floats(-1, 1), min_size=len(DRUGS), max_size=len(DRUGS)), st.integers(0, 10), st.integers(0, 8))
def test_without_apart_it_is_the_best_and_with_it_still_different_candidates(
    preference: list[float], count: int, others: int
) -> None:
    values, own = np.array(preference), np.arange(len(DRUGS)) % 2 == 0
    plain = different(values, DRUG_BITS, Taken(), apart=0.0, count=count, own=np.ones(8, dtype=bool), others=0)
    kept = np.maximum(values, 1e-12)
    assert sorted(kept[plain].tolist(), reverse=True) == sorted(kept.tolist(), reverse=True)[:count]
    chosen = different(values, DRUG_BITS, Taken(), apart=4.0, count=count, own=own, others=others)
    assert len(set(chosen)) == len(chosen) == min(count, own.sum() + min(others, (~own).sum()))
    assert (~own[chosen]).sum() <= others


def test_a_strong_wish_for_what_is_new_chooses_by_similarity_alone() -> None:
    # With all preferences equal, apart only orders by similarity: each one chosen is the least like those before it.
    bits = np.unpackbits(DRUG_BITS, axis=1).astype(int)
    chosen = different(np.ones(8), DRUG_BITS, Taken(), apart=50.0, count=8, own=np.ones(8, dtype=bool), others=0)

    def nearest(row: int, before: list[int]) -> float:
        common = [(bits[row] & bits[other]).sum() / (bits[row] | bits[other]).sum() for other in before]
        return max(common)

    for place in range(1, 8):
        left = [row for row in range(8) if row not in chosen[:place]]
        assert nearest(chosen[place], chosen[:place]) == min(nearest(row, chosen[:place]) for row in left)
