"""The choice of a device, and what a network does on a GPU, tried on one that is none (tests/support/fake_gpu.py)."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_gpu import GPU, fake_gpu

from chemmara.config import parse
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior, save_prior
from chemmara.language_model.device import (
    WORTH_A_GPU,
    Generators,
    chosen_device,
    device_of,
    full_float32,
    to_numpy,
    without_dropout,
)
from chemmara.language_model.extend import calibrate, extended
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.sampling import log_likelihood, pad, sample_batches, sequence_logp
from chemmara.language_model.saved_state import generator_tensors, restore_generators
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.train import resolve_precision

ROOT = Path(__file__).parents[2]
NETWORKS = {
    "gru": RecurrentConfig(embedding=8, hidden=16, layers=2, dropout=0.5),
    "lstm": RecurrentConfig(kind="lstm", embedding=8, hidden=16),
    "transformer": TransformerConfig(width=16, heads=2, layers=2, positions=64, dropout=0.5),
}


@pytest.fixture(params=sorted(NETWORKS))
def prior(request: pytest.FixtureRequest, tmp_path: Path, drugs: dict[str, str]) -> Path:
    """Folder of an untrained prior of each kind of network, with dropout where the network has it."""
    torch.manual_seed(1)
    config = PriorConfig(network=NETWORKS[request.param], max_length=40)
    tokenizer = Tokenizer.of(drugs.values(), "smiles")
    folder = tmp_path / "prior"
    folder.mkdir()
    save_prior(Prior("prior", config, tokenizer, build(config.network, len(tokenizer))), folder)
    return folder


def test_auto_takes_a_gpu_from_64_sequences_on_and_a_name_is_taken_at_its_word() -> None:
    with fake_gpu():
        assert WORTH_A_GPU == 64
        assert [chosen_device("auto", rows).type for rows in (1, 63, 64, 1024)] == ["cpu", "cpu", "cuda", "cuda"]
        assert chosen_device("cuda", 1) == torch.device("cuda")
        assert chosen_device("cuda:0", 1) == GPU
        assert chosen_device("cpu", 1024) == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_auto_is_the_cpu() -> None:
    assert chosen_device("auto", 10**6) == torch.device("cpu")


@pytest.mark.parametrize(
    "name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "CUDA", "", "cpu:0", "cuda:01", "cuda:\u0661", "cuda:1000000", "meta"]
)
def test_a_device_that_does_not_exist_is_refused_in_one_line(name: str) -> None:
    with fake_gpu(), pytest.raises(ChemmaraError, match="should be auto, cpu, cuda, cuda:N") as refused:
        chosen_device(name, 64)
    assert "\n" not in str(refused.value)


def test_a_gpu_that_this_machine_lacks_is_refused_with_those_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gpu(), pytest.raises(ChemmaraError, match=r"'cuda:1': this machine has cuda:0; choose from these"):
        chosen_device("cuda:1", 64)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name, kind in (("cuda", "CUDA"), ("cuda:0", "CUDA"), ("mps", "Apple")):
        with pytest.raises(ChemmaraError, match=f"{name!r}: torch finds no {kind} GPU on this machine"):
            chosen_device(name, 64)
        with pytest.raises(ChemmaraError, match=f"torch finds no {kind} GPU"):
            load_prior("zinc250k-gru", name)


def test_a_settings_file_is_checked_for_the_name_alone() -> None:
    """A run of a machine with four GPUs can be read on a machine with none."""
    from chemmara.campaign.settings import CampaignConfig

    tables = {"objective": {"component": [{"oracle": "qed"}]}}
    assert parse(CampaignConfig, tables, source="x").device == "auto"
    assert parse(CampaignConfig, tables | {"device": "cuda:3"}, source="x").device == "cuda:3"
    with pytest.raises(ConfigError, match=r"x: should be auto, cpu, cuda, .* in device \(got 'gpu'\)"):
        parse(CampaignConfig, tables | {"device": "gpu"}, source="x")


def test_what_is_sampled_on_a_gpu_has_the_likelihood_that_it_was_sampled_with(prior: Path) -> None:
    """Mixing devices, a host's generator, and numpy of a GPU's tensor all raise on the way."""
    with fake_gpu():
        loaded = load_prior(prior, "cuda")
        (rollout,) = sample_batches(loaded.model, loaded.tokenizer, 40, seed=1, max_length=40, top_p=0.95)
        assert rollout.tokens.device == rollout.logp.device == GPU
        with torch.no_grad():
            logp = sequence_logp(loaded.model, rollout.tokens)
        rows = [[token for token in row if token] for row in to_numpy(rollout.tokens).tolist()]
        listed = log_likelihood(loaded.model, rows, batch_size=16)
        assert (logp.device, listed.device) == (GPU, torch.device("cpu"))
        np.testing.assert_allclose(to_numpy(logp), to_numpy(rollout.logp), atol=1e-4)
        np.testing.assert_allclose(to_numpy(listed), to_numpy(rollout.logp), atol=1e-4)


def test_an_update_on_a_gpu_is_the_update_on_a_cpu(prior: Path, drugs: dict[str, str]) -> None:
    """cuDNN's demand for train mode is met, and dropout (0.5 in two of the networks) plays no part."""

    def gradients(device: str) -> dict[str, np.ndarray]:
        loaded = load_prior(prior, device)
        tokens = pad([loaded.encode(smiles) for smiles in drugs.values()] * 5).to(device_of(loaded.model))
        (-sequence_logp(loaded.model, tokens).mean()).backward()
        assert not loaded.model.training
        return {
            name: to_numpy(weight.grad) for name, weight in loaded.model.named_parameters() if weight.grad is not None
        }

    with fake_gpu():
        there = gradients("cuda")
    here = gradients("cpu")
    assert there.keys() == here.keys()
    for name, gradient in here.items():
        np.testing.assert_allclose(there[name], gradient, atol=1e-6, err_msg=name)


