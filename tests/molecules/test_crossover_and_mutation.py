"""Children of molecules: by hand, and the laws that every child keeps."""

import random
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rdkit.Chem import BondType, Mol

from chemmara.molecules import crossover as crossing
from chemmara.molecules.chem import canonical, canonical_smiles, parse
from chemmara.molecules.crossover import Cut, Half, chain_cut, crossover, joined, ring_cut, ring_sites
from chemmara.molecules.graph_edits import fits, kekulised, rings_are_common
from chemmara.molecules.mutation import (
    MUTATIONS,
    add_ring,
    append_atom,
    change_atom,
    change_bond_order,
    delete_atom,
    delete_ring_bond,
    insert_atom,
    mutated,
)

DRUGS = [
    "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "CC(C)Cc1ccc(C(C)C(=O)O)cc1", "CN1CCCC1c1cccnc1",
    "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1", "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21", "CN(C)C(=N)NC(=N)N",
    "C[C@@H](O)[C@H](F)c1c[nH]c2ccccc12", "C/C=C/c1ccc[nH]1", "[NH3+]CC[O-].Cl", "CN1C[C@@H]2C[C@H]1CN2c1ccccc1O",
    "O=[N+]([O-])c1ccccc1", "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
]  # fmt: skip
drug = st.sampled_from(DRUGS)
seeds = st.integers(0, 2**32)


class Limited(random.Random):
    """A source of random numbers whose every normal draw is 25.5: the size limit, then, in heavy atoms."""

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        del mu, sigma
        return 25.5


def molecule(smiles: str) -> Mol:
    found = parse(smiles)
    assert found is not None
    return found


def cut_ring(of: Mol, rng: random.Random) -> Cut | None:
    return ring_cut(of, ring_sites(of), rng)


def texts(molecules: list[Mol | None]) -> set[str]:
    return {canonical(found) for found in molecules if found is not None}


def test_halves_of_chlorobenzene_and_of_cyanogen_bromide_are_joined_crosswise() -> None:
    # Cl | phenyl and Br | cyano: four children, each a half of either
    rng = random.Random(0)
    cuts = [chain_cut(kekulised(molecule(smiles)), rng) for smiles in ("Clc1ccccc1", "BrC#N")]
    children = [joined(cuts[0], cuts[1], sides, (BondType.SINGLE,)) for sides in product((0, 1), repeat=2)]  # type: ignore[arg-type]
    assert texts(children) == {"ClBr", "N#CCl", "Brc1ccccc1", "N#Cc1ccccc1"}


def test_half_of_cyclohexane_and_half_of_piperidine_close_a_ring() -> None:
    # Two carbons (1, 2) of cyclohexane; N3, C4, C5, C0 of piperidine. Joined 2-N3 and 1-C0, at least one bond double:
    # 2=N3: C=N in the ring; 1=C0: C=C, not next to N; both: C=N-like diene N=C-C=C
    carbons = Cut(molecule("C1CCCCC1"), ((2, 3), (1, 0)))
    amine = Cut(molecule("C1CCNCC1"), ((3, 2), (0, 1)))
    single, double = BondType.SINGLE, BondType.DOUBLE
    for orders, smiles in {
        (double, single): "C1=NCCCC1",
        (single, double): "C1=CCNCC1",
        (double, double): "N1=CC=CCC1",
    }.items():
        child = joined(carbons, amine, (0, 0), orders)
        assert child is not None
        assert canonical(child) == canonical_smiles(smiles)
    # The O of oxane, with one bond of its ring left, takes no double bond.
    assert joined(Cut(molecule("C1CCCCC1"), ((2, 3),)), Cut(molecule("C1CCOCC1"), ((3, 2),)), (0, 0), (double,)) is None


