"""Arguments and options that several commands share: declared once, so that they read and behave alike."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from chemmara.errors import ChemmaraError

# what is read
LibraryArgument = Annotated[
    str, typer.Argument(help="Molecules: .smi, .csv, .parquet, .sdf (also .gz), or - for stdin.")
]
SmilesColumnOption = Annotated[str | None, typer.Option(help="Column of the SMILES, if its name does not tell.")]
StandardiseOption = Annotated[
    bool, typer.Option("--standardise", help="Compare main fragments without charges: of a salt the drug.")
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="Only molecules that meet it, as 'tpsa <= 90' or 'name != x': a column, or a property of the table."
        " Repeat it: all are to hold.",
    ),
]
CampaignArgument = Annotated[str, typer.Argument(help="TOML file, or the name of a bundled campaign.")]
ObjectiveArgument = Annotated[str, typer.Argument(help="TOML of an objective or campaign, a bundled name, or a task.")]
PriorArgument = Annotated[str, typer.Argument(help="Folder of a prior (or of a trained policy), or a bundled name.")]
RunsArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, or a folder of runs (compare).")]

# what stands in place of a campaign's settings
PriorOption = Annotated[str | None, typer.Option(help="Prior: folder or bundled name, in place of the file's.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Scoring processes, in place of the file's.")]
DeviceOption = Annotated[
    str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps, in place of the file's (docs/gpu.md).")
]
MethodsOption = Annotated[
    str, typer.Option(help="Methods with commas: NAME or NAME+KEY=VALUE (keys of the method table).")
]

# what is written
TableOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="File: .csv, .tsv, .csv.gz, .parquet, .sdf or .smi. Default: CSV to stdout."),
]
JsonList = Annotated[bool, typer.Option("--json", help="As one JSON list.")]
JsonObject = Annotated[bool, typer.Option("--json", help="As one JSON object.")]
JsonInPlace = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]
ReplaceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def seed_range(text: str, *, first: int) -> range:
    """The seeds of `5`, which are five from the first on, or of `3..5`; ChemmaraError for anything else."""
    found = re.fullmatch(r"(?:(0|[1-9][0-9]{0,8})\.\.)?(0|[1-9][0-9]{0,8})", text)
    seeds = range(0)
    if found:
        seeds = range(int(found[1]), int(found[2]) + 1) if found[1] else range(first, first + int(found[2]))
    if not seeds or seeds[0] < min(first, 1):
        raise ChemmaraError(f"--seeds {text!r}: a number, as 5, or the first and the last seed, as 3..5")
    return seeds


def json_beside_table(figures: str) -> Any:
    """`--json` of a command that writes a table and prints figures, which this says in words."""
    return typer.Option("--json", help=f"One JSON object with {figures}; the table goes to --out alone.")
