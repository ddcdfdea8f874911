"""Pretraining: resumed is uninterrupted to the bit, two processes are one with the doubled batch, and it learns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.transformer import TransformerConfig
from chemmara.pretraining.batches import Encoded, epoch_batches
from chemmara.pretraining.optim import rate_factor
from chemmara.pretraining.run import pretrain as pretrain_with_card
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.state import read_progress
from chemmara.pretraining.train import Report
from tests.support.processes import ran

ROOT = Path(__file__).parents[2]
TINY = RecurrentConfig(embedding=8, hidden=16, layers=2, dropout=0.1)


@pytest.fixture
def corpus(tmp_path: Path, drugs: dict[str, str]) -> Path:
    """A prepared corpus of 128 + 8 molecules."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    smiles = [drug + "C" * n for drug in ("CCO", "CCN", "c1ccccc1", "CC(=O)N") for n in range(32)]
    (folder / "train.smi").write_text("\n".join(smiles) + "\n")
    (folder / "valid.smi").write_text("\n".join(drugs.values()) + "\n")
    return folder


def pretrain(*arguments: object, **options: object) -> None:
    pretrain_with_card(*arguments, card_samples=0, **options)  # type: ignore[arg-type]


def config(**changes: object) -> PretrainConfig:
    base = {
        "network": TINY,
        "epochs": 6.0,
        "batch_size": 16,
        "warmup_steps": 3,
        "evaluate_every": 10,
        "evaluate_samples": 4,
    }
    return PretrainConfig.model_validate(base | changes)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {k: v for k, v in load_file(folder / "training.safetensors").items() if k.startswith("model.")}


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_resumed_training_is_uninterrupted_training_to_the_bit(tmp_path: Path, corpus: Path, optimizer: str) -> None:
    settings = config(optimizer=optimizer)
    pretrain(corpus, tmp_path / "whole", settings)

    def stop(report: Report) -> None:
        if report.step == 23:  # between two evaluations
            os.kill(os.getpid(), 2)

    with pytest.raises(KeyboardInterrupt):
        pretrain(corpus, tmp_path / "parts", settings, tell=stop)
    torch.rand(5)  # what else happens in the process must not matter
    pretrain(corpus, tmp_path / "parts", settings, resume=True)
    for name, weight in weights(tmp_path / "whole").items():
        assert torch.equal(weight, weights(tmp_path / "parts")[name]), name
    logs = [(tmp_path / run / "metrics.jsonl").read_text().splitlines() for run in ("whole", "parts")]
    without_time = [[{**json.loads(line), "seconds": 0} for line in log] for log in logs]
    assert without_time[0] == without_time[1]


