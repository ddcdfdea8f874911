"""`chemmara report`: a run as one page, or several side by side."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folder of a run; several are compared.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Page of several runs; left out: side-by-side.html beside the first."),
    ] = None,
) -> None:
    """Write DIR/report.html, hits.csv, hits.smi and hits.sdf from the ledger alone; a run under way has a report too.

    The page is one file that asks nothing of any server: search, filter and sort its molecules, look at series and at
    what happened, take a selection along as SMILES, CSV or SDF; send it, print it, keep it.

    With several folders: one page with the runs side by side, their shared and own hits, and the molecules of all.

    Example: chemmara report runs/quickstart
    Example: chemmara report runs/first runs/second --out both.html
    """
    from chemmara.campaign.results import write_outputs
    from chemmara.campaign.side_by_side import write_side_by_side
    from chemmara.errors import ChemmaraError

    from .progress import waiting

    if len(folders) == 1 and out is not None:
        raise ChemmaraError("--out: is for several runs; the page of one run is report.html in its folder")
    with waiting("writing the report"):
        if len(folders) == 1:
            outputs = write_outputs(folders[0])
            page, warnings = outputs.page, outputs.warnings
        else:
            page, warnings = write_side_by_side(folders, out or folders[0].parent / "side-by-side.html"), []
    for line in warnings:
        typer.echo(line, err=True)
    typer.echo(page)
