"""Picks are what their definitions say, worked out pair by pair."""

import math
from weakref import WeakSet

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rdkit.Chem import Mol
from rdkit.DataStructs import TanimotoSimilarity

from chemmara.molecules.chem import fingerprint, parse, scaffold
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.selection import picks
from chemmara.selection.picks import best, distances, maxmin, weighted, weighted_of

ENDS, CORES = (
    ("C", "CC", "OC", "N(C)C", "C(F)(F)F", "C1CC1"),
    ("c1ccc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "OCC({})C"),
)
SMILES = [core.format(link + end) for core in CORES for link in ("", "C(=O)N", "CO") for end in ENDS]


def distance(one: int, other: int) -> float:
    a, b = (fingerprint(parse(SMILES[row])) for row in (one, other))  # pyright: ignore[reportArgumentType]
    return 1.0 - TanimotoSimilarity(a, b)


def test_the_best_are_different_molecules_and_few_of_a_scaffold() -> None:
    smiles = ["Cc1ccccc1", "C1CC", "c1ccc(C)cc1", "CCc1ccccc1", "CC1CC1", "CCO", "CCN"]
    scores = np.array([0.9, 1.0, 0.8, 0.7, 0.6, math.nan, 0.1])
    # 1 is no molecule, 2 is toluene again, 5 has no score; 0 and 3 are of benzene
    assert best(scores, smiles.__getitem__, None) == [0, 3, 4, 6]
    assert best(scores, smiles.__getitem__, 2) == [0, 3]
    assert best(scores, smiles.__getitem__, 2, per_scaffold=1) == [0, 4]


def test_of_a_million_only_those_are_read_that_come_before_the_last_one_taken() -> None:
    asked_for = list[int]()

    def smiles_of(row: int) -> str:
        asked_for.append(row)
        return SMILES[row % len(SMILES)]

    assert best(np.linspace(1, 0, 1_000_000), smiles_of, 3) == [0, 1, 2]
    assert len(asked_for) <= 4


@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])  # to shrink an example takes minutes
@given(
    st.lists(st.integers(0, 20), min_size=len(SMILES), max_size=len(SMILES)),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    st.sampled_from([None, 1, 3]),
)
def test_weighted_picks_have_the_largest_sum_of_score_and_distance(
    whole: list[int], diversity: float, per_scaffold: int | None
) -> None:
    """Worked out anew for every pick, over all molecules that could be picked; opened three at a time."""
    scores = np.array(whole) / 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picks, "_OPENED", 3)
        found = weighted(scores, SMILES.__getitem__, 12, diversity, per_scaffold)
    taken = list[int]()
    for pick in found:
        own = [scaffold(parse(SMILES[row])) for row in taken]  # pyright: ignore[reportArgumentType]
        sums = {
            row: (1 - diversity) * scores[row] + diversity * min([1.0, *(distance(row, other) for other in taken)])
            for row in range(len(SMILES))
            if row not in taken and (per_scaffold is None or own.count(scaffold(parse(SMILES[row]))) < per_scaffold)  # pyright: ignore[reportArgumentType]
        }
        assert sums[pick] == pytest.approx(max(sums.values()), abs=1e-12)
        taken.append(pick)
    assert len(found) == 12  # there are 14 scaffolds


def test_picks_are_the_same_where_fingerprints_are_known() -> None:
    packed = packed_fingerprints([molecule for molecule in map(parse, SMILES) if molecule is not None])
    scores = np.random.default_rng(0).random(len(SMILES))
    for missing in (scores, np.where(scores < 0.2, np.nan, scores)):
        for diversity in (0.0, 0.3, 0.5, 1.0):
            expected = weighted(missing, SMILES.__getitem__, 12, diversity)
            assert weighted_of(missing, packed, 12, diversity) == expected
    assert len(weighted_of(scores, packed, 1000)) == len(SMILES)
    assert weighted_of(scores[:0], packed[:0], 5) == []


def test_maxmin_picks_lie_as_far_as_possible_from_those_before() -> None:
    packed = packed_fingerprints([molecule for molecule in map(parse, SMILES) if molecule is not None])
    found = maxmin(packed, 10, seed=3)
    assert found == maxmin(packed, 10, seed=3)
    assert len({maxmin(packed, 1, seed=seed)[0] for seed in range(20)}) > 5
    for place in range(1, 10):
        far = [min(distance(row, other) for other in found[:place]) for row in range(len(SMILES))]
        assert far[found[place]] == pytest.approx(max(far))
        assert distances(packed[found])[place] == pytest.approx(max(far))
    assert sorted(maxmin(packed, 1000)) == list(range(len(SMILES)))
    assert maxmin(packed[:0], 3) == []


def test_few_molecules_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # All scores are alike, so that all of 3,375 molecules are read; a million held at once took 11.7 GB.
    smiles = [f"{'C' * a}O{'C' * b}N{'C' * c}" for a in range(1, 16) for b in range(1, 16) for c in range(1, 16)]
    alive, most = WeakSet[Mol](), [0]

    def counted(text: str) -> Mol | None:
        molecule = parse(text)
        if molecule is not None:
            alive.add(molecule)
        most[0] = max(most[0], len(alive))
        return molecule

    monkeypatch.setattr(picks, "parse", counted)
    monkeypatch.setattr(picks, "_OPENED", 256)
    assert len(weighted(np.ones(len(smiles)), smiles.__getitem__, 5)) == 5
    assert 256 <= most[0] <= 2 * 256 + 2
