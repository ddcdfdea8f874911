"""Where a network works: the choice of a device, its sources of random numbers, and the way from there to numpy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

import numpy as np
import torch
from pydantic import AfterValidator
from torch import Tensor, nn

from chemmara.errors import ChemmaraError
from chemmara.language_model.interface import LanguageModel

WORTH_A_GPU: Final = 64
"""Sequences side by side from which `auto` takes a GPU: a reasoned choice, not a measured one (docs/gpu.md)."""
_SHAPE: Final = "should be auto, cpu, cuda, cuda:N (N is the number of a GPU, from 0) or mps"


def _device_name(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:(0|[1-9][0-9]{0,2}))?|mps", name):
        raise ValueError(_SHAPE)
    return name


DeviceName = Annotated[str, AfterValidator(_device_name)]
"""A device in a settings file; whether this machine has it is asked when it is used."""


def chosen_device(name: str, rows: int) -> torch.device:
    """The device of a name, where `rows` sequences go through the network side by side.

    `auto` is torch's current CUDA GPU if there is a CUDA GPU and `rows` is at least 64, and the CPU otherwise. A GPU
    takes about as long for 1 sequence as for 64 (it is launching kernels), and some seconds to start. `mps` is never
    chosen by itself.

    Raises:
        ChemmaraError: no device has that name, or this machine lacks it.

    >>> chosen_device("auto", rows=WORTH_A_GPU - 1), chosen_device("cpu", rows=1024)
    (device(type='cpu'), device(type='cpu'))
    """
    if name == "auto":
        return torch.device("cuda" if rows >= WORTH_A_GPU and torch.cuda.is_available() else "cpu")
    return existing_device(name)


def existing_device(name: str) -> torch.device:
    """The device of a name other than `auto`; ChemmaraError if no device has that name, or this machine lacks it.

    >>> existing_device("cpu")
    device(type='cpu')
    """
    try:
        kind, _, number = _device_name(name).partition(":")
    except ValueError as error:
        raise ChemmaraError(f"device {name!r}: {error}") from None
    if kind == "cuda":
        gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not gpus:
            raise ChemmaraError(f"device {name!r}: torch finds no CUDA GPU on this machine; choose --device cpu")
        if number and int(number) >= gpus:
            known = ", ".join(f"cuda:{gpu}" for gpu in range(gpus))
            raise ChemmaraError(f"device {name!r}: this machine has {known}; choose from these, or --device cpu")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ChemmaraError(f"device {name!r}: torch finds no Apple GPU on this machine; choose --device cpu")
    return torch.device(name)


def device_of(model: LanguageModel) -> torch.device:
    """The device that holds a model's weights."""
    return next(iter(model.parameters())).device


def to_numpy(tensor: Tensor) -> np.ndarray:
    """The values of a tensor, whatever its device, as an array of the same type; gradients are left behind.

    This is the only place where a tensor becomes an array. For float64 convert the array, not the tensor: mps has none.

    >>> to_numpy(torch.tensor([1.5, 2.0], requires_grad=True))
    array([1.5, 2. ], dtype=float32)
    """
    return tensor.detach().cpu().numpy()


@dataclass(frozen=True)
class Generators:
    """The two sources of random numbers of a job: one for what is drawn on the CPU, one for the model's device."""

    host: torch.Generator  # rows of a replay, seeds, first weights
    device: torch.Generator  # sampled tokens, dropout; may be the host's where the device is a CPU

    @classmethod
    def of_torch(cls, device: torch.device) -> Self:
        """Torch's own, from which first weights and dropout are drawn. On mps they are not known."""
        host = torch.default_generator
        if device.type != "cuda":
            return cls(host, host)
        torch.cuda.init()
        number = torch.cuda.current_device() if device.index is None else device.index
        return cls(host, torch.cuda.default_generators[number])


@contextmanager
def full_float32() -> Iterator[None]:
    """Let recurrent networks on a CUDA GPU multiply in float32 as long as the block lasts, and not in TF32.

    Torch lets cuDNN round the factors of a GRU's products to the 10 bits of TF32 unless told otherwise, but not those
    of the single steps by which molecules are sampled, so that the same sequence would have two likelihoods. A backward
    pass belongs into the same block as its forward pass. Nothing changes on a CPU.
    """
    recurrent: Any = torch.backends.cudnn.rnn
    before = recurrent.fp32_precision
    recurrent.fp32_precision = "ieee"
    try:
        yield
    finally:
        recurrent.fp32_precision = before


@contextmanager
def without_dropout(model: LanguageModel) -> Iterator[None]:
    """Train mode where gradients are wanted, else eval mode, without dropout in either; as it was after the block.

    cuDNN refuses the backward pass of a recurrent network whose forward pass was in eval mode.
    """
    mode = model.training
    kinds = {nn.Dropout: "p", nn.RNNBase: "dropout"}
    dropouts = [(part, name) for part in model.modules() for kind, name in kinds.items() if isinstance(part, kind)]
    rates = [getattr(part, name) for part, name in dropouts]
    try:
        for part, name in dropouts:
            setattr(part, name, 0.0)
        model.train(torch.is_grad_enabled())
        yield
    finally:
        for (part, name), rate in zip(dropouts, rates, strict=True):
            setattr(part, name, rate)
        model.train(mode)


@contextmanager
def torch_threads(number: int | None) -> Iterator[None]:
    """Let torch use so many threads for the length of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
