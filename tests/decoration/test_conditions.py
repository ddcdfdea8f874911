"""One predicate for every molecule of a campaign: the parts, with pieces of the right sizes at their places only."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from chemmara.decoration.cores import core_family
from chemmara.decoration.linkers import link_family
from chemmara.decoration.window import Window
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import parse

READ = Chem.MolFromSmiles  # noqa: TID251 - RDKit's own view, apart from ours
TOKENIZER = load_prior("chembl-gru").tokenizer
QUINAZOLINE = "[*:1]Nc1ncnc2cc([*:2])ccc12"
GROUPS = {"[H]": 0, "C": 1, "Cl": 1, "OC": 2, "C(F)(F)F": 4, "c1ccccc1": 6, "N1CCOCC1": 6, "C(=O)NCC": 5}
LINKERS = {"[*:1]C[*:2]": 1, "[*:1]C(=O)N[*:2]": 3, "[*:1]c1ccc([*:2])cc1": 6, "[*:1]CC(C)O[*:2]": 4}


def made(*pieces: str) -> Chem.Mol:
    """The molecule of pieces whose places have the same numbers, by RDKit's own zipper."""
    molecule = parse(Chem.MolToSmiles(Chem.RemoveHs(Chem.molzip(READ(".".join(pieces))))))
    assert molecule is not None
    return molecule


def decorated(core: str, groups: list[str]) -> Chem.Mol:
    return made(core, *(f"[*:{place}]{text}" for place, text in enumerate(groups, 1)))


def keeps(smiles: str, core: str, *windows: Window, allow_hydrogen: bool = False) -> bool:
    molecule = parse(smiles)
    assert molecule is not None
    return core_family(core, windows, TOKENIZER, allow_hydrogen=allow_hydrogen).keeps(molecule)


@pytest.mark.parametrize(
    ("smiles", "kept"),
    [
        ("CCN1CCC(CC)CC1", True),  # two atoms at N, two at C4
        ("CCN1CCC(CCC)CC1", False),  # three atoms at C4
        ("CCN1CCCCC1", False),  # hydrogen at C4
        ("CCN1CCC(=CC)CC1", False),  # bound by a double bond
        ("CCN1CCC(CC)C(C)C1", False),  # substituted where there is no place
        ("C1CN2CCC1CC2", False),  # one chain closes over both places
        ("CCN1CCC(CC)CC1.O", False),  # a piece that is bound to nothing
        ("CCN1CCC(CC)(CC)CC1", False),  # two groups at one place
    ],
)
def test_worked_examples_of_a_piperidine_with_one_or_two_atoms_at_each_place(smiles: str, *, kept: bool) -> None:
    assert keeps(smiles, "*N1CCC(*)CC1", Window(1, 2)) is kept


def test_a_core_whose_ends_are_bound_to_each_other_is_not_kept() -> None:
    assert keeps("CCCCC", "*CCC*", Window(1, 2))
    assert not keeps("CC1CC1C", "*CCC*", Window(1, 2))  # a bond that the core does not have
    assert keeps("CCCCC", "*C(*)CC(*)*", Window(0, 2))
    assert not keeps("CC1CC1C", "*C(*)CC(*)*", Window(0, 2))  # the places would allow for it


def test_two_places_at_one_atom_take_the_two_groups_either_way_round() -> None:
    for smiles, kept in (("CC1(CCC)CCC1", True), ("CCC1(CC)CCC1", False), ("CC1(C)CCC1", False)):
        assert keeps(smiles, "*C1(*)CCC1", Window(1, 1), Window(3, 4)) is kept


def test_hydrogen_is_for_places_that_may_keep_it_and_never_for_all() -> None:
    for smiles, windows, allowed, kept in (
        ("Cc1ccncc1", (Window(1, 3),), True, True),
        ("Cc1ccncc1", (Window(1, 3),), False, False),
        ("Cc1ccncc1", (Window(1, 3), Window(0, 3)), False, True),
        ("c1ccncc1", (Window(0, 3),), True, False),
    ):
        core = "[*:1]c1ccnc([*:2])c1"
        assert keeps(smiles, core, *windows, allow_hydrogen=allowed) is kept


@given(
    groups=st.lists(st.sampled_from(sorted(GROUPS)), min_size=2, max_size=2),
    low=st.integers(0, 3), high=st.integers(3, 6), least=st.integers(0, 6), allowed=st.booleans(),
)  # fmt: skip
def test_a_core_with_groups_is_kept_exactly_where_each_group_is_in_its_window(
    groups: list[str], low: int, high: int, least: int, *, allowed: bool
) -> None:
    windows = [Window(low, high), Window(least, 6)]
    sizes = [GROUPS[text] for text in groups]
    inside = all(
        (size == 0 and (allowed or window.low == 0)) or max(1, window.low) <= size <= window.high
        for size, window in zip(sizes, windows, strict=True)
    )
    family = core_family(QUINAZOLINE, windows, TOKENIZER, allow_hydrogen=allowed, number=2)
    assert family.keeps(decorated(QUINAZOLINE, groups)) is (inside and any(sizes))


@given(linker=st.sampled_from(sorted(LINKERS)), low=st.integers(1, 6), more=st.integers(0, 3))
def test_two_fragments_are_kept_exactly_where_their_linker_is_in_the_window(linker: str, low: int, more: int) -> None:
    family = link_family(["*c1ccccn1", "*N1CCOCC1"], Window(low, low + more), TOKENIZER, number=2)
    for first, second in permutations((1, 2)):
        molecule = made(f"[*:{first}]c1ccccn1", linker, f"[*:{second}]N1CCOCC1")
        assert family.keeps(molecule) is (low <= LINKERS[linker] <= low + more)
    assert not family.keeps(made("[*:1]c1cccc(C)n1", linker, "[*:2]N1CCOCC1"))  # a methyl that is no linker's
    assert not family.keeps(made("[*:1]c1ccccn1", "[*:1]N1CCOCC1"))  # no linker at all


def test_of_three_fragments_each_linker_has_its_size_and_its_ends() -> None:
    family = link_family(["*c1ccccn1", "*N1CCC(*)CC1", "*C(=O)O"], Window(2, 3), TOKENIZER)
    for first, second, kept in (("CC", "CCO", True), ("CC", "C", False), ("CCCC", "CC", False)):
        for left, right in permutations((1, 2)):  # the piperidine either way round
            piperidine = f"[*:{left}]N1CCC([*:{right}])CC1"
            pieces = ("[*:3]c1ccccn1", f"[*:3]{first}[*:1]", piperidine, f"[*:2]{second}[*:4]", "[*:4]C(=O)O")
            assert family.keeps(made(*pieces)) is kept
    both = made("[*:1]c1ccccn1", "[*:1]CC([*:3])C[*:2]", "[*:2]N1CCC([*:4])CC1", "[*:4]C", "[*:3]C(=O)O")
    assert not family.keeps(both)  # one branched piece for all three
