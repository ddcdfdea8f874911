"""`chemmara run` and `chemmara resume`: a campaign, live."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chemmara.errors import ChemmaraError

from .dry_run import DryRun
from .options import DeviceOption, PriorOption, WorkersOption

if TYPE_CHECKING:
    from chemmara.campaign.run import Run
    from chemmara.campaign.settings import CampaignConfig

    from .listeners import Listening

_KeepGoing = Annotated[
    bool, typer.Option("--keep-going", help="Do not stop where an oracle fails on every molecule, or on 50 in a row.")
]
_Log = Annotated[
    Literal["text", "json"], typer.Option("--log", help="Messages on stderr: for people, or a line of JSON each.")
]
_ReportEvery = Annotated[
    int | None, typer.Option("--report-every", min=1, help="Write report and hits anew after so many oracle calls.")
]
_TensorBoard = Annotated[
    bool,  # typer's help takes a bracket for a mark of rich's, unless a backslash is before it
    typer.Option("--tensorboard", help=r"Write DIR/tensorboard, too (pip install 'chemmara\[tensorboard]')."),
]
_Json = Annotated[bool, typer.Option("--json", help="The figures at the end as one JSON object.")]


def run(
    campaign: Annotated[str, typer.Argument(help="TOML file, or the name of a bundled campaign (quickstart).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    budget: Annotated[int | None, typer.Option(help="Oracle calls, in place of the file's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed, in place of the file's.")] = None,
    workers: WorkersOption = None,
    ahead: Annotated[
        int | None,
        typer.Option(min=0, max=8, help="Batches that the workers have ahead of learning, in place of the file's."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Method, in place of the file's: NAME or NAME+KEY=VALUE, as mara+beta=0.02.")
    ] = None,
    prior: PriorOption = None,
    device: DeviceOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on if --out holds this run; begin if not.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin again, removing the run that --out holds.")] = False,
    keep_going: _KeepGoing = False,
    log: _Log = "text",
    report_every: _ReportEvery = None,
    tensorboard: _TensorBoard = False,
    as_json: _Json = False,
    dry_run: DryRun = False,
) -> None:
    """Run a generation campaign: sample, score, learn, until the budget of oracle calls is spent.

    Every call is in DIR/ledger.sqlite before anything is learned from it. Ctrl-C finishes the step and saves; with
    --ahead it saves at once, and what the workers have in hand is measured again. After a crash or a kill nothing is
    lost either: `chemmara resume DIR` goes on, and ends with the same ledger as a run that was never interrupted.
    `chemmara watch DIR` in another terminal shows how it goes.

    Example: chemmara run quickstart --out runs/quickstart
    """
    from chemmara.campaign.method_spec import with_method
    from chemmara.campaign.run import Run
    from chemmara.campaign.settings import load_campaign, saved_settings
    from chemmara.language_model.device import chosen_device
    from chemmara.records.run_folder import RunFolder

    from .dry_run import calls_in, print_campaign
    from .listeners import Listening

    if resume and force:
        raise ChemmaraError("--resume and --force: choose one")
    settings = load_campaign(
        campaign, budget=budget, seed=seed, workers=workers, ahead=ahead, prior=prior, device=device
    )
    settings = settings if method is None else with_method(settings, method)
    chosen_device(settings.device, settings.method.batch_size)  # refused here, before anything is written or removed
    listening = Listening(log, report_every, tensorboard)
    listening.check()
    go_on = resume and RunFolder(out).exists()
    if go_on and budget is None:  # one that `resume --budget` raised stays
        settings = settings.model_copy(update={"budget": max(settings.budget, saved_settings(out).budget)})
    if dry_run:
        if not go_on:
            RunFolder(out).refuse_a_run(force=force)
        print_campaign(settings, out, calls_in(out) if go_on else 0, as_json=as_json)
        return
    current = _resumed(out, settings, listening) if go_on else Run.start(out, settings, force=force)
    _go(current, settings.threads, listening, keep_going=keep_going, as_json=as_json)


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    budget: Annotated[int | None, typer.Option(help="A larger budget than before.")] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:N or mps; default: where the run was (docs/gpu.md).")
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="First measure again, at no call, what has no score: after an outage.")
    ] = False,
    keep_going: _KeepGoing = False,
    log: _Log = "text",
    report_every: _ReportEvery = None,
    tensorboard: _TensorBoard = False,
    as_json: _Json = False,
    dry_run: DryRun = False,
) -> None:
    """Go on with a run where it was saved: after Ctrl-C, a crash, or with a larger --budget.

    Example: chemmara resume runs/quickstart --budget 5000
    """
    from chemmara.campaign.settings import saved_settings
    from chemmara.language_model.device import chosen_device

    from .dry_run import calls_in, print_campaign
    from .listeners import Listening

    settings = saved_settings(folder, budget=budget, device=device)
    chosen_device(settings.device, settings.method.batch_size)  # refused here, before the folder is locked
    listening = Listening(log, report_every, tensorboard)
    listening.check()
    if dry_run:
        print_campaign(settings, folder, calls_in(folder), as_json=as_json)
        return
    if retry:
        _retry(folder, settings, listening, keep_going=keep_going)
    _go(_resumed(folder, settings, listening), None, listening, keep_going=keep_going, as_json=as_json)


def _retry(folder: Path, settings: "CampaignConfig", listening: "Listening", *, keep_going: bool) -> None:
    """Measure again what has no score, and say how many have one now; ChemmaraError where none has."""
    from chemmara.campaign.again import measure_again

    from .progress import counter

    with counter("measuring again") as advance:
        lost, found = measure_again(folder, settings, advance)
    if lost and not found and not keep_going:
        raise ChemmaraError(
            f"{folder}: none of the {lost} calls without a score has one now, and nothing was spent; mend the oracle,"
            " or leave --retry away"
        )
    listening.say("note", f"{found} of {lost} calls that had no score have one now")


def _resumed(folder: Path, settings: "CampaignConfig", listening: "Listening") -> "Run":
    """The run in a folder, where it was saved; a user's own oracle that was changed since then is named."""
    from chemmara.campaign.identity import changed_files
    from chemmara.campaign.run import Run
    from chemmara.records.run_folder import RunFolder

    changed = changed_files(RunFolder(folder).read_config(), settings)
    current = Run.resume(folder, settings)
    for name in changed:
        why = "calls from before and calls from now on may not be comparable"
        listening.say("note", f"the files of {name!r} have changed since the run was begun: {why}")
    return current


