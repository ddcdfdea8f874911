"""Structures as short texts: what page.js reads back is the molecule, atom for atom."""

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from chemmara.molecules.chem import canonical_smiles, parse, parse_pattern
from chemmara.report.depictions import ALPHABET, Kinds, depiction, laid_out, lay_out
from chemmara.report.fragments import GROUPS, groups, ring_systems
from chemmara.report.given import laid_out_parts
from chemmara.report.hits import Explorer


def test_ethanol_is_three_atoms_and_two_bonds() -> None:
    """Unit 0.01 angstrom (A), 3 atoms (A, D); kinds 0 CH3, 1 CH2, 2 OH; each with x and y in two characters; then the
    single bonds 0-1 and 1-2: A A B and A B C. So 3 + 3 * 5 + 2 * 3 = 24 characters."""
    kinds = Kinds()
    molecule = laid_out("CCO")
    assert molecule is not None
    text = depiction(molecule, kinds)
    assert kinds.listed() == {
        "atoms": [["C", 3, 0, 0, 0, 0], ["C", 2, 0, 0, 0, 0], ["O", 1, 0, 0, 0, 0]],
        "bonds": [[1, 0]],
    }
    assert len(text) == 24
    assert (text[:3], text[-6:]) == ("AAD", "AABABC")
    assert (text[3], text[8], text[13]) == ("A", "B", "C")
    first, second = (
        [(64 * ALPHABET.index(text[at]) + ALPHABET.index(text[at + 1])) / 100 for at in (start, start + 2)]
        for start in (4, 9)
    )
    assert sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5 == pytest.approx(1.5, abs=0.02)


def test_a_molecule_of_more_than_999_atoms_has_no_drawing() -> None:
    large = laid_out("C" * 1000)
    assert large is not None
    assert depiction(large, Kinds()) == ""


def test_a_long_molecule_is_measured_in_larger_units_and_still_fits() -> None:
    molecule = laid_out("C" * 200)
    assert molecule is not None
    text = depiction(molecule, Kinds())
    assert ALPHABET.index(text[0]) > 0
    assert len(text) == 3 + 200 * 5 + 199 * 5  # of more than 64 atoms, each end of a bond takes two characters


def test_molecules_of_a_series_are_drawn_on_their_scaffold() -> None:
    core = laid_out("c1ccc(-c2ccccn2)cc1")
    assert core is not None
    for smiles in ("Cc1ccc(-c2ccccn2)cc1", "COc1cc(-c2ccc(F)cn2)ccc1C(=O)NC"):
        molecule = laid_out(smiles, core)
        assert molecule is not None
        match = molecule.GetSubstructMatch(core)
        places, wanted = molecule.GetConformer().GetPositions(), core.GetConformer().GetPositions()
        assert abs(places[list(match)] - wanted).max() < 1e-3


@pytest.mark.parametrize(
    ("start", "smiles"),
    [
        ({"core": ["*c1ncnc2cc(*)ccc12"]}, ["Cc1ncnc2cc(OC)ccc12", "c1ccc(-c2ncnc3cc(C4CC4)ccc23)cc1"]),
        ({"core": ["*n1cccc1C(*)=O"]}, ["Cn1cccc1C(=O)O", "CNC(=O)c1cccn1-c1ccccc1"]),
        ({"link": ["*Cl", "*c1ccc(F)cc1"]}, ["ClCCc1ccc(F)cc1", "ClC1CCCC(c2ccc(F)cc2)C1"]),
    ],
)
def test_molecules_from_a_core_or_fragments_are_all_drawn_on_it(start: dict[str, list[str]], smiles: list[str]) -> None:
    (part,) = laid_out_parts(start)
    table = pd.DataFrame({"smiles": smiles, "score": [0.9, 0.8], "call": [1, 2]})
    explorer = Explorer(table, ["a", "b"], dict.fromkeys(smiles, ""), {}, [], table, [part])
    for text in smiles:
        molecule = explorer._laid_out(text, None)
        assert molecule is not None
        match = molecule.GetSubstructMatch(part)
        places = molecule.GetConformer().GetPositions()[list(match)]
        assert abs(places - part.GetConformer().GetPositions()).max() < 1e-3


