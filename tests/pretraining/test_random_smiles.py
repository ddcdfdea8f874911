"""Training on random SMILES: new ones in each epoch, the same for the same seed, whoever asks and in whatever order."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from typer.testing import CliRunner

from chemmara import assets
from chemmara.errors import ChemmaraError
from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, Randomisation, load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical_smiles
from chemmara.pretraining.batches import Encoded, Spelled
from chemmara.pretraining.evaluate import held_out_nll
from chemmara.pretraining.run import pretrain
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.spellings import RandomSpellings, held_out_spellings, spelling
from chemmara.pretraining.state import read_progress
from chemmara.pretraining.train import Report
from chemmara.pretraining.validity import favour_molecules
from cli.main import app
from tests.conftest import DRUGS

TINY = RecurrentConfig(embedding=8, hidden=32)
SERIES = [f"CC{'C' * n}Oc1ccc({end})cc1" for n in range(6) for end in ("N", "O", "F", "Cl")]
KINDS: tuple[Randomisation, ...] = ("restricted", "unrestricted")


def prior_of(tokens: tuple[str, ...], max_length: int) -> Prior:
    config = PriorConfig(network=TINY, max_length=max_length)
    tokenizer = Tokenizer("smiles", tokens)
    torch.manual_seed(0)
    return Prior("p", config, tokenizer, build(TINY, len(tokenizer)))


def spellings_of(smiles: list[str], prior: Prior, *, seed: int = 0) -> RandomSpellings:
    rows = Encoded.of([prior.encode(text) for text in smiles])
    return RandomSpellings(smiles, rows, prior, "restricted", seed)


def settings(**changes: object) -> PretrainConfig:
    base = {
        "network": TINY,
        "evaluate_samples": 4,
        "evaluate_every": 10,
        "batch_size": 8,
        "random_smiles": "restricted",
    }
    return PretrainConfig.model_validate(base | changes)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    path = tmp_path / "series.smi"
    path.write_text("\n".join(SERIES) + "\n")
    return path


ETHANOL = ["CCO", "OCC", "C(C)O", "CCO", "C(O)C", "C(O)C", "C(O)C", "CCO"]
"""What ethanol is in epochs 0 to 7 as row 0 with seed 3: from each of its three atoms, either neighbour first."""


def ethanol(*, seed: int = 3, row: int = 0) -> list[str]:
    return [spelling("CCO", "restricted", seed=seed, epoch=epoch, row=row) for epoch in range(8)]


def test_ethanol_is_written_anew_in_each_epoch_and_alike_for_the_same_seed() -> None:
    assert ethanol() == ETHANOL == ethanol()
    assert ethanol(seed=4) != ETHANOL
    assert ethanol(row=1) != ETHANOL


def test_unrestricted_spellings_may_go_round_the_ring_before_the_side_chain() -> None:
    drawn = {kind: {spelling("Cc1ccccc1", kind, seed=0, epoch=epoch, row=0) for epoch in range(300)} for kind in KINDS}
    assert drawn["restricted"] < drawn["unrestricted"]
    assert "c1cc(ccc1)C" in drawn["unrestricted"] - drawn["restricted"]


@given(
    name=st.sampled_from([*DRUGS, "thalidomide"]), kind=st.sampled_from(KINDS), seed=st.integers(0, 2**31),
    epoch=st.integers(0, 10**6), row=st.integers(0, 10**9),
)  # fmt: skip
def test_every_spelling_is_the_same_molecule(name: str, kind: Randomisation, seed: int, epoch: int, row: int) -> None:
    smiles = {**DRUGS, "thalidomide": "O=C1CC[C@H](N2C(=O)c3ccccc3C2=O)C(=O)N1"}[name]
    assert canonical_smiles(spelling(smiles, kind, seed=seed, epoch=epoch, row=row)) == canonical_smiles(smiles)


def test_a_molecules_spelling_does_not_depend_on_the_rows_beside_it() -> None:
    prior = prior_of(("(", ")", "1", "=", "C", "Cl", "F", "N", "O", "c"), 40)
    rows = spellings_of(SERIES, prior, seed=3)
    together = rows.spelled(np.arange(len(SERIES)), 5).tokens
    for row in reversed(range(len(SERIES))):
        alone = rows.spelled(np.array([row]), 5).tokens[0]
        assert together[row][: len(alone)].tolist() == alone.tolist()
        assert not together[row][len(alone) :].any()
    assert rows.spelled(np.arange(len(SERIES)), 6).tokens.tolist() != together.tolist()


def test_a_spelling_that_the_prior_cannot_write_gives_way_to_the_canonical_one_and_is_counted() -> None:
    # Of ETHANOL's eight texts four begin at the middle atom and need brackets
    chain, both, short = prior_of(("C", "O"), 9), prior_of(("(", ")", "C", "O"), 9), prior_of(("(", ")", "C", "O"), 5)
    for prior, canonical in ((chain, 4), (both, 0), (short, 4)):  # C(C)O has five tokens and its end
        found = [spellings_of(["CCO"], prior, seed=3).spelled(np.array([0]), epoch) for epoch in range(8)]
        assert sum(spelled.canonical for spelled in found) == canonical
        texts = [prior.tokenizer.decode(spelled.tokens[0].tolist()) for spelled in found]
        assert texts == (
            ETHANOL if prior is both else [text.replace("C(C)O", "CCO").replace("C(O)C", "CCO") for text in ETHANOL]
        )


def test_vocabulary_and_length_leave_room_for_random_smiles(tmp_path: Path) -> None:
    # Of two rings the canonical SMILES closes the one before it opens the other; begun in a ring, both may be open.
    # Of a chain of n atoms the canonical SMILES has n tokens; begun inside, it has two more, for brackets.
    path = tmp_path / "rings.smi"
    path.write_text("\n".join([f"C1CC1C{'C' * n}C1CC1" for n in range(12)] + ["C" * n for n in range(30, 36)]))
    pretrain(path, tmp_path / "canonical", settings(random_smiles=None, epochs=1.0), card_samples=0)
    pretrain(path, tmp_path / "random", settings(epochs=1.0), card_samples=0)
    canonical, random = load_prior(tmp_path / "canonical"), load_prior(tmp_path / "random")
    assert set(random.tokenizer.tokens) - set(canonical.tokenizer.tokens) == {"2"}
    assert random.config.max_length > canonical.config.max_length
    assert (canonical.config.random_smiles, random.config.random_smiles) == (None, "restricted")
    assert "random_smiles" not in (tmp_path / "canonical" / "config.json").read_text()  # older versions read it
    progress = read_progress(tmp_path / "random")
    assert (progress.random_smiles, progress.random_unwritable) == (progress.molecules, 0)


def test_training_that_was_killed_and_resumed_is_uninterrupted_training_to_the_bit(
    tmp_path: Path, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    epochs, spelled = list[int](), RandomSpellings.spelled

    def noted(rows: RandomSpellings, chosen: np.ndarray, epoch: int) -> Spelled:
        epochs.append(epoch)
        return spelled(rows, chosen, epoch)

    monkeypatch.setattr(RandomSpellings, "spelled", noted)
    pretrain(series, whole, settings(epochs=12.0), card_samples=0)
    assert epochs == [epoch for epoch in range(12) for _ in range(2)]

    def stop(report: Report) -> None:
        if report.step == 13:  # 22 molecules, two batches an epoch: in the seventh, number 6
            os.kill(os.getpid(), 2)

    with pytest.raises(KeyboardInterrupt):
        pretrain(series, parts, settings(epochs=12.0), card_samples=0, tell=stop)
    with pytest.raises(ChemmaraError, match="random_smiles 'restricted' -> 'unrestricted'"):
        pretrain(series, parts, settings(epochs=12.0, random_smiles="unrestricted"), resume=True, card_samples=0)
    # what is not given is what the run was started with
    epochs.clear()
    pretrain(series, parts, PretrainConfig(epochs=12.0), resume=True, card_samples=0)
    assert epochs == [6, *(epoch for epoch in range(7, 12) for _ in range(2))]
    resumed = load_file(parts / "training.safetensors")
    for name, weight in load_file(whole / "training.safetensors").items():
        assert name == "values.json" or torch.equal(weight, resumed[name]), name  # that has the seconds
    assert read_progress(parts).random_smiles == read_progress(whole).random_smiles == 24 * 8


CHAINS = [f"CC{'C' * n}C({end})CC(=O)N" for n in range(16) for end in ("N", "O", "F", "Cl")]


def test_a_prior_of_random_smiles_finds_random_smiles_likelier_than_one_of_canonical_smiles_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "chains.smi"
    path.write_text("\n".join(CHAINS))
    pretrain(
        path, tmp_path / "canonical", settings(epochs=25.0, learning_rate=1e-2, random_smiles=None), card_samples=0
    )
    pretrain(path, tmp_path / "random", settings(epochs=25.0, learning_rate=1e-2), card_samples=0)
    nats = {}
    for name in ("canonical", "random"):
        prior = load_prior(tmp_path / name)
        nats[name] = held_out_nll(prior, held_out_spellings(CHAINS[3::7], prior, "restricted"))
    assert nats["random"] < nats["canonical"] - 2


def test_a_selfies_prior_learns_random_smiles_written_as_selfies(tmp_path: Path) -> None:
    path = tmp_path / "chains.smi"
    path.write_text("\n".join(CHAINS))
    pretrain(path, tmp_path / "out", settings(notation="selfies", epochs=10.0, learning_rate=1e-2), card_samples=0)
    prior, progress = load_prior(tmp_path / "out"), read_progress(tmp_path / "out")
    assert (prior.tokenizer.notation, prior.config.random_smiles) == ("selfies", "restricted")
    assert progress.nll < progress.start_nll - 5
    assert progress.canonical_nll < progress.start_canonical_nll - 5


def test_the_second_stage_reads_random_smiles_of_each_epoch_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chemmara.pretraining.validity._ROWS", 16)
    prior = prior_of(("(", ")", "1", "=", "C", "Cl", "F", "N", "O", "c"), 40)
    rows = spellings_of(SERIES, prior)
    epochs: list[int] = []

    def noted(rows: RandomSpellings, chosen: np.ndarray, epoch: int) -> Spelled:
        epochs.append(epoch)
        return rows.canonical.spelled(chosen, epoch)

    monkeypatch.setattr(RandomSpellings, "spelled", noted)
    favour_molecules(prior, rows, settings(validity_steps=4))
    assert epochs == [0, 0, 0, 1]  # 24 molecules, three batches an epoch


def test_the_command_continues_a_prior_and_its_card_says_what_was_read(tmp_path: Path, series: Path) -> None:
    out = tmp_path / "out"
    options = ["--from", "chembl-gru", "--card-samples", "40", "--evaluate-samples", "2", "--threads", "1"]
    command = ["pretrain", str(series), "--out", str(out), "--random-smiles", "restricted", *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    words, progress = " ".join(result.stderr.split()), read_progress(out)
    assert "every epoch writes each molecule as a new random SMILES (restricted)" in words
    assert f"{progress.start_canonical_nll:.2f} before, {progress.canonical_nll:.2f} after" in words
    assert "nats a held-out molecule (random SMILES; " in words
    # a prior of canonical SMILES finds others far less likely, and learns them
    assert progress.start_nll > progress.start_canonical_nll + 10
    assert progress.nll < progress.start_nll - 10
    card = CliRunner().invoke(app, ["prior", "show", str(out)]).stdout
    for part in (
        "Trained on random SMILES (restricted), new ones in each epoch",
        "| negative log-likelihood, nats a held-out molecule, as a random SMILES |",
        "| negative log-likelihood, nats a held-out molecule, as its canonical SMILES |",
        f"| the same, canonical SMILES | {progress.start_canonical_nll:.2f} | {progress.canonical_nll:.2f} |",
        f"Of {progress.random_smiles:,} random SMILES",
    ):  # fmt: skip
        assert part in card, part
    line = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])
    assert line["held_out_nll"] > 0
    assert line["held_out_nll_canonical"] > 0
    assert json.loads((out / "config.json").read_text())["random_smiles"] == "restricted"
    assert CliRunner().invoke(app, ["sample", str(out), "-n", "5"]).exit_code == 0
    changed = CliRunner().invoke(app, [*command[:4], "--resume", *options])
    assert changed.exit_code == 2
    assert "random_smiles 'restricted' -> None" in " ".join(changed.stderr.split())


def test_added_tokens_are_those_of_random_smiles_too(tmp_path: Path) -> None:
    path = tmp_path / "chiral.smi"
    path.write_text("\n".join(f"C{'C' * n}[C@H](O)c1ccc({end})cc1" for n in range(5) for end in ("N", "O", "F")))
    out = tmp_path / "out"
    pretrain(path, out, PretrainConfig(random_smiles="restricted", extend_vocabulary=True, epochs=1.0),
             parent="chembl-gru", card_samples=0)  # fmt: skip
    added = set(load_prior(out).tokenizer.tokens) - set(load_prior("chembl-gru").tokenizer.tokens)
    assert {"[C@H]", "[C@@H]"} <= added  # a canonical series has one of them
    assert read_progress(out).random_unwritable == 0


def test_prior_list_names_priors_of_random_smiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "series.smi").write_text("\n".join(SERIES))
    pretrain(tmp_path / "series.smi", tmp_path / "models" / "mine", settings(epochs=1.0), card_samples=0)
    monkeypatch.setattr(assets, "MODELS", tmp_path / "models")
    assert "smiles (random SMILES, restricted)" in CliRunner().invoke(app, ["prior", "list"]).stdout
    (listed,) = json.loads(CliRunner().invoke(app, ["prior", "list", "--json"]).stdout)
    assert listed["random_smiles"] == "restricted"
