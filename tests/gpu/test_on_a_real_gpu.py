"""What a GPU that is none cannot show: cuDNN's kernels, their rounding, and a process that dies. Needs a CUDA GPU.

python -m pytest -m gpu
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from chemmara.language_model.build import NetworkConfig
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import device_of, full_float32, to_numpy
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.sampling import log_likelihood, pad, sample_batches, sequence_logp
from chemmara.language_model.transformer import TransformerConfig
from chemmara.pretraining.run import pretrain
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.train import Report

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA GPU on this machine"),
]
BUNDLED = ["zinc250k-gru", "zinc250k-transformer", "zinc250k-gru-selfies"]
NETWORKS = {
    "gru": RecurrentConfig(embedding=32, hidden=128, layers=2, dropout=0.2),
    "lstm": RecurrentConfig(kind="lstm", embedding=32, hidden=128),
    "transformer": TransformerConfig(width=64, heads=4, layers=2, dropout=0.2),
}


def rows_of(prior: Prior, n: int) -> list[list[int]]:
    """Encoded samples, drawn on the CPU."""
    batches = sample_batches(
        load_prior(prior.name).model, prior.tokenizer, n, seed=5, max_length=prior.config.max_length
    )
    return [[token for token in row if token] for rollout in batches for row in to_numpy(rollout.tokens).tolist()]


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_sampled_has_its_likelihood_to_a_thousandth_of_a_nat(name: str) -> None:
    prior = load_prior(name, "cuda")
    (rollout,) = sample_batches(prior.model, prior.tokenizer, 512, seed=1, max_length=prior.config.max_length)
    assert rollout.tokens.device.type == rollout.logp.device.type == "cuda"
    with torch.no_grad(), full_float32():
        logp = sequence_logp(prior.model, rollout.tokens)
    np.testing.assert_allclose(to_numpy(logp), to_numpy(rollout.logp), atol=1e-3)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_gpu_and_a_cpu_agree_on_likelihoods(name: str) -> None:
    here, there = load_prior(name), load_prior(name, "cuda")
    rows = rows_of(here, 300)
    np.testing.assert_allclose(
        to_numpy(log_likelihood(there.model, rows)), to_numpy(log_likelihood(here.model, rows)), atol=1e-3
    )


@pytest.mark.parametrize("name", BUNDLED)
def test_a_gpu_and_a_cpu_agree_on_gradients(name: str) -> None:
    """Also: cuDNN lets the backward pass through, for the forward pass was in train mode."""
    gradients = []
    rows = rows_of(load_prior(name), 64)
    for device in ("cpu", "cuda"):
        prior = load_prior(name, device)
        with full_float32():
            (-sequence_logp(prior.model, pad(rows).to(device_of(prior.model))).mean()).backward()
        gradients.append([to_numpy(weight.grad) for weight in prior.model.parameters() if weight.grad is not None])
    for here, there in zip(*gradients, strict=True):
        np.testing.assert_allclose(there, here, atol=1e-3 * (1e-3 + np.abs(here).max()))


@pytest.fixture
def molecules(tmp_path: Path) -> Path:
    path = tmp_path / "molecules.smi"
    starts = ("CCO", "CCN", "c1ccccc1", "CC(=O)N", "CCS", "O=C1CCCN1")
    path.write_text("\n".join(start + "C" * n for start in starts for n in range(1, 25)) + "\n")
    return path


@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_pretraining_learns_in_both_stages_and_is_resumed(tmp_path: Path, molecules: Path, kind: str) -> None:
    """In bfloat16, as `auto` has it on a GPU; the weights are those of the CPU where it goes on from there."""
    network: NetworkConfig = NETWORKS[kind]
    settings = PretrainConfig(network=network, epochs=30.0, batch_size=64, evaluate_samples=50, validity_steps=10)

    def stop(report: Report) -> None:
        if report.step == 20:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        pretrain(molecules, tmp_path / "prior", settings, device="cuda", card_samples=200, tell=stop)
    progress = pretrain(molecules, tmp_path / "prior", settings, device="cuda", card_samples=200, resume=True)
    assert progress.train_nll < progress.start_train_nll - 5
    assert ", on cuda.\n" in (tmp_path / "prior" / "card.md").read_text()
    longer = settings.model_copy(update={"epochs": 32.0})
    assert (
        pretrain(molecules, tmp_path / "prior", longer, device="cpu", card_samples=0, resume=True).step > progress.step
    )


def calls(folder: Path) -> list[tuple[object, ...]]:
    """The oracle calls of a run that may be alive."""
    if not (folder / "ledger.sqlite").exists():
        return []
    connection = sqlite3.connect(f"file:{folder / 'ledger.sqlite'}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT call, smiles, score FROM calls ORDER BY call").fetchall()
    except sqlite3.OperationalError:  # its tables are being made
        return []
    finally:
        connection.close()


@pytest.mark.parametrize("then", ["cuda", "cpu"])
def test_a_run_that_is_killed_on_a_gpu_goes_on_and_loses_no_call(tmp_path: Path, then: str) -> None:
    folder, budget = tmp_path / "run", 1500
    command = [sys.executable, "-m", "chemmara.cli.main"]
    running = subprocess.Popen(
        [*command, "run", "quickstart", "--out", folder, "--budget", str(budget), "--device", "cuda"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while len(calls(folder)) < 300 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    running.kill()
    running.wait()
    before = calls(folder)
    assert 300 <= len(before) < budget
    resumed = subprocess.run(
        [*command, "resume", folder, "--device", then], capture_output=True, text=True, check=False, timeout=500
    )
    assert resumed.returncode == 0, resumed.stderr
    assert ("the network on cuda" in resumed.stderr) == (then == "cuda")
    after = calls(folder)
    assert len(after) == budget
    assert after[: len(before)] == before
    assert len({smiles for _, smiles, _ in after}) == budget
