"""`chemmara plan` and `chemmara explain`: what the optimum will look like, and why a policy prefers what it does."""

from pathlib import Path
from typing import Annotated

import typer

from chemmara.errors import ChemmaraError

from .options import CampaignArgument, DeviceOption, JsonObject, PriorOption, WorkersOption
from .tables import print_json


def plan(
    campaign: CampaignArgument,
    pilot: Annotated[int, typer.Option("--pilot", "-n", min=10, help="Samples to score.")] = 500,
    betas: Annotated[str, typer.Option(help="Betas to look at, with commas; default: 1/512 to 1/4.")] = "",
    prior: PriorOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    as_json: JsonObject = False,
) -> None:
    """Say from a small pilot what a campaign's optimum looks like for each beta, for each kind of reward.

    The pilot is what the campaign would begin with: samples of the prior or, where it starts from a core or the like,
    samples that hold it (their effective number of strings is then unknown: NaN).
    vanilla is the scores themselves, prior-undone the half of MARA that is the default, mara all of it.

    Costs up to --pilot oracle calls (none twice, where the campaign has a cache). The optimum is the prior weighted by
    exp(reward / beta), so the pilot's samples with those weights stand for it. `effective samples` says how far to
    trust a row: below 30, and with MARA or its half always, its figures are hints, for a few samples carry all the
    weight.

    Columns: expected score; probability of a hit with its 95 % interval; effective number of strings, and of the
    pilot's molecules and scaffolds (lower bounds); flips: of the pairs of samples of which one is likelier and the
    other better, the share in which the better is preferred; seen: share of the optimum that the pilot has met.

    Example: chemmara plan quickstart --pilot 300
    """
    from chemmara.campaign.plan import BETAS
    from chemmara.campaign.plan import plan as forecast_all
    from chemmara.campaign.settings import load_campaign

    from .progress import counter

    settings = load_campaign(campaign, prior=prior, workers=workers, device=device)
    if settings.stage:
        typer.echo("note: the pilot is scored by the objective of the last stage", err=True)
    with counter("scoring", pilot) as advance:
        found = forecast_all(settings, n=pilot, betas=_numbers(betas) or BETAS, advance=advance)
    table = found.table()
    if as_json:
        said = {"calls": found.calls, "beta": found.beta, "tau": found.tau, "why": found.why}
        print_json({**said, "forecasts": table.to_dict("records")})
        return
    typer.echo(table.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    typer.echo(f"beta {found.beta:.4g}, tau {found.tau:g}: {found.why} ({found.calls} oracle calls spent)")
    own = settings.method
    if (own.beta, own.tau) != (found.beta, found.tau):
        tau = f"tau {own.tau:g}" if isinstance(own.tau, float) else "a tau that moves"
        typer.echo(f"The campaign has beta {own.beta:.4g} and {tau}; a plan changes nothing in it.")
    typer.echo(
        "The rows of prior-undone and mara are hints only: a string that the pilot has not met may weigh more than all"
        " it has met."
    )


def _numbers(text: str) -> list[float]:
    try:
        values = [float(number) for number in text.split(",") if number.strip()]
    except ValueError:
        raise ChemmaraError(f"--betas {text!r}: numbers with commas are needed, as in 0.01,0.1") from None
    if any(not value > 0 for value in values):
        raise ChemmaraError(f"--betas {text!r}: every beta must be above 0")
    return values


def explain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run that has ended.")],
    first: Annotated[str, typer.Argument(metavar="A", help="A molecule that the run has scored: SMILES or call-N.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: JsonObject = False,
) -> None:
    """Say why a run's policy prefers one molecule to another: prior's ratio, scores', rewards', and what came.

    At the optimum a SMILES y has probability prior(y) exp(reward(y) / beta) (eq. 2), and a molecule the sum over its
    SMILES. Without MARA log ratios are prior + score / beta (eq. 7), in the default score / beta alone
    between good ones, and MARA makes all good SMILES equally likely. With either, of two molecules that are equal in
    this the one with more SMILES is likelier, by the log of the ratio of their numbers.

    Random SMILES of each molecule are drawn until the sums hardly grow; where 8,192 do not suffice, the output says
    how much is missing.

    Example: chemmara explain runs/quickstart "CCO" "CCN"
    """
    from dataclasses import asdict

    from chemmara.campaign.preference import preference

    from .progress import counter

    with counter("drawing SMILES") as advance:
        found = preference(folder, first, second, advance)
    if as_json:
        derived = {"predicted": found.predicted, "observed_range": found.observed_range, "words": found.words()}
        print_json(asdict(found) | derived)
        return
    low, high = (f"{end:+z.2f}" for end in found.observed_range)
    evened = {f"equal mass of each {found.equal_mass}": f"{found.clusters:+z.2f}"}
    rows = {
        "A": f"{found.first}  score {found.scores[0]:.3f}",
        "B": f"{found.second}  score {found.scores[1]:.3f}",
        "log prior(A) / prior(B)": f"{found.prior:+z.2f}",
        f"score difference / beta ({found.beta:.4g})": f"{found.score:+z.2f}",
        f"lift by {found.rewards}, tau {found.tau:g}": f"{found.lift:+z.2f}",
        "numbers of SMILES, log ratio": f"{found.strings:+z.2f}",
        **({} if found.equal_mass == "string" else evened),
        "predicted for the optimum": f"{found.predicted:+z.2f}",
        "observed log policy(A) / policy(B)": f"{found.observed:+z.2f}"
        + (f"  ({low} to {high})" if low != high else ""),
        "SMILES of A": found.drawn[0].words(),
        "SMILES of B": found.drawn[1].words(),
    }
    width = max(map(len, rows))
    for words, value in rows.items():
        typer.echo(f"{words:<{width}}  {value}")
    typer.echo(found.words())
