"""The nearest fingerprint, as if all had been compared."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBitString, ExplicitBitVect

from chemmara.metrics.neighbours import Neighbours
from chemmara.molecules.chem import fingerprint, parse
from chemmara.rl.diversity_filter import Spheres


def bits(some: set[int]) -> ExplicitBitVect:
    vector = ExplicitBitVect(2048)
    vector.SetBitsFromList(sorted(some))
    return vector


def by_comparing(known: list[ExplicitBitVect], own: ExplicitBitVect, similarity: float) -> int | None:
    similarities = BulkTanimotoSimilarity(own, known)
    best = int(np.argmax(similarities)) if similarities else -1
    return best if similarities and similarities[best] >= similarity else None


def of(smiles: str) -> ExplicitBitVect:
    molecule = parse(smiles)
    assert molecule is not None
    return fingerprint(molecule)


def test_nearest_by_hand() -> None:
    """{1,2,3,4} shares 2 of 4 bits with {1,2}, similarity .5, and 3 of 5 with {2,3,4,9}, similarity .6."""
    known = Neighbours()
    for some in ({1, 2}, {2, 3, 4, 9}, {7}, {2, 3, 4, 9}):
        known.add(bits(some))
    own = bits({1, 2, 3, 4})
    assert len(known) == 4
    assert [known.nearest(own, at_least) for at_least in (0.0, 0.5, 0.6, 0.61)] == [1, 1, 1, None]  # the earlier of two
    assert known.nearest(bits({100}), 0.1) is None
    assert known.nearest(bits({100}), 0.0) == 0  # everything is similar enough, and nothing more similar than another
    assert Neighbours().nearest(own, 0.0) is None


some_bits = st.sets(st.integers(0, 25), min_size=1, max_size=20)


@given(st.lists(some_bits, max_size=40), some_bits, st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.4, 0.5, 2 / 3, 0.9, 1.0]))
@example([{1, 2, 3}], {1}, 1 / 3)
def test_the_nearest_is_the_one_that_comparing_with_all_finds(
    known: list[set[int]], own: set[int], similarity: float
) -> None:
    neighbours = Neighbours()
    for some in known:
        neighbours.add(bits(some))
    assert neighbours.nearest(bits(own), similarity) == by_comparing([*map(bits, known)], bits(own), similarity)


@pytest.mark.parametrize("similarity", [0.25, 0.4, 0.55])
def test_spheres_of_real_molecules_are_those_of_comparing_with_every_centre(similarity: float) -> None:
    cores = ["c1ccccc1", "C1CCNCC1", "c1ccc2[nH]ccc2c1", "c1ccsc1", "C1CCOC1"]
    links = ["", "C(=O)N", "CO", "S(=O)(=O)N", "CC"]
    smiles = [f"{end}{left}{core}" for core in cores for left in links for end in ("C", "N(C)C", "C1CC1", "c1ccncc1")]
    spheres, centres, names = Spheres(similarity), [], []
    for text in [*smiles, *smiles[::7]]:
        own = of(text)
        nearest = by_comparing(centres, own, similarity)
        if nearest is None:
            centres.append(own)
            names.append(text)
        assert spheres.key(text) == (text if nearest is None else names[nearest])
    assert 1 < len(centres) < len(smiles)


def test_a_bit_string_is_read_in_the_order_in_which_it_is_written() -> None:
    text = "01" * 1024
    known = Neighbours()
    known.add(CreateFromBitString(text))
    assert known.nearest(CreateFromBitString(text), 1.0) == 0
    assert known.nearest(CreateFromBitString(text[1:] + "0"), 0.01) is None
