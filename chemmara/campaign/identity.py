"""What a run was begun with: settings, prior, versions and processor, all that its ledger depends on."""

import platform
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chemmara.campaign.settings import CampaignConfig
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior
from chemmara.molecules.alphabet import Alphabet
from chemmara.scoring.components.learned import QsarComponent
from chemmara.system.processors import processor_name

_MAY_CHANGE = {
    "budget", "workers", "timeout", "worker_memory", "scheduler", "cache", "checkpoint_seconds", "max_idle_steps",
    "threads", "device",
}  # fmt: skip


def identity(settings: CampaignConfig, prior: Prior) -> dict[str, Any]:
    """What campaign.json and the ledger say of a run.

    Sums of floating-point numbers are ordered by the kind of processor and by the number of threads, so that a run
    comes out the same, row for row, on the same kind of processor with the same versions and threads only.
    """
    return {
        "campaign": settings.model_dump(mode="json"),
        "prior_sha256": prior.sha256,
        "prior_writes": Alphabet(prior.tokenizer.tokens, prior.config.max_length).sentence(),
        "models": _models(settings),
        "files": _files(settings),
        "versions": {name: version(name) for name in ("chemmara", "torch", "rdkit", "numpy")}
        | {"python": platform.python_version()},
        "processor": processor_name(),
    }


def _models(settings: CampaignConfig) -> dict[str, dict[str, str]]:
    """What each QSAR model of the objectives is, by the component's name."""
    return {
        name: component.origin()
        for objective in settings.objectives
        for name, component in objective.named
        if isinstance(component, QsarComponent)
    }


def _files(settings: CampaignConfig) -> dict[str, dict[str, str]]:
    """SHA-256 of the files that settings name, by component of an objective (or table) and by what names them there."""
    screen = settings.method.screen
    own = {"method.screen": screen.files()} if screen else {}
    return {name: files for name, files in own.items() if files} | {
        name: files
        for objective in settings.objectives
        for name, component in objective.named
        if (files := component.files())
    }


def changed_files(begun: dict[str, Any], settings: CampaignConfig) -> list[str]:
    """Names of the components whose files are not what they were when the run was begun or gone on with last.

    Among them is "method.screen", for the user's own models of screening. `begun`: what campaign.json says, as
    `identity` gave it; runs of an older version say nothing of files.
    """
    known = begun.get("files", {})
    return [name for name, files in _files(settings).items() if known.get(name, files) != files]


def changed_keys(before: CampaignConfig, now: CampaignConfig, *, but: Collection[str]) -> list[str]:
    """Keys of the settings, `but` some, in which two campaigns differ."""
    return [key for key, was in before if was != getattr(now, key) and key not in but]


def refuse_another_campaign(
    path: Path, before: CampaignConfig, settings: CampaignConfig, prior: Prior, begun: dict[str, Any]
) -> None:
    """ChemmaraError where a run cannot go on with these settings: its budget may grow, and its workers may change.

    `begun`: what campaign.json says, as `identity` gave it.
    """
    if settings.budget < before.budget:
        raise ChemmaraError(f"{path}: has a budget of {before.budget}, which can grow but not shrink")
    if changed := changed_keys(before, settings, but=_MAY_CHANGE):
        raise ChemmaraError(f"{path}: was begun with another {', '.join(changed)}; choose another folder")
    if begun["prior_sha256"] != prior.sha256:
        raise ChemmaraError(
            f"{settings.prior}: is not the prior that {path} began with (its weights differ); put that one back (a run"
            " that goes on writes its policy/ anew: begin others from a copy)"
        )
    models = begun.get("models", {})  # runs of an older version have none
    for name, now in _models(settings).items():
        if models.get(name, now)["sha256"] != now["sha256"]:
            raise ChemmaraError(
                f"{path}: the model of {name!r} is not the one that the run began with (its files differ); put that one"
                " back, or choose another --out"
            )
