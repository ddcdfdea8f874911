"""What a core or a fragment may be, and what is said of one that may not."""

import pytest
from rdkit import Chem

from chemmara.decoration.cores import core_family
from chemmara.decoration.pattern import Ends, Hole, pattern_of
from chemmara.decoration.places import read_part
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical

READ = Chem.MolFromSmiles  # noqa: TID251 - RDKit's own view, apart from ours

SMALL = Tokenizer("smiles", ("(", ")", "1", "=", "C", "N", "O", "c", "n"))


@pytest.mark.parametrize(
    ("core", "reason"),
    [
        ("c1ccccc1", "has no place"),
        ("*c1ccccc", "invalid SMILES: not SMILES syntax"),
        ("*=C1CCCCC1", "place 1 is bound by a multiple bond"),
        ("C*C", "place 1 must be bound to exactly one atom"),
        ("**", "place 1 must be bound to exactly one atom"),
        ("*C.C", "is several molecules"),
        ("[*:1]C[1*]", "two places have the same number"),
    ],
)
def test_a_core_that_cannot_be_decorated_is_refused_in_a_line(core: str, reason: str) -> None:
    with pytest.raises(ChemmaraError, match=reason) as error:
        read_part(core, "core")
    assert str(error.value).startswith(f"core {core!r}: ")
    assert "\n" not in str(error.value)


def test_a_token_that_the_prior_lacks_is_named() -> None:
    with pytest.raises(ChemmaraError, match=r"unknown token 'Br', which this prior does not know"):
        core_family("*C(Br)C", [], SMALL)
    with pytest.raises(ChemmaraError, match=r"unknown token '\[C@+H\]'.*--stereo drop"):
        core_family("*[C@H](O)C", [], SMALL)


def test_windows_belong_to_places() -> None:
    with pytest.raises(ChemmaraError, match="3 windows of atoms for 2 places"):
        core_family("*CC*", [Window(1, 2)] * 3, SMALL)


def test_places_are_numbered_as_written_around_the_numbers_that_are_given() -> None:
    part = read_part("*C([*:1])C*", "core")  # 1 is taken: the first * is 2, the last 3
    assert part.places == (1, 2, 3)
    assert canonical(part.molecule) == canonical(READ("[2*]C([1*])C[3*]"))


@pytest.mark.parametrize(
    ("core", "with_hydrogen"),
    [("*n1cccc1", "c1cc[nH]c1"), ("*[N+](C)(C)C", "C[NH+](C)C"), ("*[C@](F)(Cl)Br", "F[C@@H](Cl)Br"),
     ("[C@](F)(*)(Cl)Br", "F[C@H](Cl)Br"), ("*c1ccccc1", "c1ccccc1")],
)  # fmt: skip
def test_a_place_that_stays_hydrogen_is_one(core: str, with_hydrogen: str) -> None:
    found = canonical(read_part(core, "core").with_hydrogen((1,)))
    assert found == canonical(READ(core.replace("*", "[H]")))
    assert found == canonical(READ(with_hydrogen))


def test_a_pattern_leaves_the_end_of_its_branch_to_the_hole() -> None:
    hole = Hole(0, 1, 9, Ends.STRING)
    pattern = pattern_of("c1c(C[1*])nc1", {"[1*]": hole})
    assert [part if isinstance(part, str) else part.ends.name for part in pattern.parts] == [
        "c", "1", "c", "(", "C", "BRANCH", "n", "c", "1",
    ]  # fmt: skip
    assert pattern.given == "c1c(Cnc1"
