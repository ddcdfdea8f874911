"""`chemmara lab`: the paper's claims, checked where every optimum is known."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chemmara.lab.result import Result

app = typer.Typer(no_args_is_help=True, help="Check the paper's claims on spaces small enough to enumerate.")

_Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for result.json, table.csv and figure.png.")]
_Seeds = Annotated[int | None, typer.Option(min=1, help="Seeds, or random spaces; default: the experiment's own.")]
_Quick = Annotated[bool, typer.Option("--quick", help="Within a minute; not the evidence.")]


@app.command()
def ratio(out: _Out, seeds: _Seeds = None, quick: _Quick = False) -> None:
    """Equal rewards keep the prior's ratio, MARA undoes it; every estimator against its exact target.

    Example: chemmara lab ratio --out lab --quick
    """
    from chemmara.lab.ratio import ratio as experiment

    _report(experiment, out, seeds, quick)


@app.command("beta-sweep")
def beta_sweep(out: _Out, seeds: _Seeds = None, quick: _Quick = False) -> None:
    """Where the preference flips as beta grows, against equation 10, for both KL terms.

    Example: chemmara lab beta-sweep --out lab --quick
    """
    from chemmara.lab.sweep import beta_sweep as experiment

    _report(experiment, out, seeds, quick)


@app.command("forward-kl")
def forward_kl(out: _Out, seeds: _Seeds = None, quick: _Quick = False) -> None:
    """The optimum of forward-KL regularisation, what reaches it, and what it is not.

    Example: chemmara lab forward-kl --out lab --quick
    """
    from chemmara.lab.forward import forward_kl as experiment

    _report(experiment, out, seeds, quick)


def _report(experiment: "Callable[..., Result]", out: Path, seeds: int | None, quick: bool) -> None:
    """Run, write, and print the table and what came of it."""
    from chemmara.lab.result import write_result

    result = experiment(quick=quick) if seeds is None else experiment(seeds, quick=quick)
    folder = write_result(result, out)
    typer.echo(result.table.to_string(index=False))
    if not result.full:
        typer.echo("a quick run, not the evidence", err=True)
    typer.echo(f"claim: {result.claim}\nprediction: {result.prediction}\nmeasured: {result.measured}", err=True)
    typer.echo(f"{'holds' if result.holds else 'does not hold'}; {folder}", err=True)
