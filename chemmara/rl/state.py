"""A learner between two steps, on disk: enough to go on bit for bit (on a CPU)."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from chemmara.language_model.device import Generators, device_of, to_numpy
from chemmara.language_model.sampling import Rollout
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
from chemmara.rl.candidates import Candidates
from chemmara.rl.finetune import Learner
from chemmara.rl.replay import replay_entries
from chemmara.screening.screening import Choice


def save_learner(path: Path, learner: Learner, progress: dict[str, Any]) -> None:
    """Write the learner (policy, optimiser, generators, and all that it remembers) and the campaign's own progress."""
    tensors = prefixed(learner.policy.state_dict(), "policy")
    tensors |= prefixed(optimizer_tensors([learner.optimizer]), "optimizer")
    if isinstance(learner.loss, nn.Module):
        tensors |= prefixed(learner.loss.state_dict(), "loss")
    if learner.niches:
        tensors |= prefixed(learner.niches.tensors(), "niches")
    if learner.restarts:
        tensors |= prefixed(learner.restarts.policy, "restarts")
    for place, candidates in enumerate(learner.under_way):
        tensors |= prefixed(_tensors_of(candidates), f"under_way.{place}")
    values = {
        "progress": progress,
        "augmentation": learner.augmentation.state(),
        "diversity_filter": learner.diversity_filter.state() if learner.diversity_filter else None,
        "pool": list(learner.breeding.pool.items()) if learner.breeding else [],
        "screening": learner.screening.state() if learner.screening else None,
        "niches": learner.niches.state() if learner.niches else None,
        "restarts": learner.restarts.state() if learner.restarts else None,
        "replay": [asdict(entry) for entry in learner.replay.kept] if learner.replay else [],
        "under_way": [_values_of(candidates) for candidates in learner.under_way],
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
        learner.replay.kept = replay_entries(values["replay"])
    if learner.restarts and values.get("restarts"):  # an older version's file has none
        learner.restarts.restore(values["restarts"], under(tensors, "restarts"))
    if learner.niches and values.get("niches"):  # an older version's file has none
        learner.niches.restore(values["niches"], under(tensors, "niches"))
    batches = values.get("under_way", [])  # an older version's file has none
    device = device_of(learner.policy)
    learner.under_way.extend(
        _candidates(batch, under(tensors, f"under_way.{place}"), device) for place, batch in enumerate(batches)
    )
    return values["progress"]


def _tensors_of(candidates: Candidates) -> dict[str, Tensor]:
    tensors = {"tokens": candidates.rollout.tokens, "logp": candidates.rollout.logp}
    if candidates.choice:
        tensors["predicted"] = torch.from_numpy(candidates.choice.predicted)
    return tensors


def _values_of(candidates: Candidates) -> dict[str, Any]:
    choice = candidates.choice
    return {
        "written": candidates.rollout.smiles,
        "others": candidates.others,
        "choice": {key: value for key, value in vars(choice).items() if key != "predicted"} if choice else None,
    }


def _candidates(values: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> Candidates:
    """A batch under way, from its tensors and plain values."""
    rollout = Rollout(tensors["tokens"].to(device), tensors["logp"].to(device), values["written"])
    choice = values["choice"] and Choice(**values["choice"], predicted=to_numpy(tensors["predicted"]))
    return Candidates(rollout, values["others"], choice)
