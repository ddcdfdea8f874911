"""`chemmara cluster`: which molecules of a library belong together."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

from .options import LibraryArgument, SmilesColumnOption, StandardiseOption, TableOption, json_beside_table

if TYPE_CHECKING:
    from chemmara.selection.clustered import Clusters
    from chemmara.selection.kept_rows import KeptRows


class Method(StrEnum):
    """How molecules are put together."""

    butina = "butina"
    leader = "leader"
    scaffold = "scaffold"


def cluster(
    library: LibraryArgument,
    method: Annotated[
        Method,
        typer.Option(help="butina: around the fullest places; leader: around the first rows, quicker; scaffold."),
    ] = Method.butina,
    distance: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Farthest Tanimoto distance from a cluster's centre. Default: 0.6."),
    ] = None,
    standardise: StandardiseOption = False,
    out: TableOption = None,
    smiles_column: SmilesColumnOption = None,
    as_json: Annotated[bool, json_beside_table("what was found")] = False,
) -> None:
    """Cluster a library: its rows in their order, then cluster, cluster_size and centre.

    cluster: 1 for the largest. cluster_size: its different molecules. centre: "yes" for the molecule that stands for
    the cluster. Distances are of Morgan fingerprints (radius 2, 2048 bits); scaffolds are Bemis-Murcko's, and acyclic
    molecules are one cluster. An invalid row stays, with empty cells. Columns of these names that the library has
    already are replaced. butina takes time with the square of the rows
    (100,000 molecules: minutes), leader and scaffold take a million.

    Example: chemmara cluster picks.csv --method butina --distance 0.5 --out clustered.csv
    """
    from chemmara.molecules.standardise import open_molecules
    from chemmara.selection.clustered import COLUMNS, DISTANCE
    from chemmara.selection.kept_rows import KeptRows

    from .output import check_out, table_beside_figures
    from .progress import counter
    from .tables import summary, tell_replaced

    check_out(out, ".csv", library)
    if method is Method.scaffold and distance is not None:
        raise ChemmaraError("--distance belongs to butina and leader; molecules have the same scaffold or not")
    molecules = open_molecules(library, smiles_column, main_fragments=standardise)
    tell_replaced(molecules, COLUMNS)
    with counter("reading molecules") as advance, KeptRows(molecules, advance) as rows:
        found = _clusters(rows, method, DISTANCE if distance is None else distance)
        with (
            table_beside_figures(out, molecules.smiles_column, as_json=as_json) as write,
            counter("writing", len(rows)) as written,
        ):
            if write:
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
