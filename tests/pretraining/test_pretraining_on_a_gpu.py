"""Pretraining on a GPU that is none (tests/support/fake_gpu.py): both stages, the card, and from device to device."""

import os
import signal
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_gpu import fake_gpu
from safetensors.torch import load_file

from chemmara.errors import ChemmaraError
from chemmara.language_model.build import NetworkConfig, build
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import device_of
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.transformer import TransformerConfig
from chemmara.pretraining import run
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.run import pretrain
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.state import Progress, load_state, save_state
from chemmara.pretraining.train import Report
from chemmara.pretraining.validity import favour_molecules
from chemmara.pretraining.workers import team

TINY = RecurrentConfig(embedding=8, hidden=16, layers=2)


@pytest.fixture
def molecules(tmp_path: Path) -> Path:
    path = tmp_path / "molecules.smi"
    path.write_text("\n".join(start + "C" * n for start in ("CCO", "CCN", "c1ccccc1") for n in range(1, 25)) + "\n")
    return path


def config(network: NetworkConfig = TINY, **changes: object) -> PretrainConfig:
    base = {
        "network": network, "epochs": 2.0, "batch_size": 16, "evaluate_samples": 4, "validity_steps": 2,
        "precision": "float32",
    }  # fmt: skip
    return PretrainConfig.model_validate(base | changes)


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "training.safetensors")


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
@pytest.mark.parametrize("network", [TINY, TransformerConfig(width=16, heads=2, layers=1)], ids=["gru", "transformer"])
def test_both_stages_and_the_card_run_on_a_gpu_and_learn_what_they_learn_on_a_cpu(
    tmp_path: Path, molecules: Path, network: NetworkConfig, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random numbers of the GPU that is none are a CPU's, so that the same weights must come out."""
    places: list[str] = []

    def second_stage(prior: Prior, *arguments: Any) -> None:
        places.append(device_of(prior.model).type)
        favour_molecules(prior, *arguments)

    monkeypatch.setattr(run, "favour_molecules", second_stage)
    settings = config(network, optimizer=optimizer)
    pretrain(molecules, tmp_path / "here", settings, device="cpu", card_samples=100)
    with fake_gpu():
        pretrain(molecules, tmp_path / "there", settings, device="cuda", card_samples=100)
    here, there = load_prior(tmp_path / "here").model.state_dict(), load_prior(tmp_path / "there").model.state_dict()
    for name, weight in here.items():
        torch.testing.assert_close(there[name], weight, atol=1e-5, rtol=0)
    assert places == ["cpu", "cuda"]
    cards = [(tmp_path / name / "card.md").read_text().replace("here", "there") for name in ("here", "there")]
    assert [card.count(", on cpu.\n") for card in cards] == [1, 0]
    assert [card.count(", on cuda.\n") for card in cards] == [0, 1]
    assert "random.cuda" in state(tmp_path / "there")
    assert "random.cuda" not in state(tmp_path / "here")


def test_resumed_on_a_gpu_is_uninterrupted_on_a_gpu(tmp_path: Path, molecules: Path) -> None:
    settings = config(validity_steps=0, epochs=4.0)

    def stop(report: Report) -> None:
        if report.step == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with fake_gpu():
        pretrain(molecules, tmp_path / "whole", settings, device="cuda", card_samples=0)
        with pytest.raises(KeyboardInterrupt):
            pretrain(molecules, tmp_path / "parts", settings, device="cuda", card_samples=0, tell=stop)
        pretrain(molecules, tmp_path / "parts", settings, device="cuda", card_samples=0, resume=True)
    for name, weight in load_prior(tmp_path / "whole").model.state_dict().items():
        assert torch.equal(load_prior(tmp_path / "parts").model.state_dict()[name], weight), name


def test_the_random_state_of_the_gpu_is_in_the_saved_state(tmp_path: Path) -> None:
    with fake_gpu():
        (source,) = torch.cuda.default_generators
        model = build(TINY, 10).to("cuda")
        source.manual_seed(5)
        save_state(tmp_path, Progress(), model, [])
        source.manual_seed(6)
        load_state(tmp_path, model, [])
        assert source.initial_seed() == 5
        assert torch.equal(source.get_state(), state(tmp_path)["random.cuda"])


@pytest.mark.parametrize(("first", "then"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
def test_training_goes_on_on_another_device(tmp_path: Path, molecules: Path, first: str, then: str) -> None:
    with fake_gpu() if first == "cuda" else nullcontext():
        pretrain(molecules, tmp_path / "run", config(), device=first, card_samples=0)
    with fake_gpu() if then == "cuda" else nullcontext():
        progress = pretrain(molecules, tmp_path / "run", config(epochs=4.0), device=then, card_samples=0, resume=True)
    assert progress.step == 16  # 72 molecules, 7 held out: 4 batches of 16 in each of 4 epochs
    assert ("random.cuda" in state(tmp_path / "run")) == (then == "cuda")


def test_auto_is_a_gpu_for_large_batches(tmp_path: Path, molecules: Path) -> None:
    said: list[str] = []
    with fake_gpu():
        for batch in (16, 64):
            settings = config(batch_size=batch, epochs=1.0, validity_steps=0)
            pretrain(molecules, tmp_path / str(batch), settings, card_samples=0, say=said.append)
    assert [line.rsplit(" ", 1)[1] for line in said if " held out; " in line] == ["cpu", "cuda"]


def test_a_device_that_is_not_there_is_refused_before_anything_is_removed(tmp_path: Path, molecules: Path) -> None:
    pretrain(molecules, tmp_path / "run", config(epochs=1.0, validity_steps=0), card_samples=0)
    before = (tmp_path / "run" / "weights.safetensors").read_bytes()
    with fake_gpu(), pytest.raises(ChemmaraError, match="this machine has cuda:0"):
        pretrain(molecules, tmp_path / "run", config(), device="cuda:2", force=True)
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == before


def test_a_team_with_more_processes_than_gpus_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with fake_gpu(), pytest.raises(ChemmaraError, match="'cuda:1': this machine has cuda:0"), team("cuda", rows=64):
        pass


def test_the_second_stage_is_without_dropout(tmp_path: Path, molecules: Path) -> None:
    """Twice from the same seed with other random states of torch: the same weights, though the network has dropout."""
    settings = config(RecurrentConfig(embedding=8, hidden=16, layers=2, dropout=0.5), validity_steps=0)
    pretrain(molecules, tmp_path / "run", settings, card_samples=0)
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        prior = load_prior(tmp_path / "run")
        train = Encoded.of([prior.encode(smiles) for smiles in ("CCO", "CCN", "CCCO")])
        favour_molecules(prior, train, config(validity_steps=2, batch_size=3))
        found.append(prior.model.state_dict())
    for name, weight in found[0].items():
        assert torch.equal(weight, found[1][name]), name