def test_what_a_half_brings_is_counted_without_making_the_child() -> None:
    # Methylcyclohexane between 1|2 and 4|5: the methyl, 1, 6 and 5 on one side, 2 to 4 on the other. Three atoms
    # of either half stand in the way from one cut to the other: those of the ring.
    halves = Cut(molecule("CC1CCCCC1"), ((1, 2), (5, 4))).halves
    assert halves == (Half(heavy_atoms=4, ring_atoms=3), Half(heavy_atoms=3, ring_atoms=3))
    # Both bonds of one atom: it alone is on the way.
    assert Cut(molecule("CC1CCCCC1"), ((1, 2), (1, 6))).halves == (Half(2, 1), Half(5, 5))
    # A counter-ion is in neither half.
    assert Cut(molecule("CCO.Cl"), ((1, 2),)).halves == (Half(2, 1), Half(1, 1))


def test_a_ring_is_cut_in_two_and_an_acyclic_molecule_is_not() -> None:
    cut = cut_ring(molecule("C1CCCCC1"), random.Random(0))
    assert cut is not None
    assert len(cut.bonds) == 2
    assert cut_ring(molecule("CCCC"), random.Random(0)) is None
    assert chain_cut(molecule("C1CCCCC1"), random.Random(0)) is None


@given(drug, drug, seeds)
def test_a_child_has_atoms_of_both_parents_and_each_part_hangs_together(first: str, second: str, seed: int) -> None:
    parents = [molecule(first), molecule(second)]
    for mark, parent in zip((101, 102), parents, strict=True):
        for atom in parent.GetAtoms():
            atom.SetIsotope(mark)
    child = crossover(*parents, random.Random(seed))
    if child is None:
        return
    assert {atom.GetIsotope() for atom in child.GetAtoms()} == {101, 102}
    new = [bond for bond in child.GetBonds() if bond.GetBeginAtom().GetIsotope() != bond.GetEndAtom().GetIsotope()]
    assert len(new) in {1, 2}  # one between chains, two around a ring


@given(drug, drug, seeds)
def test_children_are_valid_within_the_limit_unlike_their_parents_and_the_same_by_seed(
    first: str, second: str, seed: int
) -> None:
    parents = molecule(first), molecule(second)
    before = [canonical(parent) for parent in parents]
    child = crossover(*parents, Limited(seed))
    assert [canonical(parent) for parent in parents] == before
    again = crossover(molecule(first), molecule(second), Limited(seed))
    assert texts([child]) == texts([again])
    if child is not None:
        assert 6 <= child.GetNumHeavyAtoms() <= 25
        assert canonical(child) not in before
        assert canonical_smiles(canonical(child)) is not None
        changed = mutated(child, Limited(seed))
        if changed is not None:
            assert 6 <= changed.GetNumHeavyAtoms() <= 25
            assert rings_are_common(changed)
            assert canonical_smiles(canonical(changed)) is not None


@given(drug, drug, seeds)
def test_what_has_no_room_for_its_new_bonds_is_what_sanitising_refuses(first: str, second: str, seed: int) -> None:
    rng = random.Random(seed)
    cuts = cut_ring(kekulised(molecule(first)), rng), cut_ring(kekulised(molecule(second)), rng)
    if cuts[0] is None or cuts[1] is None:
        return
    orders = list(product((BondType.SINGLE, BondType.DOUBLE), repeat=2))
    for sides in product((0, 1), repeat=2):
        for order in orders:
            quick = joined(cuts[0], cuts[1], sides, order)
            with pytest.MonkeyPatch.context() as everything_is_made:
                everything_is_made.setattr(crossing, "_room", lambda *_: True)
                slow = joined(cuts[0], cuts[1], sides, order)
            assert texts([quick]) == texts([slow])


@given(drug, drug, st.sampled_from([chain_cut, cut_ring]), seeds)
@example(DRUGS[-1], DRUGS[0], cut_ring, 6487527)  # a cyclopropenone: aromatic, for all that its ring is small
def test_what_is_refused_before_it_is_made_is_what_would_be_refused_after(
    first: str, second: str, cut: Callable[[Mol, random.Random], Cut | None], seed: int
) -> None:
    rng = Limited(seed)
    cuts = cut(kekulised(molecule(first)), rng), cut(kekulised(molecule(second)), rng)
    if cuts[0] is None or cuts[1] is None:
        return
    single, double = BondType.SINGLE, BondType.DOUBLE
    for sides in product((0, 1), repeat=2):
        for orders in [(single,)] if cut is chain_cut else [(double, single), (single, double), (double, double)]:
            quick, slow = crossing._offspring(*cuts, sides, orders, rng), joined(*cuts, sides, orders)
            if slow is not None and fits(slow, rng) and (cut is chain_cut or rings_are_common(slow)):
                assert texts([quick]) == texts([slow])
            elif quick is not None:  # for other rings, all of which are looked at once it is made
                assert cut is cut_ring
                assert fits(quick, rng)
                assert not rings_are_common(quick)


