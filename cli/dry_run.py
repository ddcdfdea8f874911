"""`--dry-run`: what a command would call, how often, and how long that takes; nothing is called or written."""

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
    """What a campaign in a folder would still spend; its prior is read, so that a mistake there is found."""
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.scoring.spending import spending

    refuse_if_held(folder)
    prior = load_prior(settings.prior)
    what = f"{folder}: method {settings.method.name}, seed {settings.seed}, prior {prior.name}"
    what += f", {spent} of {settings.budget} calls spent"
    found = spending(settings.objective, max(0, settings.budget - spent), settings.workers)
    print_spending(what, found, as_json=as_json)
