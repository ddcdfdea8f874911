"""`chemmara objective`: an objective's components and transforms, and why a molecule has its score."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

from .curves import curve_line
from .options import JsonList, ObjectiveArgument
from .tables import print_json

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(no_args_is_help=True, help="Look into an objective.")

_EXAMPLES = (
    "CC(=O)Oc1ccccc1C(=O)O",  # aspirin
    "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",  # imatinib
)


@app.command("list")
def list_(json: JsonList = False) -> None:
    """The bundled objectives; `chemmara oracle list --tasks` has the benchmark tasks, which are objectives too.

    Example: chemmara objective list
    """
    from chemmara import assets
    from chemmara.scoring.load import load_objective

    objectives = {name: load_objective(name) for name in assets.objectives()}
    if json:
        print_json(
            [
                {"objective": name, "aggregation": config.aggregation, "components": config.names}
                for name, config in objectives.items()
            ]
        )
        return
    for name, config in objectives.items():
        typer.echo(f"{name:<24}{config.aggregation} of {', '.join(config.names)}")


@app.command()
def show(
    objective: ObjectiveArgument,
    smiles: Annotated[
        list[str] | None, typer.Option("--smiles", help="A molecule to explain; may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="PNG of the transforms' curves.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The explanation as one JSON list.")] = False,
) -> None:
    """Draw every transform and explain a few molecules' scores: raw value, desirability, weight, total.

    Example: chemmara objective show drug-like --smiles "CC(=O)Oc1ccccc1C(=O)O" --out curves.png
    """
    from chemmara.scoring.breakdown import breakdown
    from chemmara.scoring.load import load_objective
    from chemmara.scoring.objective import Objective

    config = load_objective(objective)
    if out is not None:
        from chemmara.report.figures import save_png, transform_figure

        if not out.parent.is_dir():
            raise ChemmaraError(f"{out}: its folder {out.parent} does not exist; make it first")
        save_png(transform_figure(config), out)
    rows = breakdown(Objective(config), smiles or _EXAMPLES)
    if json:
        print_json(rows.to_dict("records"))
        return
    typer.echo(f"{config.aggregation} of:")
    for name, component in config.named:
        typer.echo(f"  {name:<24}{component.role:<9}weight {component.weight:<6g}{curve_line(component)}")
    for molecule, table in rows.groupby("smiles", sort=False):
        _explain(str(molecule), table)
    if out is not None:
        typer.echo(f"curves: {out}", err=True)


def _explain(molecule: str, table: "pd.DataFrame") -> None:
    from .tables import as_text

    typer.echo(f"\n{molecule}: total {as_text(float(table['total'].iloc[0]))}")
    for component, raw, found, value in table[["component", "raw", "found", "desirability"]].itertuples(index=False):
        named = f"  ({found})" if found else ""
        typer.echo(f"  {component:<24}{as_text(float(raw)):>10}  desirability {as_text(float(value))}{named}")
    reasons = "; ".join(dict.fromkeys(table.loc[table["error"] != "", "error"]))
    if reasons:
        typer.echo(f"  {reasons}")
