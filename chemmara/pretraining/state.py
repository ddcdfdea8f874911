"""The state of a training run between two steps, on disk: enough to go on bit for bit."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from chemmara.errors import ChemmaraError
from chemmara.files import replacing
from chemmara.networks.interface import LanguageModel
from chemmara.pretraining.optim import load_state_tensors, state_tensors

STATE = "state.safetensors"


@dataclass
class Progress:
    """Where a run stands: counters and the course of the held-out likelihood."""

    step: int = 0
    molecules: int = 0
    seconds: float = 0.0
    best_nll: float = float("inf")  # nats a held-out molecule
    best_step: int = 0
    worse: int = 0  # evaluations since the best one
    finished: bool = False
    settings: str = ""  # PretrainConfig as JSON, which a resumed run must share
    metrics_bytes: int = field(default=0)  # length of metrics.jsonl at this step: later lines are cut on resuming


def save_state(folder: Path, progress: Progress, model: LanguageModel, found: list[Optimizer]) -> None:
    """Write weights, optimisers, torch's random state and progress as one safetensors file, whole or not at all."""
    tensors: dict[str, Tensor] = {f"model.{name}": weight for name, weight in model.state_dict().items()}
    tensors |= {f"optimizer.{name}": tensor for name, tensor in state_tensors(found).items()}
    tensors["random"] = torch.get_rng_state()
    with replacing(folder / STATE) as partial:
        save_file(
            {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
            partial,
            metadata={"progress": json.dumps(asdict(progress))},
        )


def read_progress(folder: Path) -> Progress:
    """The progress of the run in a folder; ChemmaraError if there is none."""
    from safetensors import SafetensorError, safe_open

    path = folder / STATE
    try:
        with safe_open(path, framework="pt") as file:
            return Progress(**json.loads(file.metadata()["progress"]))
    except FileNotFoundError:
        raise ChemmaraError(f"{folder}: holds no training run to resume ({STATE} is missing)") from None
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ChemmaraError(f"{path}: not the state of a training run ({error})") from None


def load_state(folder: Path, model: LanguageModel, found: list[Optimizer]) -> None:
    """Put weights, optimisers and torch's random state back as they were saved."""
    tensors = load_file(folder / STATE)
    torch.set_rng_state(tensors.pop("random"))
    model.load_state_dict({k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")})
    load_state_tensors(
        found, {k.removeprefix("optimizer."): v for k, v in tensors.items() if k.startswith("optimizer.")}
    )
