"""#Circles: a property of the set of molecules, never larger than the truth, and close to it."""

from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.DataStructs import BitVectToBinaryText, TanimotoSimilarity

from chemmara.metrics import diversity as module
from chemmara.metrics.diversity import circles, diversity, internal_diversity, picked
from chemmara.metrics.packing import apart
from chemmara.metrics.similarity import Fingerprints, overview, similarities
from chemmara.molecules.chem import fingerprint, parse
from tests.conftest import DRUGS

CHAINS = ["C" * n + end for n in range(1, 7) for end in ("O", "N", "C(=O)O", "c1ccccc1", "C1CC1")]
MOLECULES = sorted({*DRUGS.values(), *CHAINS})
sets = st.lists(st.sampled_from(MOLECULES), max_size=9, unique=True)


@cache
def vector(smiles: str):  # noqa: ANN201 - RDKit's bit vector
    molecule = parse(smiles)
    assert molecule is not None
    return fingerprint(molecule)


@cache
def distance(left: str, right: str) -> float:
    return 1 - TanimotoSimilarity(vector(left), vector(right))


def greedy(smiles: list[str], radius: float) -> int:
    found: list[str] = []
    for text in smiles:
        if all(distance(text, other) > radius for other in found):
            found.append(text)
    return len(found)


def graph(n: int, edges: list[tuple[int, int]]) -> list[int]:
    near = [1 << row for row in range(n)]
    for a, b in edges:
        near[a] |= 1 << b
        near[b] |= 1 << a
    return near


def test_circles_by_hand() -> None:
    """Bits of ethanol: 6 (three atoms, their three neighbourhoods), 5 of them among the 8 of propanol.

    Similarity 5 / (6 + 8 - 5) = 5/9 = .556, distance .444. Benzene (3 bits) shares none with either: distance 1.
    At .75 ethanol and propanol are near each other, so two of the three can be picked; at .40 all three; at 1 none is
    farther than 1, so one.
    """
    assert [sum(vector(text)) for text in ("CCO", "CCCO", "c1ccccc1")] == [6, 8, 3]
    assert distance("CCO", "CCCO") == pytest.approx(1 - 5 / 9)
    assert [circles(["CCO", "CCCO", "c1ccccc1"], radius) for radius in (0.75, 0.40, 1.0)] == [2, 3, 1]


def test_a_star_is_picked_by_its_rays() -> None:
    """Row 0 is near all of 1 to 4, which are near nothing else: greedy from 0 finds 1 row, the largest set has 4."""
    assert apart(graph(5, [(0, 1), (0, 2), (0, 3), (0, 4)])) == [1, 2, 3, 4]


def test_circles_at_the_ends() -> None:
    assert circles([]) == 0
    assert circles(["CCO"] * 5) == 1
    assert circles(["not a molecule", "CCO"]) == 1
    assert circles(DRUGS.values(), 0.0) == len(DRUGS)


@given(sets, st.floats(0.3, 0.95))
def test_small_sets_are_picked_exactly(smiles: list[str], radius: float) -> None:
    """Against every subset: so never below a greedy choice in any order, best first or as discovered."""
    sizes = [
        size
        for size in range(len(smiles) + 1)
        for some in combinations(smiles, size)
        if all(distance(a, b) > radius for a, b in combinations(some, 2))
    ]
    assert circles(smiles, radius) == max(sizes)
    assert circles(smiles, radius) >= greedy(smiles, radius)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.25, 0.3, 0.35, 0.5])
def test_up_to_32_rows_the_set_is_the_largest_one(share: float) -> None:
    """Random graphs of twelve rows against all 4,096 subsets: to take a row with two neighbours is wrong in some."""
    for seed in range(150):
        draw = Random(seed)
        near = graph(12, [pair for pair in combinations(range(12), 2) if draw.random() < share])
        best = [0] * (1 << 12)
        for some in range(1, len(best)):  # with the lowest row, or without it
            row = (some & -some).bit_length() - 1
            best[some] = max(best[some & ~(1 << row)], 1 + best[some & ~near[row]])
        found = apart(near)
        assert len(found) == best[-1]
        assert all(not near[a] >> b & 1 for a, b in combinations(found, 2))


@settings(max_examples=6)
@given(st.permutations(MOLECULES), st.sampled_from([0.4, 0.6, 0.75]))
def test_the_picked_molecules_do_not_depend_on_order_copies_or_writing(order: list[str], radius: float) -> None:
    found = picked(order, radius)
    assert found == picked(MOLECULES, radius)
    assert found == picked(order + order[:5], radius)
    assert all(distance(a, b) > radius for a, b in combinations(found, 2))
    assert set(found) <= set(order)
    assert len(MOLECULES) > 32


