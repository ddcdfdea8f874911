"""`chemmara cluster`: which molecules of a library belong together."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

if TYPE_CHECKING:
    from chemmara.selection.clustered import Clusters
    from chemmara.selection.kept_rows import KeptRows


class Method(StrEnum):
    """How molecules are put together."""

    butina = "butina"
    leader = "leader"
    scaffold = "scaffold"


def cluster(
    library: Annotated[str, typer.Argument(help="Molecules: .smi, .csv, .parquet, .sdf (also .gz), or - for stdin.")],
    method: Annotated[
        Method,
        typer.Option(help="butina: around the fullest places; leader: around the first rows, quicker; scaffold."),
    ] = Method.butina,
    distance: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Farthest Tanimoto distance from a cluster's centre. Default: 0.6."),
    ] = None,
    standardise: Annotated[
        bool, typer.Option("--standardise", help="Compare main fragments without charges: of a salt the drug.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File: .csv, .tsv, .csv.gz, .parquet, .sdf or .smi. Default: CSV to stdout."),
    ] = None,
    smiles_column: Annotated[str | None, typer.Option(help="Column of the SMILES, if its name does not tell.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object with what was found; the table goes to --out alone.")
    ] = False,
) -> None:
    """Cluster a library: its rows in their order, then cluster, cluster_size and centre.

    cluster: 1 for the largest. cluster_size: its different molecules. centre: "yes" for the molecule that stands for
    the cluster. Distances are of Morgan fingerprints (radius 2, 2048 bits); scaffolds are Bemis-Murcko's, and acyclic
    molecules are one cluster. An invalid row stays, with empty cells. butina takes time with the square of the rows
    (100,000 molecules: minutes), leader and scaffold take a million.

    Example: chemmara cluster picks.csv --method butina --distance 0.5 --out clustered.csv
    """
    from chemmara.molecules.library import open_library
    from chemmara.molecules.standardise import standardised
    from chemmara.selection.clustered import DISTANCE
    from chemmara.selection.kept_rows import KeptRows

    from .output import check_out, tables_to
    from .progress import counter
    from .tables import summary

    check_out(out, ".csv", library)
    if method is Method.scaffold and distance is not None:
        raise ChemmaraError("--distance belongs to butina and leader; molecules have the same scaffold or not")
    molecules = open_library(library, smiles_column)
    molecules = standardised(molecules) if standardise else molecules
    with counter("reading molecules") as advance, KeptRows(molecules, advance) as rows:
        found = _clusters(rows, method, DISTANCE if distance is None else distance)
        if not as_json or out is not None:
            with (
                tables_to(out, ".csv", smiles=molecules.smiles_column) as write,
                counter("writing", len(rows)) as written,
            ):
                for table in found.tables(rows):
                    write(table)
                    written(len(table))
    summary(found.figures(), as_json=as_json)


def _clusters(rows: "KeptRows", method: Method, distance: float) -> "Clusters":
    from chemmara.selection.clustered import Clusters

    from .progress import counter

    with (
        counter("looking at molecules", len(rows)) as read,
        counter("clustering", len(rows)) as done,
    ):
        return Clusters.of(rows, method.value, distance, read, done)
