"""`--dry-run`: what a command would call, how often, and how long that takes; nothing is called or written."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

from .tables import print_json
from .toml import toml_pairs

if TYPE_CHECKING:
    from chemmara.campaign.settings import CampaignConfig
    from chemmara.scoring.spending import Spending

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say which oracles would be called, how often and how long; call nothing.")
]
_WIDEST = 200  # characters of an oracle's settings


def print_spending(what: str, found: "Spending", *, as_json: bool = False) -> None:
    """What would be spent, as lines or as one JSON document."""
    from .status import duration

    if as_json:
        print_json({"dry_run": what, **asdict(found), "seconds": found.seconds})
        return
    typer.echo(f"{what}; at most {found.calls} oracle calls, each of:")
    for use in found.oracles:
        settings = toml_pairs(use.settings)
        settings = settings if len(settings) <= _WIDEST else settings[: _WIDEST - 3] + "..."
        typer.echo(f"  {use.component:<24}{use.oracle:<18}{use.milliseconds:>10,g} ms  {settings}".rstrip())
    by = f"{found.workers} processes" if found.workers > 1 else "one process"
    typer.echo(f"Scoring takes about {duration(found.seconds)} by {by}, the network aside. Nothing was called.")


def calls_in(folder: Path) -> int:
    """Oracle calls that the run in a folder has spent, 0 where there is none; it is read as it is."""
    from chemmara.records.run_folder import RunFolder
    from chemmara.records.snapshot import ledger_snapshot

    with ledger_snapshot(RunFolder(folder).ledger) as ledger:
        return 0 if ledger is None else ledger.count()


def refuse_if_held(folder: Path) -> None:
    """ChemmaraError where another process writes in a folder, as the command itself would say."""
    from chemmara.system.locking import writer_of

    if holder := writer_of(folder):
        raise ChemmaraError(f"{folder}: another process ({holder}) is writing there; wait for it, or stop it first")


def print_campaign(settings: "CampaignConfig", folder: Path, spent: int, *, as_json: bool = False) -> None:
    """What a campaign in a folder would still spend; its prior and its start are read, so that mistakes are found."""
    from chemmara.campaign.start import given_parts, read_seeds
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.scoring.spending import spending

    refuse_if_held(folder)
    prior = load_prior(settings.prior)
    given_parts(settings.start, prior)
    read_seeds(settings.start)
    what = f"{folder}: method {settings.method.name}, seed {settings.seed}, prior {prior.name}"
    what += f", {spent} of {settings.budget} calls spent"
    left = max(0, settings.budget - spent)
    if not settings.stage:
        print_spending(what, spending(settings.objective, left, settings.workers), as_json=as_json)
        return
    calls = _stage_calls(settings, _by_stage(folder) if spent else Counter(), left)
    stages = [
        spending(objective, number, settings.workers)
        for objective, number in zip(settings.objectives, calls, strict=True)
    ]
    if as_json:
        print_json({"dry_run": what, "calls": left, "stages": [{**asdict(s), "seconds": s.seconds} for s in stages]})
        return
    typer.echo(f"{what}; at most {left} oracle calls in {len(stages)} stages.")
    for number, found in enumerate(stages, start=1):
        print_spending(f"stage {number} of {len(stages)}", found)


def stage_lines(settings: "CampaignConfig") -> list[str]:
    """A line for each stage of a campaign; [] where it has none."""
    if not settings.stage:
        return []
    last = f"{settings.objective.aggregation} of {', '.join(settings.objective.names)}; takes the rest of the budget"
    words = [*(stage.words() for stage in settings.stage), last]
    return [f"stage {number} of {len(words)}: {text}" for number, text in enumerate(words, start=1)]


def _by_stage(folder: Path) -> Counter[int]:
    """Oracle calls that the run in a folder has spent in each stage; it is read as it is."""
    from chemmara.records.run_folder import RunFolder
    from chemmara.records.snapshot import ledger_snapshot

    with ledger_snapshot(RunFolder(folder).ledger) as ledger:
        return Counter() if ledger is None else Counter(call.stage for call in ledger.calls())


def _stage_calls(settings: "CampaignConfig", spent: Counter[int], left: int) -> list[int]:
    """Calls that each stage may still spend, at most; none where a later one has begun."""
    now = max(spent, default=1)
    limits = [*(stage.budget for stage in settings.stage), None]
    return [
        0 if number < now else left if limit is None else min(left, max(0, limit - spent[number]))
        for number, limit in enumerate(limits, start=1)
    ]
