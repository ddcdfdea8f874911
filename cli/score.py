"""`chemmara score`: an objective over a library."""

from pathlib import Path
from typing import Annotated

import typer


def score(
    library: Annotated[str, typer.Argument(help="Molecules: .smi, .csv, .parquet, .sdf (also .gz), or - for stdin.")],
    objective: Annotated[str, typer.Option("--objective", help="TOML of an objective or campaign, or a bundled name.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV to write; default: stdout.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Scoring processes; the values do not depend on it.")] = 1,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds a molecule may take.")] = None,
    smiles_column: Annotated[str | None, typer.Option(help="Column of the SMILES, if its name does not tell.")] = None,
) -> None:
    """Score every molecule: the library's columns, then total, one raw value a component, and error.

    Rows keep their order. One without a score stays, with an empty total and the reason under `error`.

    Example: chemmara score library.csv --objective drug-like --out scored.csv
    """
    from chemmara.library import open_library
    from chemmara.scoring.objective import Objective, load_objective
    from chemmara.scoring.table import scored
    from chemmara.scoring.workers import measuring

    from .output import lines_to
    from .progress import counter

    asked = Objective(load_objective(objective))
    molecules = open_library(library, smiles_column)
    failed, first = 0, ""
    with measuring(asked, workers, timeout) as measure, lines_to(out) as write, counter("scoring") as advance:
        for i, table in enumerate(scored(asked, molecules, measure)):
            write([table.to_csv(index=False, header=i == 0, lineterminator="\n").rstrip("\n")])
            advance(len(table))
            missing = table[table["error"] != ""]
            if len(missing) and not failed:
                first = f"row {missing.index[0] + 1}: {missing['error'].iloc[0]}"
            failed += len(missing)
    if failed:
        typer.echo(f"{failed} rows have no score; the first is {first}", err=True)
