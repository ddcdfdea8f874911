"""`chemmara oracle`: what can be measured of a molecule, how, and at what cost."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chemmara.errors import ChemmaraError

from .options import JsonList, JsonObject, ObjectiveArgument
from .tables import print_json
from .toml import toml_pairs, toml_value
from .transforms import transforms

if TYPE_CHECKING:
    from chemmara.scoring.components.table import Row

app = typer.Typer(no_args_is_help=True, help="The oracles that an objective may name.")
app.command()(transforms)

_TRIED = (
    "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "CN1CCC[C@H]1c1cccnc1", "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
)  # fmt: skip


@app.command("list")
def list_(
    tasks: Annotated[bool, typer.Option("--tasks", help="The benchmark tasks instead.")] = False,
    json: JsonList = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the Markdown table of docs/oracles.md.")] = False,
) -> None:
    """Every oracle with its definition, unit, range and cost, or every benchmark task.

    Example: chemmara oracle list
    """
    if tasks:
        from chemmara.scoring.tasks import TASKS

        print_json(list(TASKS)) if json else typer.echo("\n".join(TASKS))
        return
    from chemmara.scoring.components.table import component_table, value_range

    rows = component_table()
    if json:
        print_json([{**_plain(row), "range": value_range(row)} for row in rows])
        return
    if markdown:
        typer.echo("| oracle | value | unit | range | cost, ms | example |\n| --- | --- | --- | --- | --- | --- |")
        for row in rows:
            cells = (
                row.oracle,
                row.definition,
                row.unit,
                value_range(row),
                f"{row.cost:g}",
                f"`{toml_pairs(row.example)}`",
            )
            typer.echo("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
        return
    for row in rows:
        values = " ".join(filter(None, (value_range(row), row.unit)))
        typer.echo(f"{row.oracle:<18}{values:<34}{row.cost:>8,g} ms  {row.definition}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="As in `chemmara oracle list`.")],
    json: JsonObject = False,
) -> None:
    """One oracle: its definition, its settings, and an example to copy into a campaign or an objective's file.

    Example: chemmara oracle show similarity
    """
    from chemmara.config import did_you_mean
    from chemmara.scoring.components.table import (
        component_table,
        everyday_names,
        own_defaults,
        own_settings,
        value_range,
    )

    rows = {row.oracle: row for row in component_table()}
    if name not in rows:
        raise ChemmaraError(f"unknown oracle {name!r}{did_you_mean(name, rows, everyday_names())}")
    row = rows[name]
    keys, defaults = own_settings(row.settings), own_defaults(row.settings)
    if json:
        settings = {"settings": keys, "defaults": defaults}
        print_json({**_plain(row), "range": value_range(row), **settings, "transform": row.transform})
        return
    unit = f", {row.unit}" if row.unit else ""
    typer.echo(f"{name}: {row.definition}\nvalues: {value_range(row)}{unit}; about {row.cost:g} ms a molecule")
    for key, words in keys.items():
        default = f" (default: {toml_value(defaults[key])})" if key in defaults else ""
        typer.echo(f"  {key:<18}{words}{default}")
    example = row.example if row.transform is None else {**row.example, "transform": row.transform}
    lines = "\n".join(f"{key} = {toml_value(value)}" for key, value in example.items())
    typer.echo(f"\n# in a campaign's file:\n[[objective.component]]\n{lines}")
    typer.echo(f"\n# in an objective's file:\n[[component]]\n{lines}")


@app.command("test")
def try_(
    objective: ObjectiveArgument,
    smiles: Annotated[list[str] | None, typer.Option("--smiles", help="A molecule to try; may be repeated.")] = None,
    json: JsonList = False,
) -> None:
    """Measure a few molecules by every component of an objective, and time it; exit 2 if a component gives no value.

    Example: chemmara oracle test drug-like
    """
    from chemmara.scoring.breakdown import trial
    from chemmara.scoring.load import load_objective

    results = trial(load_objective(objective), smiles or _TRIED)
    if json:
        print_json([asdict(result) for result in results])
    silent = []
    for result in results:
        given = [value for value in result.values if value == value]  # noqa: PLR0124 - NaN's mark
        span = f"{min(given):.4g} to {max(given):.4g}" if given else "nothing"
        words = f"{len(given)} of {len(result.values)} molecules, {span}"
        words = f"{result.milliseconds:>9.2f} ms a molecule, {result.loading:.0f} ms to load; {words}"
        if not json:
            typer.echo(f"{result.component:<24}{words}")
        for reason in dict.fromkeys(error for error in result.errors if error):
            typer.echo(f"  {reason}", err=True)
        if not given:
            silent.append(result.component)
    if silent:
        raise ChemmaraError(f"{objective}: no value from {', '.join(silent)}; the reasons are above")


def _plain(row: "Row") -> dict[str, Any]:
    return {
        "oracle": row.oracle,
        "definition": row.definition,
        "unit": row.unit,
        "cost_ms": row.cost,
        "example": row.example,
    }
