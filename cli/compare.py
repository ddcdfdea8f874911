"""`chemmara compare`: methods against each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .dry_run import DryRun
from .options import CampaignArgument, DeviceOption, MethodsOption, PriorOption, WorkersOption, seed_range

if TYPE_CHECKING:
    from chemmara.campaign.settings import CampaignConfig


def compare(
    campaign: CampaignArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the comparison; run again, it goes on there.")],
    methods: MethodsOption = "reinvent,vanilla,mara,prior-undone",
    seeds: Annotated[
        str,
        typer.Option(
            metavar="N or FIRST..LAST",
            help="Runs of each method, from the campaign's seed on; or which seeds, as 4..6.",
        ),
    ] = "3",
    budget: Annotated[int | None, typer.Option(help="Oracle calls of each run, in place of the file's.")] = None,
    prior: PriorOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The runs with their figures as one JSON list.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Run methods at equal budgets over paired seeds, as many runs at once as there are CPUs, and compare them.

    Keys of the campaign's method table are used for its own method; the others have their defaults, and its tau.
    Writes runs.csv, table.md, comparison.png and comparison.html, with what earlier commands ran in DIR. Ctrl-C saves;
    the same command goes on.

    A method may change keys, as `mara+beta=0.02` or `mara+anchor.choose=lowest`, and is named so in the table.

    Example: chemmara compare quickstart --methods reinvent,vanilla,prior-undone --seeds 3 --out runs/comparison
    """
    from chemmara.benchmark.compare import compare as run_all
    from chemmara.campaign.method_spec import method_names, with_method
    from chemmara.campaign.settings import load_campaign
    from chemmara.language_model.device import chosen_device

    from .progress import comparison_progress
    from .tables import print_json

    base = load_campaign(campaign, budget=budget, workers=workers, prior=prior, device=device)
    campaigns = {name: with_method(base, name, option="--methods") for name in method_names(methods)}
    for settings in campaigns.values():
        chosen_device(settings.device, settings.method.batch_size)  # refused here, before any process is started
    chosen = seed_range(seeds, first=base.seed)
    if dry_run:
        _dry_run(campaigns, chosen, out, as_json=as_json)
        return
    try:
        with comparison_progress() as tell:
            figures = run_all(campaigns, chosen, out, tell)
    except KeyboardInterrupt:
        typer.echo("saved; the same command goes on", err=True)
        raise
    if as_json:
        print_json(figures.to_dict("records"))
    else:
        typer.echo((out / "table.md").read_text(encoding="utf-8"), nl=False)
    typer.echo(f"wrote {out}/table.md, runs.csv, comparison.png and comparison.html", err=True)


def _dry_run(campaigns: "dict[str, CampaignConfig]", seeds: Sequence[int], out: Path, *, as_json: bool) -> None:
    """What is left to spend, over all runs; each run is one process that scores, or more."""
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.scoring.spending import spending
    from chemmara.system.processors import usable_cpus

    from .dry_run import calls_in, print_spending, refuse_if_held

    refuse_if_held(out)
    settings = next(iter(campaigns.values()))
    load_prior(settings.prior)  # a mistake there is found before any process is started
    spent = {(name, seed): calls_in(out / name / str(seed)) for name in campaigns for seed in seeds}
    left = sum(max(0, settings.budget - calls) for calls in spent.values())
    what = f"{out}: {len(spent)} runs ({', '.join(campaigns)}; seeds {seeds[0]} to {seeds[-1]}) of {settings.budget}"
    what += f" calls each, {sum(spent.values())} spent"
    at_once = max(1, min(len(spent), usable_cpus() // settings.workers))
    print_spending(what, spending(settings.objective, left, at_once * settings.workers), as_json=as_json)
