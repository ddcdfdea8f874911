"""`chemmara pick`: some of many molecules, as different as can be, or good and different."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from chemmara.errors import ChemmaraError

from .options import LibraryArgument, SmilesColumnOption, StandardiseOption, TableOption, WhereOption, json_beside_table

if TYPE_CHECKING:
    from chemmara.selection.kept_rows import KeptRows
    from chemmara.selection.where import Keeps


class Method(StrEnum):
    """How molecules are picked."""

    maxmin = "maxmin"
    weighted = "weighted"


def pick(
    library: LibraryArgument,
    n: Annotated[int, typer.Option("-n", min=1, help="How many molecules.")],
    method: Annotated[
        Method, typer.Option(help="maxmin: each as far as possible from those before; weighted: score and distance.")
    ] = Method.maxmin,
    diversity: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="With weighted: weight of the distance beside the score. Default: 0.5."),
    ] = None,
    score_column: Annotated[
        str | None, typer.Option(help="With weighted: the scores, the higher the better. Default: total, or score.")
    ] = None,
    where: WhereOption = None,
    seed: Annotated[int | None, typer.Option(min=0, help="With maxmin: draws the first one. Default: 0.")] = None,
    standardise: StandardiseOption = False,
    out: TableOption = None,
    smiles_column: SmilesColumnOption = None,
    as_json: Annotated[bool, json_beside_table("what was picked")] = False,
) -> None:
    """Pick n different molecules: the library's columns, then pick (1, 2, ...) and distance, in the order of picking.

    distance: Tanimoto distance (Morgan 2, 2048 bits) to the nearest molecule picked before. weighted takes next the
    molecule with the largest (1 - diversity) x score + diversity x distance; scores that do not lie between 0 and 1
    are first scaled to 0 for the lowest and 1 for the highest. Invalid rows, and with weighted those without a score,
    or with 0 where scores lie between 0 and 1 (a filter ruled them out), are left out.

    Example: chemmara pick scored.csv -n 50 --method weighted --out picks.csv
    """
    from chemmara.molecules.chem import molecules_of
    from chemmara.molecules.fingerprint_blocks import packed_fingerprints
    from chemmara.molecules.standardise import open_molecules
    from chemmara.selection.export import keeping_rows, nothing_to_take
    from chemmara.selection.kept_rows import KeptRows
    from chemmara.selection.picks import distances
    from chemmara.selection.where import Condition

    from .output import check_out, table_beside_figures
    from .progress import counter
    from .tables import summary, tell_replaced

    check_out(out, ".csv", library)
    if method is Method.maxmin and (diversity is not None or score_column is not None):
        raise ChemmaraError("--diversity and --score-column belong to --method weighted")
    if method is Method.weighted and seed is not None:
        raise ChemmaraError("--seed belongs to --method maxmin; weighted draws nothing")
    conditions = list(map(Condition.read, where or ()))
    molecules = open_molecules(library, smiles_column, main_fragments=standardise)
    tell_replaced(molecules, ("pick", "distance"))
    with counter("reading molecules") as advance, KeptRows(molecules, advance) as rows:
        keeps = keeping_rows(rows, conditions)
        is_maxmin = method is Method.maxmin
        picked = _maxmin(rows, n, seed or 0, keeps) if is_maxmin else _weighted(rows, n, diversity, score_column, keeps)
        if not picked:
            raise nothing_to_take(library, scored=not is_maxmin, where=conditions)
        table = rows.table(picked)
    far = distances(packed_fingerprints(molecules_of(table[molecules.smiles_column].tolist()))).round(3)
    table = table.drop(columns=[name for name in ("pick", "distance") if name in table.columns])
    table = table.assign(pick=range(1, len(table) + 1), distance=far)
    with table_beside_figures(out, molecules.smiles_column, as_json=as_json) as write:
        if write:
            write(table)
    if len(table) < n:
        typer.echo(f"{library}: {len(table)} different molecules, fewer than the {n} that were asked for", err=True)
    least = float(far[1:].min()) if len(far) > 1 else float("nan")
    summary({"molecules": len(rows), "picked": len(table), "least_distance": least}, as_json=as_json)


def _maxmin(rows: "KeptRows", n: int, seed: int, keeps: "Keeps | None") -> list[int]:
    from chemmara.molecules.chem import packed_bytes
    from chemmara.molecules.fingerprint_blocks import to_rows
    from chemmara.selection.distinct import Distinct
    from chemmara.selection.picks import maxmin

    from .progress import counter, waiting

    with counter("comparing molecules", len(rows)) as advance:
        found = Distinct.read(rows.column(rows.smiles_column), packed_bytes, advance, keeps)
    if found.invalid:
        typer.echo(f"{rows.source}: {found.invalid} rows are not valid and are left out", err=True)
    packed = to_rows(found.described)
    found.described.clear()
    with waiting("picking"):
        return found.rows[maxmin(packed, n, seed)].tolist()


def _weighted(
    rows: "KeptRows", n: int, diversity: float | None, score_column: str | None, keeps: "Keeps | None"
) -> list[int]:
    from chemmara.selection.export import DIVERSITY, SCORES, above_zero, column_of_scores, from_zero_to_one, scores_in
    from chemmara.selection.picks import weighted

    from .progress import waiting

    column = column_of_scores(rows, score_column)
    if column is None:
        raise ChemmaraError(f"{rows.source}: has no column {' or '.join(SCORES)}; name it by --score-column")
    scores = above_zero(scores_in(rows, column))
    scaled = from_zero_to_one(scores)
    if scaled is not scores:
        typer.echo(f"{rows.source}: {column} is scaled to 0 for its lowest and 1 for its highest value", err=True)
    with waiting("picking"):
        return weighted(scaled, rows.smiles, n, DIVERSITY if diversity is None else diversity, keeps=keeps)
