"""What a valid SMILES is, and what makes two of them the same molecule: docs/molecules.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.metrics.diversity import circles, generic_scaffolds, internal_diversity, scaffolds
from chemmara.molecules.chem import canonical_smiles, generic_scaffold, parse, scaffold, why_invalid
from chemmara.records.summary import library_figures
from chemmara.scoring.breakdown import breakdown, trial
from chemmara.scoring.load import load_objective
from chemmara.scoring.objective import Objective
from tests.conftest import DRUGS

UNREADABLE = [
    "C1=CC=[Al]C=C1",  # c1c[cH][Al][cH]c1: there is no lower-case aluminium
    "[Al]1=CC=[NH+]N1",
    "C1=C[n]2=CC=CC2=C1",  # c1cc2cccn2c1: the nitrogen of four bonds is written with three
    "CC(C)c1c=2c([nH]c(=O)n2Nc2ccccc2)c(N)n1",
    "COc1ccc(-c2nc(N)Sb(C(C)=O)=2)cc1",
    "Cc1cc2c(cc1s1C(=O)c3cccc4cc(C#N)cc(c34)C1=O)n(C)c(=O)n2C",
]


@pytest.mark.parametrize("smiles", UNREADABLE)
def test_a_molecule_whose_canonical_smiles_rdkit_cannot_read_is_invalid_and_says_so(smiles: str) -> None:
    assert canonical_smiles(smiles) is None
    assert why_invalid(smiles) == "RDKit cannot read the canonical SMILES that it writes for it"


@pytest.mark.parametrize("smiles", UNREADABLE)
def test_a_canonical_form_is_read_again_even_where_the_text_looks_harmless(
    smiles: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chemmara.molecules.chem._DOUBTFUL", ())
    assert parse(smiles) is not None
    assert canonical_smiles(smiles) is None


@pytest.mark.parametrize("smiles", UNREADABLE)
def test_such_a_molecule_costs_one_row_wherever_it_comes(smiles: str) -> None:
    rows = ["CCO", smiles, "c1ccccc1O"]
    config = load_objective("drug-like")
    scores = Objective(config)(rows)
    assert scores.valid.tolist() == [True, False, True]
    assert scores.error[1].startswith("invalid SMILES: RDKit cannot read")
    assert len(breakdown(Objective(config), rows)) == 3 * len(config.component)
    assert all(len(one_component.values) == 2 for one_component in trial(config, rows))
    assert library_figures(rows)["invalid"] == 1
    assert (len(scaffolds(rows)), len(generic_scaffolds(rows)), circles(rows)) == (2, 2, 2)
    assert internal_diversity(["CCO", "c1ccccc1O"]) > 0


def test_a_wildcard_in_a_ring_gets_the_canonical_form_that_is_its_own() -> None:
    # RDKit writes O=c1*c*cc1 first, and on reading that O=C1*C*C=C1
    assert canonical_smiles("O=C1C=C*=C*1") == "O=C1*C*C=C1"
    assert canonical_smiles("O=C1*C*C=C1") == "O=C1*C*C=C1"


@pytest.mark.parametrize(
    ("smiles", "same"),
    [
        ("[CH3:1][OH:2]", "CO"),
        ("[CH3:1][O:2][H:3]", "CO"),
        ("[CH3:1][C@H:2]([OH:3])[F:4]", "C[C@H](O)F"),
        ("[CH3:1][C@H:2]([OH:3])[CH3:4]", "CC(C)O"),  # no stereo centre without the maps
        ("[CH3:1]/[CH:2]=[CH:3]/[CH3:4]", "C/C=C/C"),
        ("[cH:1]1[cH:2][cH:3][cH:4][nH:6]1", "c1cc[nH]c1"),
        ("[13CH3:7]O", "[13CH3]O"),
        ("[*:1]C[*:2]", "*C*"),
    ],
)
def test_atom_maps_are_no_part_of_a_molecule(smiles: str, same: str) -> None:
    assert canonical_smiles(smiles) == canonical_smiles(same) == same


@pytest.mark.parametrize(
    "smiles", ["CCO ethanol", "CCO\tethanol", "CCO |^1:0|", " CCO ", "CCO\n", "CCO |$;;_R1$,c:0|", "CCO\nCC"]
)
def test_a_smiles_ends_at_the_first_blank(smiles: str) -> None:
    assert canonical_smiles(smiles) == "CCO"


def test_isotopes_stereo_and_charges_make_another_molecule() -> None:
    texts = ["C[C@H](N)O", "C[C@@H](N)O", "CC(N)O", "[13CH3]C(N)O", "CC([NH3+])O", "CC(N)O.Cl"]
    assert len({canonical_smiles(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        ("CC>>CO", "not SMILES syntax"),
        ("CC>O>CO", "not SMILES syntax"),
        ("CC~CC", "a bond ~ stands for any bond"),
        (".", "not SMILES syntax"),
        ("[R1]C", "not SMILES syntax"),
        ("[C,N]C", "not SMILES syntax"),
        ("C" * 100_000, "100000 characters, of which 2000 are allowed"),
        ("C(" * 50_000, "100000 characters, of which 2000 are allowed"),
        ("C(" * 900, "not SMILES syntax"),
        ("C\x00C", "not SMILES syntax"),
        ("C\u2013C", "not SMILES syntax"),
    ],
)
def test_what_is_invalid_says_why(smiles: str, words: str) -> None:
    assert parse(smiles) is None
    assert why_invalid(smiles) == words


@pytest.mark.parametrize(
    "smiles",
    ["[NH3]->[Fe]", "c1ccccc1->[Fe]", "b1ccccc1", "C1=CC=[SiH]C=C1", "[CH3]", "[O][O]", "*CC*", "C%(100)CCC%(100)",
     "C" * 2000, "C(" * 600 + "C" + ")" * 600, "[se]1cccc1", "[Pt@SP1](F)(Cl)(Br)I", "C$C", "[H][H]", "[Fe+2]",
     "C1=CC=[Ga]C=C1", "C1=CC2=CC3=CC=C(N3)C=C4C=CC(=N4)C=C5C=CC(=N5)C=C1N2"],
)  # fmt: skip
def test_unusual_molecules_are_valid_and_their_canonical_form_is_its_own(smiles: str) -> None:
    text = canonical_smiles(smiles)
    assert text is not None
    assert canonical_smiles(text) == text
    assert why_invalid(smiles) == ""
    molecule = parse(smiles)
    assert molecule is not None
    assert isinstance(scaffold(molecule) + generic_scaffold(molecule), str)


PIECES = ["C", "c", "N", "n", "O", "o", "S", "s", "P", "p", "B", "b", "(", ")", "=", "1", "2", "[nH]", "[n+]", "[O-]",
          "[Al]", "[Si]", "*", "[se]", "[CH]", "[C-]", "=N", "=c", "c1"]  # fmt: skip


def test_what_rdkit_mends_is_valid_and_has_no_reason_not_to_be() -> None:
    """Oxygen with three bonds to be: RDKit reads the one to the metal as dative."""
    assert canonical_smiles("CC(C)=O[Al]") == "CC(C)=[O]->[Al]"
    assert why_invalid("CC(C)=O[Al]") == ""


@given(
    st.sampled_from(sorted(DRUGS.values())),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(PIECES)), max_size=4),
)
def test_what_is_valid_has_a_valid_canonical_form(smiles: str, changes: list[tuple[int, str]]) -> None:
    for place, piece in changes:
        smiles = smiles[:place] + piece + smiles[place + 1 :]
    text = canonical_smiles(smiles)
    assert (text is None) == (why_invalid(smiles) != "")
    if text is not None:
        assert parse(text) is not None
