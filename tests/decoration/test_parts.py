"""Molecules on cores, between fragments and like others: what is to be kept is kept, and the columns tell the rest."""

import re
from collections import Counter

import pytest
import torch
from rdkit import Chem

from chemmara.decoration import search
from chemmara.decoration.drawn import groups
from chemmara.decoration.sampler import PatternSampler
from chemmara.decoration.start import from_cores, from_fragments, from_molecule
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.molecules.chem import canonical, flat_smiles, parse
from chemmara.oracles.similarity import Similarity
from chemmara.oracles.substructure import Core

READ = Chem.MolFromSmiles  # noqa: TID251 - RDKit's own view, apart from ours

CORES = {
    "three places": ("chembl-gru", "*c1nc(*)c2cc(*)ccc2n1"),
    "charge": ("chembl-gru", "*[N+](C)(C)Cc1ccc(*)cc1"),
    "aromatic NH": ("chembl-gru", "*c1ccc2[nH]c(*)nc2c1"),
    "a place at an aromatic N": ("chembl-gru", "*n1ccc2cc(*)ccc21"),
    "bicycle": ("chembl-gru", "*N1C2CCC1CC(*)C2"),
    "macrocycle": ("chembl-gru", "*Oc1ccc2cc1COCC=CCOCc1cccc(c1)-c1ccnc(n1)N2"),
    "two places at one atom": ("chembl-gru", "*C1(*)CCNC1=O"),
    "a whole drug": ("chembl-gru", "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(*)CC1"),
    "stereo centre at the place": ("zinc250k-gru", "*[C@@H](C)C(=O)N*"),
    "stereo double bond at the place": ("zinc250k-gru", "*/C=C/c1ccccc1"),
    "transformer": ("zinc250k-transformer", "CC[C@@H](C(N)=O)N1CC(*)CC1=O"),
}


@pytest.fixture(scope="module")
def priors() -> dict[str, Prior]:
    return {name: load_prior(name) for name in ("chembl-gru", "zinc250k-gru", "zinc250k-transformer")}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def put_together(kept: str, shown: list[str]) -> str | None:
    """The molecule without stereo that the columns describe, by RDKit's own zipper."""
    parts = [re.sub(r"\[(\d+)\*\]", r"[*:\1]", kept)]
    parts += [text.replace("*", f"[*:{number}]") for number, text in enumerate(shown, 1)]
    return flat_smiles(Chem.MolToSmiles(Chem.molzip(READ(".".join(parts))), isomericSmiles=False))


def holds_with_stereo(core: str, molecule: Chem.Mol) -> bool:
    """Whether a molecule has the core with the stereo that the core tells, any atom at its places."""
    loose = Chem.AdjustQueryParameters.NoAdjustments()
    loose.makeDummiesQueries = True
    query = Chem.AdjustQueryProperties(READ(core), loose)
    return molecule.HasSubstructMatch(query, useChirality=True)


@pytest.mark.parametrize("name", CORES)
def test_a_core_is_kept_and_its_groups_give_the_molecule(name: str, priors: dict[str, Prior]) -> None:
    prior, core = CORES[name]
    sampler = from_cores(priors[prior], [core], [Window(3, 12)])  # a methyl would make a stereo centre none
    drawn = sampler.sample(priors[prior].model, 12, generator())
    (family,) = sampler.families
    assert len(drawn.smiles) == 12
    assert Core(core)(drawn.molecules).all()
    rows = groups(drawn, sampler.patterns, len(family.columns), sampler.tokenizer)
    for molecule, row in zip(drawn.molecules, rows, strict=True):
        assert put_together(family.kept, row) == flat_smiles(canonical(molecule))
        assert holds_with_stereo(core, molecule)
        assert "*[H]" not in row