def _go(current: "Run", chosen: int | None, listening: "Listening", *, keep_going: bool, as_json: bool) -> None:
    """Run to the end, with a display; then hits, report and summary."""
    from chemmara.campaign.cautions import of_seeds
    from chemmara.campaign.results import write_outputs

    from .listeners import listeners
    from .progress import waiting
    from .tables import print_figures, print_json

    folder = current.folder.path
    with current:
        listening.say("start", _how(current, chosen))
        for line in of_seeds(current.seeds, current.learner.prior):
            listening.say("note", line)
        ahead = current.config.ahead > 0
        try:
            with listeners(listening, current) as tell:
                reason = current.go(tell, acknowledge=lambda: listening.interrupted(ahead), keep_going=keep_going)
        except KeyboardInterrupt:
            listening.say("saved", f"saved; go on with: chemmara resume {folder}")
            raise
        with waiting("writing hits and report"):
            outputs = write_outputs(folder)
    listening.say("end", f"Ended: {reason}.")
    if current.unwritable:
        names, number = ", ".join(current.unwritable[:3]), len(current.unwritable)
        why = "the prior lacks a token, or parts are missing"
        listening.say("note", f"{number} seeds were not learned from ({why}): {names}")
    for line in (*_unscored(outputs.reasons), *outputs.warnings):
        listening.say("note", line)
    if as_json:
        files = {"folder": str(folder), "hits_file": str(folder / "hits.csv"), "report": str(outputs.page)}
        print_json({**outputs.figures, "ended": reason, **files})
        return
    print_figures(outputs.figures)
    typer.echo(f"hits    {folder / 'hits.csv'}\nreport  {outputs.page}")


def _how(current: "Run", chosen: int | None) -> str:
    """The first line of a run: what works on it, and why; `chosen` are the threads that the user chose."""
    from chemmara.language_model.device import device_of
    from chemmara.scoring.worker_limits import WorkerLimits
    from chemmara.system.processors import usable_cpus

    settings = current.config
    why = "as it was begun" if current.progress.step else f"of {usable_cpus()} usable CPUs"
    why = "as the settings say" if chosen else why
    scoring = f"{settings.workers} scoring process{'es' if settings.workers > 1 else ''}"
    limits = WorkerLimits(settings.workers, settings.timeout, settings.worker_memory, settings.scheduler)
    scoring = "scoring in the same process" if limits.here and not settings.ahead else scoring
    scoring = f"scoring by {settings.scheduler}" if settings.scheduler else scoring
    scoring += f", {settings.ahead} batch{'es' if settings.ahead > 1 else ''} ahead" if settings.ahead else ""
    network = f"{settings.threads} thread{'s' if settings.threads != 1 else ''} for the network ({why})"
    place = device_of(current.learner.policy)
    network = network if place.type == "cpu" else f"the network on {place}"
    return f"{network}, {scoring}; budget {settings.budget} oracle calls"


def _unscored(reasons: dict[str, int]) -> list[str]:
    """How many calls have no score, and the commonest reasons."""
    if not reasons:
        return []
    lines = [f"{sum(reasons.values())} calls have no score. The commonest reasons:"]
    return [*lines, *(f"  {number} times: {reason}" for reason, number in list(reasons.items())[:3])]
