"""`chemmara run` and `chemmara resume`: a campaign, live."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

if TYPE_CHECKING:
    from chemmara.campaign.run import Run


def run(
    campaign: Annotated[str, typer.Argument(help="TOML file, or the name of a bundled campaign (quickstart).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    budget: Annotated[int | None, typer.Option(help="Oracle calls, in place of the file's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed, in place of the file's.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Scoring processes, in place of the file's.")] = None,
    method: Annotated[
        str | None, typer.Option(help="Method, in place of the file's: NAME or NAME+KEY=VALUE, as mara+beta=0.02.")
    ] = None,
    prior: Annotated[str | None, typer.Option(help="Prior: folder or bundled name, in place of the file's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on if --out holds this run; begin if not.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin again, removing the run that --out holds.")] = False,
) -> None:
    """Run a generation campaign: sample, score, learn, until the budget of oracle calls is spent.

    Every call is in DIR/ledger.sqlite before anything is learned from it. Ctrl-C saves; so does nothing at all: after
    a crash `chemmara resume DIR` goes on, and ends with the same ledger as a run that was never interrupted.

    Example: chemmara run quickstart --out runs/quickstart
    """
    from chemmara.campaign.run import Run
    from chemmara.campaign.settings import load_campaign, with_method
    from chemmara.records.run_folder import RunFolder

    if resume and force:
        raise ChemmaraError("--resume and --force: choose one")
    settings = load_campaign(campaign, budget=budget, seed=seed, workers=workers, prior=prior)
    settings = settings if method is None else with_method(settings, method)
    if resume and RunFolder(out).exists():
        _go(Run.resume(out, settings))
    else:
        _go(Run.start(out, settings, force=force))


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    budget: Annotated[int | None, typer.Option(help="A larger budget than before.")] = None,
) -> None:
    """Go on with a run where it was saved: after Ctrl-C, a crash, or with a larger --budget.

    Example: chemmara resume runs/quickstart --budget 5000
    """
    from chemmara.campaign.run import Run
    from chemmara.campaign.settings import saved_settings

    settings = saved_settings(folder)
    _go(Run.resume(folder, settings.model_copy(update={"budget": budget}) if budget is not None else settings))


def _go(current: "Run") -> None:
    """Run to the end, with a display; then hits, report and summary."""
    from chemmara.campaign.results import write_outputs

    from .progress import campaign_progress, waiting
    from .tables import print_figures

    with current, campaign_progress(current) as tell:
        reason = current.go(tell)
    with waiting("writing hits and report"):
        page, figures = write_outputs(current.folder.path)
    typer.echo(f"Ended: {reason}.", err=True)
    print_figures(figures)
    typer.echo(f"hits    {current.folder.path / 'hits.csv'}\nreport  {page}")
