"""`chemmara report`: a run as one page."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
) -> None:
    """Write DIR/report.html, hits.csv, hits.smi and hits.sdf from the ledger alone; a run under way has a report too.

    The page is one file without scripts or outside resources: send it, print it, keep it.

    Example: chemmara report runs/quickstart
    """
    from chemmara.campaign.results import write_outputs

    from .progress import waiting

    with waiting("writing the report"):
        outputs = write_outputs(folder)
    for line in outputs.warnings:
        typer.echo(line, err=True)
    typer.echo(outputs.page)
