"""`chemmara lab`: the paper's claims, checked where every optimum is known."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .tables import print_json

if TYPE_CHECKING:
    from chemmara.lab.result import Result

app = typer.Typer(no_args_is_help=True, help="Check the paper's claims on spaces small enough to enumerate.")

_Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for NAME/result.json, table.csv and figure.png.")]
_Seeds = Annotated[int | None, typer.Option(min=1, help="Seeds, or random spaces; default: the experiment's own.")]
_Json = Annotated[bool, typer.Option("--json", help="The result as one JSON object.")]
_Quick = Annotated[bool, typer.Option("--quick", help="Within a minute; not the evidence.")]

_EXPERIMENTS = {
    "ratio": "Equal rewards keep the prior's ratio, MARA undoes it; every estimator against its exact target.",
    "beta-sweep": "Where the preference flips as beta grows, against equation 10, for both KL terms.",
    "anchors": "What the choice of MARA's anchor does to how much of the policy is good.",
    "thresholds": "What tau does, fixed or a percentile: how good the policy is, and how many answers share it.",
    "clusters": "Cluster-anchored MARA makes clusters of answers equally likely.",
    "estimators": "Bias and variance of every estimator against the exact gradient, on-policy and off.",
    "forward-kl": "The optimum of forward-KL regularisation, what reaches it, and what it is not.",
    "continuous": "The same on a line, where answers cannot be counted.",
    "forecast": "What `chemmara plan` predicts from a pilot, against what is true.",
    "one-two": "The paper's 1-2 task with a small transformer: entropy of two right answers, both KL terms.",
}


def _command(name: str, words: str) -> None:
    def run(out: _Out, seeds: _Seeds = None, quick: _Quick = False, as_json: _Json = False) -> None:
        _print(_run(name, out, seeds, quick=quick), out, as_json=as_json)

    run.__doc__ = f"{words}\n\nExample: chemmara lab {name} --out lab --quick"
    app.command(name)(run)


for _name, _words in _EXPERIMENTS.items():
    _command(_name, _words)


@app.command("all")
def run_all(out: _Out, seeds: _Seeds = None, quick: _Quick = False, as_json: _Json = False) -> None:
    """Every experiment, and one page of claim, prediction and measurement; finished ones are not run again.

    Example: chemmara lab all --out lab --quick
    """
    from chemmara.lab.result import finished, write_page

    for name in _EXPERIMENTS:
        if finished(out, name, quick=quick):
            typer.echo(f"{name}: done already", err=True)
        else:
            typer.echo(f"{name} ...", err=True)
            result = _run(name, out, seeds, quick=quick)
            if not as_json:
                _print(result, out)
    if as_json:
        print_json([_written(name, out) for name in _EXPERIMENTS])
    typer.echo(f"wrote {write_page(list(_EXPERIMENTS), out)}", err=True)


def _run(name: str, out: Path, seeds: int | None, *, quick: bool) -> "Result":
    """The result of an experiment, which is then on disk."""
    from chemmara.lab.experiments import EXPERIMENTS
    from chemmara.lab.result import write_result

    from .progress import waiting

    experiment = EXPERIMENTS[name]
    with waiting(name):
        result = experiment(quick=quick) if seeds is None else experiment(seeds, quick=quick)
    write_result(result, out)
    return result


def _print(result: "Result", out: Path, *, as_json: bool = False) -> None:
    """The table to stdout, and to stderr what came of it."""
    if as_json:
        print_json(_written(result.name, out))
    else:
        typer.echo(result.table.to_string(index=False))
    if not result.full:
        typer.echo("a quick run, not the evidence", err=True)
    typer.echo(f"claim: {result.claim}\nprediction: {result.prediction}\nmeasured: {result.measured}", err=True)
    typer.echo(f"{'holds' if result.holds else 'does not hold'}; {out / result.name}", err=True)


def _written(name: str, out: Path) -> dict[str, Any]:
    """What result.json says."""
    return json.loads((out / name / "result.json").read_text(encoding="utf-8"))
