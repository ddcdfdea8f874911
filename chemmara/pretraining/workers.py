"""One process or several: DistributedDataParallel under torchrun, and nothing at all without it."""

import gc
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from chemmara.language_model.device import chosen_device, existing_device
from chemmara.language_model.interface import LanguageModel


@dataclass(frozen=True)
class Team:
    """The processes of a training run; alone, it is one of one."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def wrap(self, model: LanguageModel) -> LanguageModel:
        """The model with gradients averaged over the team; itself where there is no team."""
        if self.size == 1:
            return model
        devices = [self.device] if self.device.type == "cuda" else None
        return cast("LanguageModel", DistributedDataParallel(cast("nn.Module", model), device_ids=devices))

    def agree(self, value: float) -> float:
        """The leader's value, in every process."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.broadcast(shared, src=0)
        return float(shared.item())

    def total(self, value: Tensor) -> float:
        """The sum of a value over the team."""
        if self.size == 1:
            return float(value.item())
        shared = value.detach().clone().double()
        dist.all_reduce(shared)
        return float(shared.item())


def leads() -> bool:
    """Whether this process will lead its team, known from torchrun's environment before the team is set up."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def team(device: str, rows: int) -> Iterator[Team]:
    """The team that torchrun set up (gloo on CPUs, nccl on GPUs), or a process alone; closed at the end.

    On GPUs each process of a team has the GPU of its LOCAL_RANK. ChemmaraError where this machine lacks the device that
    `chosen_device` finds for a batch of so many rows.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    place = chosen_device(device, rows)
    if size == 1:
        yield Team(0, 1, place)
        return
    gpu = place.type == "cuda"
    place = existing_device(f"cuda:{os.environ['LOCAL_RANK']}") if gpu else torch.device("cpu")
    # DDP imports torch._dynamo. Imported while a group exists, that keeps the group alive beyond its end, and gloo's
    # threads then meet an interpreter that is closing: now and then the process aborts after its work is done.
    importlib.import_module("torch._dynamo")
    dist.init_process_group("nccl" if gpu else "gloo")
    if gpu:
        torch.cuda.set_device(place)
    try:
        yield Team(dist.get_rank(), size, place)
    finally:
        dist.destroy_process_group()
        gc.collect()  # a DDP model is full of cycles, and holds the group
