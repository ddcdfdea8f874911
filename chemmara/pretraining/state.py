"""The state of a training run between two steps: enough to go on bit for bit."""

from dataclasses import asdict, dataclass
from pathlib import Path

from torch.optim import Optimizer

from chemmara.language_model.device import Generators, device_of
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.saved_state import (
    generator_tensors,
    optimizer_tensors,
    prefixed,
    read_tensors,
    read_values,
    restore_generators,
    restore_optimizers,
    save_snapshot,
    under,
)

STATE = "training.safetensors"


@dataclass
class Progress:
    """Where a run stands: counters and the course of the held-out likelihood."""

    step: int = 0
    molecules: int = 0
    seconds: float = 0.0
    best_nll: float = 1e9  # nats a held-out molecule
    best_step: int = 0
    worse: int = 0  # evaluations since the best one
    finished: bool = False
    polished: int = 0  # best_step at the time of the second stage; 0 before it
    validity_before: float = 0.0  # of samples, before the second stage
    nll_before: float = 0.0  # nats a held-out molecule, before it
    parent: str | None = None  # the prior that training continues ("" from scratch); None in runs of older versions
    start_train_nll: float = float("nan")  # nats a training molecule, before the first step
    start_nll: float = float("nan")  # nats a held-out molecule, before the first step
    train_nll: float = float("nan")  # nats a training molecule, of the weights that were kept
    nll: float = float("nan")  # nats a held-out molecule, of the weights that were kept
    start_canonical_nll: float = float("nan")  # with random SMILES: `start_nll` of the canonical ones
    canonical_nll: float = float("nan")  # with random SMILES: `nll` of the canonical ones
    random_smiles: int = 0  # training molecules that were to be written as random SMILES
    random_unwritable: int = 0  # of those, how many could not, and were read as canonical SMILES
    copies: float = float("nan")  # share of the samples of the weights that were kept that are training molecules
    settings: str = ""  # PretrainConfig as JSON, which a resumed run must share
    metrics_bytes: int = 0  # length of metrics.jsonl at this step: later lines are cut on resuming


def save_state(folder: Path, progress: Progress, model: LanguageModel, optimizers: list[Optimizer]) -> None:
    """Write weights, optimisers, torch's random states (of the CPU, and of a CUDA device that trains) and progress."""
    tensors = prefixed(model.state_dict(), "model") | prefixed(optimizer_tensors(optimizers), "optimizer")
    random = generator_tensors(Generators.of_torch(device_of(model)), "random")
    save_snapshot(folder / STATE, tensors | random, asdict(progress))


def read_progress(folder: Path) -> Progress:
    """The progress of the run in a folder."""
    return Progress(**read_values(folder / STATE))


def load_state(folder: Path, model: LanguageModel, optimizers: list[Optimizer]) -> None:
    """Put weights, optimisers and torch's random states back as they were saved.

    A state that was saved on another kind of device is taken over, but for the random state of a GPU: that is seeded
    anew, from the CPU's.
    """
    tensors = read_tensors(folder / STATE)
    restore_generators(Generators.of_torch(device_of(model)), "random", tensors)
    model.load_state_dict(under(tensors, "model"))
    restore_optimizers(optimizers, under(tensors, "optimizer"))
