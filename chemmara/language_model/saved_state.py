"""A job between two steps, as one safetensors file: tensors, and plain values as JSON beside them. No pickle."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from chemmara.errors import CheckpointError
from chemmara.language_model.device import Generators
from chemmara.system.files import replacing

_VALUES: Final = "values.json"


class Optimizer(Protocol):
    """What is saved of an optimiser: `state`, the tensors that it remembers of each of its weights, by number."""

    def state_dict(self) -> dict[str, Any]:
        """Its state, and its settings."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Go on from such a state."""
        ...


def save_snapshot(path: Path, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
    """Write tensors and JSON values, whole or not at all; every tensor is copied, so sharing memory does no harm.

    The values are a tensor of bytes, since a safetensors header may not grow beyond 100 MB.
    """
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    copies[_VALUES] = torch.frombuffer(bytearray(json.dumps(values).encode()), dtype=torch.uint8)
    with replacing(path) as partial:
        save_file(copies, partial)


def read_values(path: Path) -> dict[str, Any]:
    """The JSON values of a snapshot; CheckpointError in one line if there is none or it is not sound."""
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads(bytes(file.get_tensor(_VALUES)))
    except FileNotFoundError:
        raise CheckpointError(f"{path.parent}: nothing to resume there ({path.name} is missing)") from None
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path}: truncated, corrupt or foreign ({error})") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a snapshot that `read_values` has accepted, without the values."""
    return {name: tensor for name, tensor in load_file(path).items() if name != _VALUES}


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with `prefix.`, without it."""
    return {k.removeprefix(f"{prefix}."): v for k, v in tensors.items() if k.startswith(f"{prefix}.")}


def prefixed(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors with `prefix.` before their names."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def optimizer_tensors(optimizers: Iterable[Optimizer]) -> dict[str, Tensor]:
    """Every tensor that optimisers remember, named optimizer.parameter.key."""
    return {
        f"{i}.{parameter}.{key}": torch.as_tensor(value)
        for i, optimizer in enumerate(optimizers)
        for parameter, memory in optimizer.state_dict()["state"].items()
        for key, value in memory.items()
    }


def restore_optimizers(optimizers: Sequence[Optimizer], tensors: Mapping[str, Tensor]) -> None:
    """Give optimisers back what `optimizer_tensors` took."""
    for i, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            owner, parameter, key = name.split(".")
            if int(owner) == i:
                state.setdefault(int(parameter), {})[key] = tensor
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})


def generator_tensors(generators: Generators, name: str) -> dict[str, Tensor]:
    """The states of both sources of random numbers: the host's as `name`, the device's as `name.cuda` or the like."""
    states = {name: generators.host.get_state()}
    if generators.device is not generators.host:
        states[f"{name}.{generators.device.device.type}"] = generators.device.get_state()
    return states


def restore_generators(generators: Generators, name: str, tensors: Mapping[str, Tensor]) -> None:
    """Give both sources back what `generator_tensors` took.

    Where the state was saved on another kind of device, the device's source is seeded by a draw of the host's: the job
    goes on, with other random numbers than it would have had there.
    """
    generators.host.set_state(tensors[name])
    if generators.device is generators.host:
        return
    saved = tensors.get(f"{name}.{generators.device.device.type}")
    if saved is None:
        generators.device.manual_seed(int(torch.randint(2**62, (1,), generator=generators.host)))
    else:
        generators.device.set_state(saved)