def test_most_pairs_of_drugs_have_a_child() -> None:
    rng = random.Random(1)
    children = [crossover(molecule(a), molecule(b), rng) for a in DRUGS[:8] for b in DRUGS[:8]]
    assert sum(child is not None for child in children) > 60
    assert len(texts(children)) > 50


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        # A hydrogen of HCN, of which there is one: a single bond to each of seven elements.
        (append_atom, "C#N", {"CC#N", "NC#N", "N#CO", "N#CF", "N#CS", "N#CCl", "N#CBr"}),
        (insert_atom, "CC", {"CCC", "CNC", "COC", "CSC", "C=CC", "C=NC", "C#CC"}),
        # To single; the other bond to double; the double one to triple, where there are two hydrogens.
        (change_bond_order, "CC=C", {"CCC", "C=C=C", "C#CC"}),
        (delete_ring_bond, "CC1CC1", {"CCCC", "CC(C)C"}),
        # Rows of three (1-3, 2-4), four and five.
        (add_ring, "CCCCC", {"CCC1CC1", "CC1CC1C", "CC1CCC1", "C1CCCC1"}),
        (delete_atom, "CCCO", {"CCO", "CCC"}),
        # The middle atom of isobutane: its neighbours in a row. An end: propane.
        (delete_atom, "CC(C)C", {"CCC"}),
        # The middle of neopentane: four in a row, or three around one; an end: isobutane.
        (delete_atom, "CC(C)(C)C", {"CCCC", "CC(C)C"}),
        (change_atom, "CO", {"NO", "OO", "OF", "OS", "OCl", "OBr", "CC", "CN", "CF", "CS", "CCl", "CBr"}),
    ],
)
def test_each_kind_of_mutation_makes_what_it_says_and_nothing_else(kind: object, before: str, after: set[str]) -> None:
    found = {text for seed in range(300) for text in texts(list(kind(molecule(before), random.Random(seed))))}  # type: ignore[operator]
    assert found == {canonical_smiles(smiles) for smiles in after}


def test_the_hydrogen_of_pyrrole_gives_way_as_any_other() -> None:
    pyrrole = kekulised(molecule("c1cc[nH]c1"))
    found = {text for seed in range(100) for text in texts(list(append_atom(pyrrole, random.Random(seed))))}
    assert {"Cn1cccc1", "Cc1ccc[nH]1"} <= found


@given(drug, seeds)
def test_every_change_of_a_drug_is_a_molecule(smiles: str, seed: int) -> None:
    for kind in MUTATIONS:
        for result in list(kind(kekulised(molecule(smiles)), random.Random(seed)))[:5]:
            assert result is None or canonical_smiles(canonical(result)) is not None


def test_the_limit_is_a_draw_of_a_normal_distribution() -> None:
    rng = random.Random(0)
    share = sum(fits(molecule("C" * 39), rng) for _ in range(4000)) / 4000
    assert share == pytest.approx(0.517, abs=0.03)  # N(39.15, 3.5) is above 39 with probability Phi(.043)
    assert not any(fits(molecule("C" * 5), rng) for _ in range(100))
    assert fits(molecule("C" * 6), rng)


def test_rings_that_are_seldom_stable_are_refused() -> None:
    for smiles, common in {
        "c1ccccc1": True, "C1CC1": True, "C=C1CC1": True,  # only one end of the double bond is in the small ring
        "C1CCCCCC1": False, "C1=CC1": False, "C1=CCC1": False, "C1=C=CCCC1": False, "C=C=C1CCCC1": True,
    }.items():  # fmt: skip
        assert rings_are_common(molecule(smiles)) == common, smiles
