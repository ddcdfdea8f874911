"""Acquisition: preferences, and the greedy choice of different molecules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.screening.acquisition import ACQUISITIONS, Forecast, different
from chemmara.screening.taken import Taken
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
    # A and B are 2/4 alike, C is like none. Preferences .9, .8, .3: the two best sum to 1.7, and A with C to 1.2, which
    # costs .5 / 1.7 = .294. C is chosen before B where .8 (1 - .5)^a < .3, a > 1.415: with 12, 8, ..., 1.58, not with
    # 1.05, the next one.
    rows = packed([1, 2, 3], [2, 3, 4], [8, 9])
    own = np.ones(3, dtype=bool)

    def order(price: float, taken: Taken, count: int, others: int = 3) -> list[int]:
        preference = np.array([0.9, 0.8, 0.3])
        return different(preference, rows, taken, price=price, count=count, own=own, others=others)

    assert order(0.30, Taken(), count=2) == [0, 2]
    assert order(0.29, Taken(), count=2) == [0, 1]
    assert order(0.0, Taken(), count=2) == [0, 1]
    # to choose all costs nothing
    assert order(0.01, Taken(), count=3) == [0, 2, 1]
    # a hit that is A itself: nothing is left of A; C alone costs .6 / .9 = .667, B (with 1.05) .1 / .9
    hits = Taken()
    hits.add(rows[:1])
    assert order(0.67, hits, count=1) == [2]
    assert order(0.66, hits, count=1) == [1]
    assert order(0.10, hits, count=1) == [0]
    own = np.array([False, False, True])
    assert order(0.0, Taken(), count=3, others=1) == [0, 2]
    assert order(0.0, Taken(), count=3, others=0) == [2]


@given(
    st.lists(st.floats(-1, 1), min_size=len(DRUGS), max_size=len(DRUGS)), st.integers(0, 10), st.integers(0, 8),
    st.floats(0, 1),
)  # fmt: skip
def test_no_more_is_given_up_than_the_price(preference: list[float], count: int, others: int, price: float) -> None:
    values, own = np.array(preference), np.arange(len(DRUGS)) % 2 == 0
    hits = Taken()
    hits.add(DRUG_BITS[:2])
    kept = np.maximum(values, 1e-12)
    plain = different(values, DRUG_BITS, hits, price=0.0, count=count, own=np.ones(8, dtype=bool), others=0)
    assert sorted(kept[plain].tolist(), reverse=True) == sorted(kept.tolist(), reverse=True)[:count]
    best = different(values, DRUG_BITS, hits, price=0.0, count=count, own=own, others=others)
    chosen = different(values, DRUG_BITS, hits, price=price, count=count, own=own, others=others)
    assert kept[chosen].sum() >= (1 - price) * kept[best].sum() - 1e-12
    assert len(set(chosen)) == len(chosen) == min(count, own.sum() + min(others, (~own).sum()))
    assert (~own[chosen]).sum() <= others


def test_a_strong_wish_for_what_is_new_chooses_by_similarity_alone() -> None:
    # With all preferences equal, similarity alone orders: each one chosen is the least like those before it.
    bits = np.unpackbits(DRUG_BITS, axis=1).astype(int)
    chosen = different(np.ones(8), DRUG_BITS, Taken(), price=1.0, count=8, own=np.ones(8, dtype=bool), others=0)

    def nearest(row: int, before: list[int]) -> float:
        common = [(bits[row] & bits[other]).sum() / (bits[row] | bits[other]).sum() for other in before]
        return max(common)

    for place in range(1, 8):
        left = [row for row in range(8) if row not in chosen[:place]]
        assert nearest(chosen[place], chosen[:place]) == min(nearest(row, chosen[:place]) for row in left)