@pytest.fixture(scope="module")
def library() -> list[str]:
    """720 molecules that share parts, as the hits of a campaign do."""
    cores = ["c1ccccc1", "c1ccncc1", "C1CCNCC1", "c1ccc2[nH]ccc2c1", "C1CCOC1", "c1ccsc1"]
    links = ["", "C", "C(=O)N", "CO", "S(=O)(=O)N"]
    ends = ["C", "CC", "N(C)C", "C1CC1", "c1ccccc1", "C(F)(F)F"]
    made = [f"{a}{b}{c}{d}" for a in ends for b in links for c in ("C1CCN(CC1)", "c1cc(ccc1)", "CC(O)", "CCC", "NC(=O)")
            for d in cores]  # fmt: skip
    return list(dict.fromkeys(text for text in made if parse(text) is not None))


@pytest.mark.parametrize("radius", [0.75, 0.6])
def test_of_many_molecules_more_are_picked_than_by_any_of_twenty_greedy_orders(
    library: list[str], radius: float
) -> None:
    prints = Fingerprints.of((text, BitVectToBinaryText(vector(text))) for text in library)
    (near,) = overview(prints, [radius]).near
    found = apart(near)
    assert all(not near[a] >> b & 1 for a, b in combinations(found, 2))
    draw = np.random.default_rng(0)
    for _ in range(20):
        blocked, number = 0, 0
        for row in draw.permutation(len(near)):
            if not blocked >> int(row) & 1:
                blocked |= near[row]
                number += 1
        assert number < len(found)
    assert len(found) == circles(library[::-1], radius)


@pytest.mark.parametrize(("radius", "largest"), [(0.6, 62), (0.5, 127)])
def test_the_search_finds_the_largest_set_that_an_exact_solver_proves(
    library: list[str], radius: float, largest: int
) -> None:
    """HiGHS, with the edges covered by cliques, proves 62 and 127; without the random changes 56 and 118 are found."""
    assert len(library) == 720
    assert circles(library, radius) == largest


def test_local_search_finds_the_largest_set_of_a_graph_where_it_is_known() -> None:
    """A ring of 101 rows has 50 that are not neighbours; 40 groups of 5 that are all near each other have 40."""
    assert len(apart(graph(101, [(i, (i + 1) % 101) for i in range(101)]))) == 50
    groups = graph(200, [(5 * g + a, 5 * g + b) for g in range(40) for a, b in combinations(range(5), 2)])
    assert len(apart(groups)) == 40


@pytest.mark.parametrize("radius", [0.75, 0.6])
def test_a_set_too_large_to_search_is_picked_in_one_pass(
    library: list[str], radius: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = circles(library, radius)
    monkeypatch.setattr(module, "SEARCHED", 100)
    found = picked(library, radius)
    assert found == picked(library[::-1], radius)
    assert all(distance(a, b) > radius for a, b in combinations(found, 2))
    assert 0.75 * searched <= len(found) <= searched
    others = set(library) - set(found)
    assert all(any(distance(text, pick) <= radius for pick in found) for text in sorted(others)[::20])


def test_similarities_are_rdkits_to_the_last_bit(library: list[str]) -> None:
    prints = Fingerprints.of((text, BitVectToBinaryText(vector(text))) for text in library[:300])
    for first, row, found in similarities(prints.packed):
        assert first == row // 128 * 128
        if row % 10 == 0:
            own = vector(prints.smiles[row])
            expected = [TanimotoSimilarity(own, vector(text)) for text in prints.smiles[first:]]
            np.testing.assert_array_equal(found, expected)
    numbers = overview(prints, [0.75, 0.6], which=False).numbers
    for number, near in zip(numbers, overview(prints, [0.75, 0.6]).near, strict=True):
        assert number.tolist() == [row.bit_count() for row in near]
        assert all(near[a] >> b & 1 == near[b] >> a & 1 for a, b in combinations(range(len(near)), 2))


def test_fingerprints_with_more_than_255_bits_in_common_are_compared_like_any_other() -> None:
    packed = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint8)
    packed[1] |= packed[0]
    bits = np.unpackbits(packed, axis=1).astype(int)
    common = bits @ bits.T
    assert common[0, 1] > 900
    block = [found for _, _, found in similarities(packed)]
    np.testing.assert_array_equal(block, common / (np.diag(common)[:, None] + np.diag(common) - common))


def test_every_figure_of_diversity_is_that_of_its_own_function(library: list[str]) -> None:
    found = diversity(library[:200], [0.75, 0.7])
    expected = np.mean([distance(a, b) for a, b in combinations(library[:200], 2)])  # in two blocks of 128 rows
    assert found.internal_diversity == pytest.approx(expected, abs=1e-12)
    assert found.internal_diversity == internal_diversity(library[:200])
    assert set(found.scaffolds.values()) == module.scaffolds(library[:200])
    assert found.generic_scaffolds == module.generic_scaffolds(library[:200])
    assert found.circles == {radius: picked(library[:200], radius) for radius in (0.75, 0.7)}
    with pytest.raises(ValueError, match="'C1CC' is not a valid SMILES"):
        diversity(["CCO", "C1CC"], [])