def test_of_two_rings_that_resemble_the_core_the_core_is_drawn_on() -> None:
    """A 4-pyridyl is the core: the 3-pyridyl of the acid is substituted where the core is not."""
    (part,) = laid_out_parts({"core": ["*c1ccncc1"]})
    molecule = parse("O=C(c1cccnc1)N1CCC(c2ccncc2)C1")
    assert molecule is not None
    lay_out(molecule, part)
    (own,) = {tuple(sorted(match)) for match in molecule.GetSubstructMatches(parse_pattern("C-c1ccncc1"))}
    places = molecule.GetConformer().GetPositions()
    assert (
        abs(np.sort(places[list(own)[1:]], axis=0) - np.sort(part.GetConformer().GetPositions(), axis=0)).max() < 1e-3
    )


@pytest.mark.parametrize("smiles", ["C/C=C\\c1ccccc1", "C/C=C/c1ccccc1", "F/C(Cl)=C\\c1ccccc1"])
def test_a_drawing_on_a_core_shows_the_isomer_that_was_measured(smiles: str) -> None:
    parts, core = laid_out_parts({"core": ["*C=Cc1ccccc1", "*C(*)=Cc1ccccc1"]}), laid_out("C/C=C/c1ccccc1")
    molecule = parse(smiles)
    assert molecule is not None
    table = pd.DataFrame({"smiles": [smiles], "score": [0.9], "call": [1]})
    for given, alone in ((parts, None), ([], core)):
        drawn = Explorer(table, ["a"], {smiles: ""}, {}, [], table, given)._laid_out(smiles, alone)
        assert drawn is not None
        read = Chem.MolFromMolBlock(Chem.MolToMolBlock(drawn))
        assert Chem.MolToSmiles(read) == canonical_smiles(smiles)


def test_what_would_put_atoms_on_each_other_is_drawn_by_itself() -> None:
    parts = laid_out_parts({"core": ["*C1(C)CCNCC1"]})
    molecule = parse("CCCCC1(C)CCNCC1")
    assert molecule is not None
    lay_out(molecule, *parts)
    places = molecule.GetConformer().GetPositions()
    assert min(np.linalg.norm(a - b) for row, a in enumerate(places) for b in places[:row]) > 0.6


def test_what_is_no_part_of_a_molecule_does_not_change_its_drawing() -> None:
    assert laid_out_parts({}) == []
    assert laid_out_parts({"core": ["*CC*", "not SMILES"]}) == []  # too small to draw around
    molecule = parse("CCO")
    assert molecule is not None
    (part,) = laid_out_parts({"core": ["*c1ccccc1"]})
    lay_out(molecule, part)
    alone = laid_out("CCO")
    assert alone is not None
    assert np.array_equal(molecule.GetConformer().GetPositions(), alone.GetConformer().GetPositions())


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("CC(=O)Oc1ccccc1C(=O)O", ["carboxylic acid", "ester"]),
        ("Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1", ["fluorine", "sulfonamide", "trifluoromethyl"]),
        ("CN(C)CCN", ["primary amine", "tertiary amine"]),
        ("CCOCC#N", ["ether", "nitrile"]),
        ("CNC(=O)NC", ["urea"]),
    ],
)
def test_functional_groups_have_the_names_that_chemists_use(smiles: str, expected: list[str]) -> None:
    molecule = parse(smiles)
    assert molecule is not None
    assert groups(molecule) == expected


def test_every_functional_group_is_a_valid_pattern() -> None:
    assert all(Chem.MolFromSmarts(smarts) is not None for smarts in GROUPS.values())


def test_ring_systems_are_molecules_whatever_they_are_cut_from(drugs: dict[str, str]) -> None:
    for smiles in drugs.values():
        molecule = parse(smiles)
        assert molecule is not None
        for ring in ring_systems(molecule):
            assert canonical_smiles(ring) == ring
    caffeine = parse(drugs["caffeine"])
    assert caffeine is not None
    assert ring_systems(caffeine) == ["O=c1[nH]c(=O)c2[nH]cnc2[nH]1"]


def test_a_map_needs_five_different_molecules(drugs: dict[str, str]) -> None:
    from chemmara.report.chemical_space import mapped

    molecules = [molecule for molecule in map(parse, drugs.values()) if molecule is not None]
    assert mapped(molecules[:4]) is None
    assert mapped(molecules[:1] * 6) is None
    places = mapped(molecules)
    assert places is not None
    assert (places.shape, places.min(), places.max()) == ((8, 2), 0.0, 1.0)
    assert not pd.DataFrame(places).duplicated().any()
