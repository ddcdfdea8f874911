"""What a prior learns from: every row is parsed, and every row that is left out is counted and named."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.standardise import StandardiseConfig
from chemmara.pretraining.corpus import CorpusConfig, CorpusReport, prepare, read_split, unchanged_splits
from chemmara.pretraining.texts import Texts, held_out_of, read_texts


def learned(texts: Texts) -> list[str]:
    return sorted(texts.train + texts.valid)


def test_a_file_is_canonicalised_and_each_molecule_taken_once(tmp_path: Path) -> None:
    (tmp_path / "x.smi").write_text("OCC ethanol\nCCO again\n\nC(C)N\nC1CC ring\nCCC\n")
    texts = read_texts(tmp_path / "x.smi", seed=0)
    assert learned(texts) == ["CCC", "CCN", "CCO"]
    assert texts.test == texts.valid
    assert texts.known == frozenset(texts.train)
    (account,) = texts.accounts
    assert (account.read, dict(account.reasons)) == (5, {"duplicate": 1, "invalid SMILES": 1})
    assert account.lines() == [
        "x.smi: left out 2 of 5 molecules (duplicate: 1, invalid SMILES: 1)",
        "  row 2: CCO: duplicate of row 1",
        "  row 4: C1CC: invalid SMILES (not SMILES syntax)",
    ]


@pytest.mark.parametrize("kind", ["csv", "sdf"])
def test_blank_cells_and_unreadable_records_are_left_out_of_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    from rdkit import Chem

    path = tmp_path / f"x.{kind}"
    if kind == "csv":
        path.write_text("name,smiles\na,CCO\nb,\nc,CCN\nd,  \ne,CCC\n")
    else:
        blocks = [Chem.MolToMolBlock(parse(text)) for text in ("CCO", "CCN", "CCC")]
        broken = "\n\n\n  garbage"
        path.write_text("\n$$$$\n".join([blocks[0], broken, blocks[1], broken, blocks[2], ""]))
    texts = read_texts(path, seed=0)
    assert learned(texts) == ["CCC", "CCN", "CCO"]
    assert texts.accounts[0].left_out == 2
    assert "row 2" in texts.accounts[0].examples[0]


def test_stereo_can_be_dropped_and_what_differs_by_it_alone_is_a_duplicate(tmp_path: Path) -> None:
    (tmp_path / "x.smi").write_text("C[C@H](N)O\nC[C@@H](N)O\nF/C=C/F\nCCO\n")
    assert len(learned(read_texts(tmp_path / "x.smi", seed=0))) == 4
    texts = read_texts(tmp_path / "x.smi", seed=0, stereo="drop")
    assert learned(texts) == ["CC(N)O", "CCO", "FC=CF"]
    assert texts.accounts[0].examples == ["row 2: C[C@@H](N)O: duplicate of row 1"]


def test_a_refused_molecule_is_named_with_its_reason_and_what_would_help(tmp_path: Path) -> None:
    (tmp_path / "x.smi").write_text("C[C@H](N)O\nCC[Si]\nC[C@H](O)[SiH3]\nCCO\nCCN\n")

    def refuse(smiles: str) -> str:
        return "unknown token 'S'" if "S" in smiles else "unknown token '@'" if "@" in smiles else ""

    texts = read_texts(tmp_path / "x.smi", seed=0, refuse=refuse)
    assert learned(texts) == ["CCN", "CCO"]
    assert dict(texts.accounts[0].reasons) == {"unknown token 'S'": 2, "unknown token '@'": 1}
    assert texts.accounts[0].without_stereo == 1  # of the two with stereo, the other has silicon too
    assert "1 of them could be written without stereo: --stereo drop" in texts.accounts[0].lines()[-1]


def test_only_the_first_few_are_named_and_all_are_counted(tmp_path: Path) -> None:
    (tmp_path / "x.smi").write_text("CCO\nCCN\n" + "C1CC\n" * 40)
    (account,) = read_texts(tmp_path / "x.smi", seed=0).accounts
    assert account.left_out == 40
    assert len(account.lines()) == 1 + 5 + 1
    assert account.lines()[-1] == "  and 35 more"


@given(st.integers(1, 10**6))
def test_something_is_left_to_learn_from_and_large_files_hold_out_two_per_cent(molecules: int) -> None:
    held_out = held_out_of(molecules)
    assert 0 <= held_out < molecules
    assert held_out >= 1 or molecules == 1
    assert held_out == round(molecules / 50) or not 5000 <= molecules <= 250_000


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "raw.smi").write_text("\n".join("C" * n + end for n in range(1, 30) for end in ("O", "N", "C=C")))
    loose = StandardiseConfig(min_atoms=1)
    prepare([tmp_path / "raw.smi"], tmp_path / "corpus", CorpusConfig(standardise=loose, valid=0.1, test=0.1))
    return tmp_path / "corpus"


def test_a_corpus_as_prepared_is_not_parsed_again(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unchanged_splits(corpus) == {"train", "valid", "test"}
    parsed: list[str] = []
    monkeypatch.setattr("chemmara.pretraining.texts.parse", parsed.append)
    texts = read_texts(corpus, seed=0)
    assert parsed == []
    assert texts.train == read_split(corpus, "train")
    assert [account.lines() for account in texts.accounts] == [[], [], []]


def test_a_corpus_edited_by_hand_is_parsed_and_keeps_what_is_valid(corpus: Path) -> None:
    before = read_texts(corpus, seed=0)
    rows = read_split(corpus, "train")
    (corpus / "train.smi").write_text(
        "\n".join([f"{rows[0]} a name", "", f"  {rows[1]}\tother", "nonsense", *rows[2:], "OCC(C)(C)CCO"]) + "\n\n"
    )
    assert unchanged_splits(corpus) == {"valid", "test"}
    after = read_texts(corpus, seed=0)
    assert after.train == [*before.train, "OCC(C)(C)CCO"]  # as written: only a file is canonicalised
    assert after.known == before.known | {"CC(C)(CO)CCO"}  # by which the novelty of samples is told
    assert (after.valid, after.test) == (before.valid, before.test)
    assert after.accounts[0].lines()[1:] == ["  row 3: nonsense: invalid SMILES (not SMILES syntax)"]


def test_a_corpus_without_checksums_is_parsed_and_gives_the_same(corpus: Path) -> None:
    before = read_texts(corpus, seed=0)
    report = CorpusReport.model_validate_json((corpus / "corpus.json").read_text())
    (corpus / "corpus.json").write_text(report.model_copy(update={"files": {}}).model_dump_json())
    assert unchanged_splits(corpus) == frozenset()
    heard: list[int] = []
    assert read_texts(corpus, seed=0, tell=heard.append) == before
    (corpus / "corpus.json").unlink()
    assert read_texts(corpus, seed=0) == before


def test_an_empty_split_is_one_clear_line(corpus: Path) -> None:
    (corpus / "valid.smi").write_text("\n")
    with pytest.raises(ChemmaraError, match="to learn from and 0 held out; at least 1 of each is needed"):
        read_texts(corpus, seed=0)
    (corpus / "test.smi").write_text("")
    shutil.copy(corpus / "train.smi", corpus / "valid.smi")
    assert read_texts(corpus, seed=0).test == []


def test_preparing_by_force_never_vouches_for_old_files(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(ChemmaraError, match="holds a corpus already"):
        prepare([corpus.parent / "raw.smi"], corpus, CorpusConfig())
    monkeypatch.setattr("chemmara.pretraining.corpus.write_text", killed)
    loose = StandardiseConfig(min_atoms=1)
    with pytest.raises(KeyboardInterrupt):
        prepare([corpus.parent / "raw.smi"], corpus, CorpusConfig(standardise=loose), force=True)
    assert not (corpus / "corpus.json").exists()
