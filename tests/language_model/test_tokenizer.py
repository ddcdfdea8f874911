"""Text to tokens and back, losing nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.errors import TokenError
from chemmara.language_model.tokenizer import END, PAD, Tokenizer
from chemmara.molecules.notation import NOTATIONS, Selfies, Smiles


def test_brackets_two_letter_elements_and_wide_ring_closures_are_one_token() -> None:
    assert Smiles().split("Br[C@@H](Cl)C%12[nH]") == ["Br", "[C@@H]", "(", "Cl", ")", "C", "%12", "[nH]"]
    assert Smiles().split("ClCCBr") == ["Cl", "C", "C", "Br"]


@given(st.text())
def test_splitting_smiles_loses_nothing_whatever_the_text(text: str) -> None:
    assert "".join(Smiles().split(text)) == text


@given(st.lists(st.sampled_from(["C", "Cl", "c", "1", "%10", "(", "[nH]", "="]), max_size=20))
def test_encode_and_decode_are_inverse_over_the_alphabet(tokens: list[str]) -> None:
    text = "".join(tokens)
    tokenizer = Tokenizer.of([text, "C"])
    ids = tokenizer.encode(text)
    assert ids[-1] == END
    assert tokenizer.decode([*ids, PAD, PAD]) == text


@given(st.lists(st.sampled_from(["[C]", "[=O]", "[Branch1]", "[Ring1]", "[N]", "[Cl]"]), min_size=1, max_size=30))
def test_every_selfies_text_is_read_as_a_molecule(tokens: list[str]) -> None:
    from chemmara.molecules.chem import parse

    smiles = Selfies().read("".join(tokens))
    assert smiles == "" or parse(smiles) is not None


@pytest.mark.parametrize("notation", sorted(NOTATIONS))
def test_a_molecule_survives_the_notation(notation: str) -> None:
    from chemmara.molecules.chem import canonical_smiles

    rules = NOTATIONS[notation]
    aspirin = "CC(=O)Oc1ccccc1C(=O)O"
    assert canonical_smiles(rules.read(rules.write(aspirin))) == aspirin


def test_an_unknown_token_is_named_with_its_place_and_molecule() -> None:
    with pytest.raises(TokenError, match=r"CC\[Xe\]C: unknown token '\[Xe\]' at character 3"):
        Tokenizer.of(["CCO"]).encode("CC[Xe]C")


def test_a_sequence_without_end_is_no_molecule() -> None:
    tokenizer = Tokenizer.of(["CCO"])
    ids = tokenizer.encode("CCO")
    assert tokenizer.decode_smiles(ids) == "CCO"
    assert tokenizer.decode_smiles(ids[:-1]) == ""


def test_a_molecule_without_selfies_is_unknown_and_not_a_crash() -> None:
    tokenizer = Tokenizer.of(["[C][C][O]"], "selfies")
    assert tokenizer.knows("CCO")
    assert not tokenizer.knows("CCN")  # a token that is missing
    assert not tokenizer.knows("O=I(=O)c1ccccc1")  # valid SMILES; SELFIES' rules give iodine one bond
    assert not tokenizer.knows("C1CC")
    with pytest.raises(TokenError, match="has no SELFIES") as caught:
        tokenizer.encode_smiles("O=I(=O)c1ccccc1")
    assert caught.value.reason == "has no SELFIES"


@given(st.text(max_size=20))
def test_whether_a_text_is_known_is_an_answer_for_any_text(text: str) -> None:
    for notation in NOTATIONS:
        assert Tokenizer.of(["[C]"], notation).knows(text) in {True, False}


def test_a_missing_stereo_token_comes_with_what_helps() -> None:
    tokenizer = Tokenizer.of(["CCO"])
    with pytest.raises(TokenError, match=r"unknown token '\[C@H\]' at character 1 \(stereo: .*--stereo drop"):
        tokenizer.encode("[C@H]")
    with pytest.raises(TokenError, match=r"unknown token 'N' at character 1$"):
        tokenizer.encode("N")
