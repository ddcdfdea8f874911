"""What joins the given fragments: with them it is the whole molecule again."""

import pytest
from rdkit import Chem

from chemmara.decoration.read_linkers import linkers
from chemmara.decoration.start import from_fragments
from chemmara.decoration.tables import drawn_tables
from chemmara.decoration.window import Window
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import canonical_smiles, molecules_of, parse

PYRIDINE, AMIDE = "*c1ccncc1", "*C(N)=O"


@pytest.mark.parametrize(
    ("fragments", "smiles", "linker"),
    [
        ([PYRIDINE, AMIDE], "NC(=O)CCNc1ccncc1", "[1*]NCC[2*]"),
        ([AMIDE, PYRIDINE], "NC(=O)CCNc1ccncc1", "[1*]CCN[2*]"),  # the numbers are those of the order given
        (["[7*]c1ccncc1", "[*:3]C(N)=O"], "NC(=O)CCNc1ccncc1", "[1*]NCC[2*]"),
        ([PYRIDINE, AMIDE], "NC(=O)c1ccncc1", ""),  # bound to each other
        ([PYRIDINE, AMIDE], "NC(=O)CCNc1ccccc1", ""),  # no pyridine
        ([PYRIDINE, AMIDE], "NC(=O)CCNc1ccnc(C)c1", ""),  # which is substituted elsewhere
        ([PYRIDINE, "*c1ccccc1", AMIDE], "NC(=O)CC(Oc1ccccc1)Nc1ccncc1", "[1*]NC(C[3*])O[2*]"),  # branched
        ([PYRIDINE, "*c1ccc(*)cc1", AMIDE], "NC(=O)CCc1ccc(OCc2ccncc2)cc1", "[1*]CO[2*].[2*]CC[3*]"),  # in a row
        (["*c1cccc(N*)c1"], "c1cc2cc(c1)NCCCCCO2", "[1*]OCCCCC[2*]"),  # a ring: place 1 is at the carbon
    ],
)  # fmt: skip
def test_linkers_by_hand(fragments: list[str], smiles: str, linker: str) -> None:
    molecule = parse(smiles)
    assert molecule is not None
    (found,) = linkers(fragments, [molecule])
    assert sorted(map(canonical_smiles, found.split("."))) == sorted(map(canonical_smiles, linker.split(".")))


@pytest.mark.parametrize("fragments", [[PYRIDINE, AMIDE], ["*c1ccccc1", "*N1CCOCC1", "*C(=O)O"]])
def test_fragments_and_linker_are_the_whole_again(fragments: list[str]) -> None:
    prior = load_prior("chembl-gru")
    sampler = from_fragments(prior, fragments, Window(3, 8))
    (table, *_) = drawn_tables(sampler, prior.model, 40, seed=1)
    numbered = [text.replace("*", f"[*:{number}]") for number, text in enumerate(fragments, 1)]
    found = linkers(fragments, molecules_of(table["smiles"].tolist()))
    for smiles, own, linker in zip(table["smiles"], table["linker"], found, strict=True):
        assert canonical_smiles(linker) == canonical_smiles(own)
        mapped = linker
        for number in range(1, len(fragments) + 1):
            mapped = mapped.replace(f"[{number}*]", f"[*:{number}]")
        whole = Chem.molzip(Chem.MolFromSmiles(".".join([mapped, *numbered])))  # noqa: TID251 - maps stay
        assert canonical_smiles(Chem.MolToSmiles(whole)) == canonical_smiles(smiles)


def test_the_linker_of_a_ring_is_a_smiles_whatever_the_network_took_for_aromatic() -> None:
    """A chain of aromatic tokens that a ring closes is not aromatic: C1=NN=CC... where it wrote c1nnc..."""
    prior = load_prior("chembl-gru")
    ring = "*NC(=O)c1cccc(CN*)c1"
    (table, *_) = drawn_tables(from_fragments(prior, [ring], Window(3, 8)), prior.model, 100, seed=1)
    assert all(parse(linker) is not None for linker in table["linker"])
    assert table["linker"].map(canonical_smiles).tolist() == [
        canonical_smiles(text) for text in linkers([ring], molecules_of(table["smiles"].tolist()))
    ]