def test_hydrogen_takes_half_of_the_places_that_may_keep_it_and_never_all(priors: dict[str, Prior]) -> None:
    prior = priors["zinc250k-gru"]
    for core, atoms in (("*[C@H](C)n1ccc(*)c1", ()), ("*n1ccc(*)c1", [Window(0, 9), Window(3, 5)])):
        sampler = from_cores(prior, [core], atoms, allow_hydrogen=not atoms)
        drawn = sampler.sample(prior.model, 64, generator())
        rows = groups(drawn, sampler.patterns, 2, sampler.tokenizer)
        counts = Counter(tuple(text == "*[H]" for text in row) for row in rows)
        assert (True, True) not in counts
        # of three variants (two of the second core) each comes as often: 64 / 3 = 21 and 64 / 2 = 32
        assert min(counts.values()) >= 10
        assert len(counts) == (2 if atoms else 3)
        for molecule, row in zip(drawn.molecules, rows, strict=True):
            assert put_together(sampler.families[0].kept, row) == flat_smiles(canonical(molecule))


def test_groups_have_the_atoms_of_their_place(priors: dict[str, Prior]) -> None:
    prior = priors["chembl-gru"]
    # R1 is at the place with the lowest number, wherever it is written
    sampler = from_cores(prior, ["[*:2]c1ccc([*:1])nc1"], [Window(1, 2), Window(7, 9)])
    drawn = sampler.sample(prior.model, 32, generator())
    sizes = [
        [sum(atom.GetAtomicNum() > 1 for atom in parse(text).GetAtoms()) for text in row]  # type: ignore[union-attr]
        for row in groups(drawn, sampler.patterns, 2, sampler.tokenizer)
    ]
    assert all(first in (1, 2) and 7 <= second <= 9 for first, second in sizes)


def test_every_core_of_several_has_its_share(priors: dict[str, Prior]) -> None:
    prior = priors["chembl-gru"]
    drawn = from_cores(prior, ["*c1ccccc1", "*c1cccs1", "*C1CCNCC1*"]).sample(prior.model, 31, generator())
    assert Counter(drawn.family) == {0: 11, 1: 10, 2: 10}


def test_the_same_seed_draws_the_same_and_sampled_tokens_are_marked(priors: dict[str, Prior]) -> None:
    prior = priors["chembl-gru"]
    sampler = from_cores(prior, ["*c1ncnc2cc(*)ccc12"])
    first, second = (sampler.sample(prior.model, 20, generator(5)) for _ in range(2))
    assert first.smiles == second.smiles
    assert first.smiles != sampler.sample(prior.model, 20, generator(6)).smiles
    for row, tokens in enumerate(first.tokens):
        given = "".join(
            prior.tokenizer.decode([int(token)])
            for token, sampled in zip(tokens, first.sampled[row], strict=True)
            if not sampled
        )
        assert given == sampler.patterns[first.pattern[row]].given
    assert first.rollout.smiles == first.smiles


def test_molecules_that_were_seen_are_not_drawn_again(priors: dict[str, Prior]) -> None:
    prior = priors["chembl-gru"]
    seen = {"Cc1ccccc1"}
    drawn = from_cores(prior, ["*c1ccccc1"], [Window(1, 2)]).sample(prior.model, 12, generator(), seen=seen)
    texts = [canonical(molecule) for molecule in drawn.molecules]
    assert len(set(texts)) == 12
    assert "Cc1ccccc1" not in texts
    assert seen == {"Cc1ccccc1", *texts}