def test_resuming_with_other_settings_is_refused(tmp_path: Path, corpus: Path) -> None:
    pretrain(corpus, tmp_path / "run", config(epochs=1.0))
    with pytest.raises(ChemmaraError, match=r"other settings \(batch_size 16 -> 8\)"):
        pretrain(corpus, tmp_path / "run", config(epochs=2.0, batch_size=8), resume=True)
    with pytest.raises(ChemmaraError, match="nothing to resume"):
        pretrain(corpus, tmp_path / "nowhere", config(), resume=True)


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path, corpus: Path, optimizer: str) -> None:
    options = "--network gru --hidden 16 --embedding 8 --layers 2 --epochs 3 --threads 1 --evaluate-every 5"
    rest = [*options.split(), *f"--optimizer {optimizer} --evaluate-samples 0 --card-samples 0 --device cpu".split()]
    alone = ran("pretrain", corpus, "--out", tmp_path / "single", "--batch-size", 16, *rest)
    assert alone.returncode == 0, alone.stderr
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    command = [*torchrun, "cli.main", "pretrain", str(corpus), "--out", str(tmp_path / "pair"), "--batch-size", "8"]
    together = subprocess.run(
        [*command, *rest], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert together.returncode == 0, together.stderr
    single, pair = weights(tmp_path / "single"), weights(tmp_path / "pair")
    assert single.keys() == pair.keys()
    for name, weight in single.items():
        torch.testing.assert_close(pair[name], weight, atol=1e-5, rtol=0)


_LEAVES_NOTHING = """
import pathlib, torch
from chemmara.pretraining.workers import team
def gloo():
    return [comm for comm in pathlib.Path("/proc/self/task").glob("*/comm") if "gloo" in comm.read_text()]
def learn(members):
    model = members.wrap(torch.nn.Linear(4, 4))
    model(torch.ones(2, 4)).sum().backward()
with team("cpu", rows=2) as members:
    learn(members)
    assert gloo()
assert not gloo()
"""


def test_a_team_leaves_no_thread_that_could_abort_the_process_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(_LEAVES_NOTHING)
    ran = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "script.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("network", [TINY, TransformerConfig(width=16, heads=2, layers=1)])
@pytest.mark.parametrize("notation", ["smiles", "selfies"])
def test_it_learns_and_leaves_a_prior(
    tmp_path: Path, corpus: Path, network: RecurrentConfig | TransformerConfig, notation: str
) -> None:
    course: list[float] = []
    pretrain(
        corpus, tmp_path / "run", config(network=network, notation=notation, epochs=12.0),
        tell=lambda report: course.append(report.loss),
    )  # fmt: skip
    assert np.mean(course[-5:]) < 0.7 * course[0]
    assert load_prior(tmp_path / "run").tokenizer.notation == notation


def test_transfer_learning_starts_from_the_parent_and_leaves_out_what_it_cannot_write(
    tmp_path: Path, corpus: Path
) -> None:
    pretrain(corpus, tmp_path / "parent", config(epochs=8.0))
    said: list[str] = []
    (corpus / "train.smi").write_text("CCO\nCC[SiH3]\nCCN\nCCCO\n")
    first: list[float] = []
    pretrain(
        corpus, tmp_path / "child", config(epochs=1.0, batch_size=3), parent=str(tmp_path / "parent"),
        tell=lambda report: first.append(report.loss), say=said.append,
    )  # fmt: skip
    assert "left out 1 of 4 molecules" in said[0]
    assert "CC[SiH3]" in said[0]
    assert load_prior(tmp_path / "child").tokenizer == load_prior(tmp_path / "parent").tokenizer
    assert first[0] < np.log(10)  # far below an untrained network's


def test_training_that_diverges_is_one_line_and_leaves_no_prior(tmp_path: Path, corpus: Path) -> None:
    with pytest.raises(ChemmaraError, match=r"training has diverged by step \d+ .*choose a lower --learning-rate"):
        pretrain(corpus, tmp_path / "out", config(learning_rate=1e30, optimizer="adamw", max_grad_norm=1e30))
    assert not (tmp_path / "out" / "config.json").exists()


@pytest.mark.parametrize("changes", [{"notation": "selfies"}, {"network": RecurrentConfig(hidden=32)}])
def test_what_contradicts_the_parent_is_refused(tmp_path: Path, corpus: Path, changes: dict) -> None:
    pretrain(corpus, tmp_path / "parent", config(epochs=0.2))
    with pytest.raises(ChemmaraError, match="is kept; leave out what names another"):
        pretrain(corpus, tmp_path / "child", config(**changes), parent=str(tmp_path / "parent"))
    assert not (tmp_path / "child").exists()


def test_every_molecule_comes_once_an_epoch_and_batches_are_alike_in_length() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 1000)
    batches = epoch_batches(lengths, 10, seed=1, epoch=3)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    assert np.mean([np.ptp(lengths[rows]) for rows in batches]) < 5
    assert any((a != b).any() for a, b in zip(batches, epoch_batches(lengths, 10, seed=1, epoch=4), strict=True))


def test_packed_rows_come_back_padded() -> None:
    packed = Encoded.of([[3, 4, 2], [5, 2], [6, 7, 8, 2]])
    assert packed.batch(np.array([1, 2])).tolist() == [[5, 2, 0, 0], [6, 7, 8, 2]]


def test_the_rate_rises_stays_and_falls_to_zero() -> None:
    settings = config(warmup_steps=10, decay=0.5)
    # 100 steps: up over 10, level to 50, then down; at step 75 half of the fall is done
    assert [rate_factor(step, 100, settings) for step in (0, 9, 30, 50, 75, 99)] == [0.1, 1.0, 1.0, 1.0, 0.5, 0.02]


def test_the_second_stage_makes_molecules_more_frequent_once(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chemmara.pretraining.validity._ROWS", 128)
    settings = config(epochs=20.0, validity_steps=40, validity_rate=3e-3, optimizer="adamw", learning_rate=1e-2)
    heard: list[float] = []
    out = tmp_path / "prior"
    pretrain(corpus, out, settings, tell_second=lambda _, steps, valid: heard.append(valid if steps == 40 else -1))
    progress = read_progress(out)
    assert len(heard) == 40
    assert np.mean(heard[-10:]) > np.mean(heard[:10]) + 0.03
    assert progress.validity_before < 1
    polished = load_file(out / "weights.safetensors")
    pretrain(corpus, out, settings, resume=True)
    for name, weight in load_file(out / "weights.safetensors").items():
        assert torch.equal(weight, polished[name])


def test_an_interrupted_second_stage_leaves_the_first_ones_weights(tmp_path: Path, corpus: Path) -> None:
    out = tmp_path / "prior"
    pretrain(corpus, out, config(epochs=1.0))
    before = load_file(out / "weights.safetensors")
    with pytest.raises(KeyboardInterrupt):
        pretrain(
            corpus, out, config(epochs=1.0, validity_steps=5), resume=True,
            tell_second=lambda *_: os.kill(os.getpid(), 2),
        )  # fmt: skip
    for name, weight in load_file(out / "weights.safetensors").items():
        assert torch.equal(weight, before[name])
