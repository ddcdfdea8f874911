"""Corpora: what is kept, what is dropped and why, and splits that depend on the seed alone."""

from hashlib import sha256
from pathlib import Path

import pytest

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse, scaffold
from chemmara.molecules.standardise import StandardiseConfig, standardise
from chemmara.pretraining.corpus import SPLITS, CorpusConfig, prepare, read_split

LOOSE = StandardiseConfig(min_atoms=1)


@pytest.mark.parametrize(
    ("smiles", "changes", "expected"),
    [
        ("OCC", {}, ("CCO", "")),
        ("CC(=O)[O-].[Na+]", {}, ("CC(=O)O", "")),
        ("CC(=O)[O-].[Na+]", {"charges": "keep"}, ("CC(=O)[O-]", "")),
        ("C[N+](C)(C)C", {}, ("C[N+](C)(C)C", "")),  # no hydrogen to take away
        ("C[C@H](N)C(=O)O", {}, ("C[C@H](N)C(=O)O", "")),
        ("C[C@H](N)C(=O)O", {"stereo": "drop"}, ("CC(N)C(=O)O", "")),
        ("C1CC", {}, ("", "invalid SMILES")),
        ("C[SiH3]", {}, ("", "element Si")),
        ("CCO", {"min_atoms": 4}, ("", "too few atoms")),
        ("CCCCC", {"max_atoms": 4}, ("", "too many atoms")),
        ("CCCl", {"max_length": 2}, ("", "too many tokens")),
        ("CCCl", {"max_length": 3}, ("CCCl", "")),  # Cl is one token
    ],
)
def test_standardising_by_hand(smiles: str, changes: dict, expected: tuple[str, str]) -> None:
    assert standardise(smiles, LOOSE.model_copy(update=changes)) == expected


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    rings = ["c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCNC1", "c1ccoc1"]
    smiles = [ring + "C" * n + end for ring in rings for n in range(1, 20) for end in ("O", "N", "F", "Cl")]
    path = tmp_path / "raw.smi"
    path.write_text("\n".join([*smiles, "OCCc1ccccc1", "bad", "C[SiH3]"]) + "\n")
    return path


def test_every_molecule_is_accounted_for_and_splits_share_none(tmp_path: Path, raw: Path) -> None:
    report = prepare([raw], tmp_path / "out", CorpusConfig(standardise=LOOSE, valid=0.1, test=0.1))
    assert report.read == 383
    assert report.dropped == {"duplicate": 1, "invalid SMILES": 1, "element Si": 1}
    assert report.kept == {"train": 304, "valid": 38, "test": 38}
    parts = [read_split(tmp_path / "out", name) for name in SPLITS]
    assert len(set().union(*parts)) == sum(map(len, parts)) == 380


def test_the_result_depends_on_the_seed_and_not_on_workers_or_order(tmp_path: Path, raw: Path) -> None:
    config = CorpusConfig(standardise=LOOSE, valid=0.1)
    (tmp_path / "turned.smi").write_text("\n".join(reversed(raw.read_text().split())) + "\n")
    prepare([raw], tmp_path / "a", config)
    prepare([tmp_path / "turned.smi"], tmp_path / "b", config, workers=2)
    prepare([raw], tmp_path / "c", config.model_copy(update={"seed": 1}))
    trains = [read_split(tmp_path / name, "train") for name in "abc"]
    assert trains[0] == trains[1]
    assert trains[0] != trains[2]


def test_a_scaffold_split_keeps_whole_scaffolds_together(tmp_path: Path, raw: Path) -> None:
    prepare([raw], tmp_path / "out", CorpusConfig(standardise=LOOSE, split="scaffold", valid=0.3, test=0.3))
    sides = []
    for name in SPLITS:
        molecules = [parse(smiles) for smiles in read_split(tmp_path / "out", name)]
        sides.append({scaffold(molecule) for molecule in molecules if molecule is not None})
    assert sum(map(len, sides)) == len(set().union(*sides)) == 5


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "raw.smi").write_text("bad\n")
    with pytest.raises(ChemmaraError, match="not one molecule is left"):
        prepare([tmp_path / "raw.smi"], tmp_path / "out", CorpusConfig())
    with pytest.raises(ChemmaraError, match="not a prepared corpus"):
        read_split(tmp_path, "train")


def test_two_sources_of_the_same_name_have_a_checksum_each(tmp_path: Path) -> None:
    for folder, text in (("a", "CCO"), ("b", "CCN")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.smi").write_text(f"{text}\n")
    sources = [tmp_path / "a" / "m.smi", tmp_path / "b" / "m.smi"]
    report = prepare(sources, tmp_path / "out", CorpusConfig(standardise=LOOSE))
    assert report.sources == {str(path): sha256(path.read_bytes()).hexdigest() for path in sources}


def test_the_last_source_is_refused_before_the_first_is_gone_through(tmp_path: Path) -> None:
    (tmp_path / "first.smi").write_text("CCO\n" * 3)
    (tmp_path / "last.csv").write_text("name,weight\nethanol,46\n")
    gone_through: list[int] = []
    with pytest.raises(ChemmaraError, match=r"last\.csv: no column is named like SMILES"):
        prepare(
            [tmp_path / "first.smi", tmp_path / "last.csv"], tmp_path / "out", CorpusConfig(), tell=gone_through.append
        )
    assert not gone_through