@pytest.mark.parametrize(
    "fragments",
    [("*c1ccccc1", "*N1CCOCC1"), ("*c1ccc2ncccc2c1", "*c1ccco1"), ("*C1CC1", "*N1CCC(*)CC1", "*c1ccccn1"),
     ("*c1ccc(*)cc1", "*N1CCNCC1", "*C(=O)O")],
)  # fmt: skip
def test_linkers_join_the_fragments_and_have_the_atoms_asked_for(
    fragments: tuple[str, ...], priors: dict[str, Prior]
) -> None:
    prior = priors["chembl-gru"]
    sampler = from_fragments(prior, fragments, Window(2, 4))
    drawn = sampler.sample(prior.model, 24, generator())
    (family,) = sampler.families
    names, held = family.columns, [Core(fragment) for fragment in fragments]
    assert len(names) == len(fragments) - 1
    middle = next((i for i, text in enumerate(fragments) if text.count("*") == 2), None)
    outer = [i for i in range(len(fragments)) if i != middle]
    fixed = sum(READ(text).GetNumAtoms() - text.count("*") for text in fragments)
    for molecule, row in zip(
        drawn.molecules, groups(drawn, sampler.patterns, len(names), sampler.tokenizer), strict=True
    ):
        assert all(oracle([molecule]).all() for oracle in held)
        sizes = [READ(text).GetNumAtoms() - text.count("*") for text in row]
        assert all(2 <= size <= 4 for size in sizes)
        assert molecule.GetNumHeavyAtoms() == fixed + sum(sizes)
        ends = [sorted(map(int, re.findall(r"\[(\d)\*\]", text))) for text in row]
        expected = [[1, 2]] if middle is None else [sorted((end + 1, middle + 1)) for end in outer]
        assert ends == expected
    shares = [len(variant) for variant in family.variants]
    assert len(shares) == (2 if middle is None else 4)  # either direction; and the middle one either way round


def test_analogues_are_in_the_window_and_new(priors: dict[str, Prior]) -> None:
    prior, parent = priors["chembl-gru"], "O=C(NCCN1CCOCC1)c1ccc(Cl)cc1"
    sampler = from_molecule(prior, parent, Window(0.4, 1.0))
    drawn = sampler.sample(prior.model, 24, generator(), seen={parent})
    similarity = Similarity((parent,))(drawn.molecules)
    assert ((similarity >= 0.4) & (similarity <= 1.0)).all()
    assert canonical(parse(parent)) not in {canonical(molecule) for molecule in drawn.molecules}  # type: ignore[arg-type]
    assert len(set(drawn.family)) > 8  # of many cuts


def test_the_given_molecule_is_none_of_its_analogues(priors: dict[str, Prior]) -> None:
    prior, parent = priors["chembl-gru"], "O=C(NCCN1CCOCC1)c1ccc(Cl)cc1"
    conditions = from_molecule(prior, parent, Window(0.4, 1.0))
    same, near = parse("c1c(Cl)ccc(c1)C(=O)NCCN1CCOCC1"), parse("O=C(NCCN1CCOCC1)c1ccc(F)cc1")
    assert [conditions.passes(molecule) for molecule in (same, near)] == [False, True]  # type: ignore[misc,arg-type]


def test_a_molecule_without_a_bond_to_cut_has_analogues_by_its_hydrogens(priors: dict[str, Prior]) -> None:
    prior = priors["chembl-gru"]
    sampler = from_molecule(prior, "c1ccc2[nH]ccc2c1", Window(0.3, 0.9))
    assert len(sampler.sample(prior.model, 8, generator()).smiles) == 8


def test_a_window_that_nobody_meets_ends_with_one_line(
    priors: dict[str, Prior], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PATIENCE", 20)
    prior = priors["chembl-gru"]
    families = from_cores(prior, ["*c1ccccc1", "*C1CC1"]).families
    none = PatternSampler(prior.tokenizer, families, 60, passes=lambda _: False)
    with pytest.raises(ChemmaraError, match="0 of 4 molecules found"):
        none.sample(prior.model, 4, generator())
    rings = PatternSampler(
        prior.tokenizer,
        families,
        60,
        passes=lambda molecule: not molecule.HasSubstructMatch(families[0].conditions.queries[0]),
    )
    found = list(rings.draws(prior.model, 10, generator()))
    assert sum(len(batch.smiles) for batch in found) == 5  # the other core has its share all the same