def test_log_probabilities_are_without_dropout_and_dropout_is_back_afterwards(
    prior: Path, drugs: dict[str, str]
) -> None:
    loaded = load_prior(prior)
    tokens = pad([loaded.encode(smiles) for smiles in drugs.values()])
    loaded.model.train()
    with_gradients = sequence_logp(loaded.model, tokens).detach()
    with torch.no_grad():
        torch.testing.assert_close(sequence_logp(loaded.model, tokens), with_gradients, atol=1e-5, rtol=0)
    rates = {part.p for part in loaded.model.modules() if isinstance(part, torch.nn.Dropout)}
    rates |= {part.dropout for part in loaded.model.modules() if isinstance(part, torch.nn.RNNBase)}
    assert loaded.model.training
    assert rates == {loaded.config.network.dropout}
    with pytest.raises(ZeroDivisionError), without_dropout(loaded.model):
        raise ZeroDivisionError
    assert rates == {loaded.config.network.dropout}


def test_a_vocabulary_is_extended_and_a_prior_copied_on_a_gpu(prior: Path) -> None:
    with fake_gpu():
        longer = extended(load_prior(prior, "cuda"), ["[Si]"])
        calibrate(longer, ["[Si]"], [longer.encode("CC[Si]"), longer.encode("CCO")] * 3)
        assert device_of(longer.model) == device_of(copy.deepcopy(longer.model)) == GPU


def test_recurrent_networks_multiply_in_float32_within_the_block_alone() -> None:
    def precision() -> str:
        return torch.backends.cudnn.rnn.fp32_precision  # type: ignore[attr-defined]

    before = precision()
    assert before != "ieee"
    with full_float32():
        assert precision() == "ieee"
    assert precision() == before
    with pytest.raises(ZeroDivisionError), full_float32():
        raise ZeroDivisionError
    assert precision() == before


def test_a_likelihood_is_computed_in_full_float32(prior: Path) -> None:
    loaded = load_prior(prior)
    seen: list[str] = []
    loaded.model.output.register_forward_hook(  # type: ignore[attr-defined]
        lambda *_: seen.append(torch.backends.cudnn.rnn.fp32_precision)  # type: ignore[attr-defined]
    )
    log_likelihood(loaded.model, [loaded.encode("CCO")])
    assert seen == ["ieee"]


def test_automatic_precision_is_bfloat16_where_a_gpu_computes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    config, cpu = PretrainConfig(), torch.device("cpu")
    with fake_gpu():
        assert [resolve_precision(config, device) for device in (cpu, GPU)] == [torch.float32, torch.bfloat16]
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)  # a GPU of before 2020
        assert resolve_precision(config, GPU) == torch.float32
        assert resolve_precision(PretrainConfig(precision="bfloat16"), GPU) == torch.bfloat16


def _draws(generators: Generators) -> list[float]:
    return [float(torch.rand((), generator=generator)) for generator in (generators.host, generators.device)]


@pytest.mark.parametrize("there", ["cpu", "cuda"])
def test_random_numbers_go_on_where_they_were_saved(there: str) -> None:
    with fake_gpu():
        generators = Generators(torch.Generator().manual_seed(1), torch.Generator(there).manual_seed(2))
        saved = generator_tensors(generators, "generator")
        assert saved.keys() == {"generator", f"generator.{there}"}
        expected = [float(torch.rand((), generator=generators.host))]
        again = Generators(torch.Generator(), torch.Generator(there))
        restore_generators(again, "generator", saved)
        assert [float(torch.rand((), generator=again.host))] == expected
        states = [generator_tensors(some, "x")[f"x.{there}"] for some in (generators, again)]
        assert torch.equal(*states)


@pytest.mark.parametrize(("there", "here"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_on_another_kind_of_device_random_numbers_are_seeded_by_the_hosts(there: str, here: str) -> None:
    def moved(seed: int) -> tuple[torch.Tensor, ...]:
        generators = Generators(torch.Generator().manual_seed(seed), torch.Generator(there).manual_seed(7))
        again = Generators(torch.Generator(), torch.Generator(here))
        restore_generators(again, "generator", generator_tensors(generators, "generator"))
        return again.host.get_state(), again.device.get_state()

    with fake_gpu():
        assert all(map(torch.equal, moved(1), moved(1)))
        assert not any(map(torch.equal, moved(1), moved(2)))


def test_one_source_is_saved_once() -> None:
    host = torch.Generator()
    assert generator_tensors(Generators(host, host), "random").keys() == {"random"}


ROOMS = ("language_model", "pretraining", "campaign", "rl")
CONVERTS = re.compile(r"\.(numpy|cuda)\(\)")


@pytest.mark.parametrize("room", ROOMS)
def test_tensors_become_arrays_in_one_place(room: str) -> None:
    """A second line behind the fake GPU: only `device.to_numpy` says `.numpy()`."""
    found = {
        f"{file.name}: {line.strip()}"
        for file in (ROOT / "chemmara" / room).glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if CONVERTS.search(line)
    }
    assert found == ({"device.py: return tensor.detach().cpu().numpy()"} if room == "language_model" else set())
