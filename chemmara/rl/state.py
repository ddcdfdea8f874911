"""A learner between two steps, on disk: enough to go on bit for bit (on a CPU)."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from chemmara.language_model.device import Generators
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
from chemmara.rl.finetune import Learner
from chemmara.rl.replay import ReplayEntry


def save_learner(path: Path, learner: Learner, progress: dict[str, Any]) -> None:
    """Write the learner (policy, optimiser, generators, and all that it remembers) and the campaign's own progress."""
    tensors = prefixed(learner.policy.state_dict(), "policy")
    tensors |= prefixed(optimizer_tensors([learner.optimizer]), "optimizer")
    if isinstance(learner.loss, nn.Module):
        tensors |= prefixed(learner.loss.state_dict(), "loss")
    values = {
        "progress": progress,
        "augmentation": learner.augmentation.state(),
        "diversity_filter": learner.diversity_filter.state() if learner.diversity_filter else None,
        "pool": list(learner.breeding.pool.items()) if learner.breeding else [],
        "screening": learner.screening.state() if learner.screening else None,
        "replay": [asdict(entry) for entry in learner.replay.kept] if learner.replay else [],
    }
    generators = Generators(learner.generator, learner.sampling)
    save_snapshot(path, tensors | generator_tensors(generators, "generator"), values)


def load_learner(path: Path, learner: Learner) -> dict[str, Any]:
    """Bring a fresh learner to the saved state; returns the campaign's progress."""
    values, tensors = read_values(path), read_tensors(path)
    learner.policy.load_state_dict(under(tensors, "policy"))
    restore_optimizers([learner.optimizer], under(tensors, "optimizer"))
    restore_generators(Generators(learner.generator, learner.sampling), "generator", tensors)
    if isinstance(learner.loss, nn.Module):
        learner.loss.load_state_dict(under(tensors, "loss"))
    learner.augmentation.restore(values["augmentation"])
    if learner.diversity_filter:
        learner.diversity_filter.restore(values["diversity_filter"])
    if learner.breeding:
        learner.breeding.pool = dict(values["pool"])
    if learner.screening:
        learner.screening.restore(values["screening"])
    if learner.replay:
        learner.replay.kept = [ReplayEntry(**entry | {"tokens": tuple(entry["tokens"])}) for entry in values["replay"]]
    return values["progress"]
