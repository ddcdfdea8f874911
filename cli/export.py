"""`chemmara export`: the molecules that a chemist takes away, of a run or of a library."""

from pathlib import Path
from typing import Annotated

import typer

from chemmara.errors import ChemmaraError

from .options import SmilesColumnOption, WhereOption, json_beside_table


def export(
    source: Annotated[
        str, typer.Argument(metavar="RUN|LIBRARY", help="Folder of a run, or molecules: .smi, .csv, .parquet, .sdf, -.")
    ],
    top: Annotated[int | None, typer.Option(min=1, help="The N best by score, none of 0.")] = None,
    diverse: Annotated[
        int | None, typer.Option(min=1, help="N good and different ones: `chemmara pick --method weighted`.")
    ] = None,
    per_scaffold: Annotated[int | None, typer.Option(min=1, help="At most K molecules of a scaffold.")] = None,
    where: WhereOption = None,
    hit_threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Score from which molecules of a run are hits, in place of the campaign's."
        ),
    ] = None,
    known: Annotated[
        str | None, typer.Option(help="File of known compounds: adds the nearest one and its similarity.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File: .sdf, .csv, .tsv, .csv.gz, .parquet or .smi. Default: CSV to stdout."),
    ] = None,
    standardise: Annotated[
        bool, typer.Option("--standardise", help="Take main fragments without charges: of a salt the drug.")
    ] = False,
    score_column: Annotated[
        str | None, typer.Option(help="Column of a library's scores, the higher the better. Default: total, or score.")
    ] = None,
    smiles_column: SmilesColumnOption = None,
    as_json: Annotated[bool, json_beside_table("what was written")] = False,
) -> None:
    """Write the best, or a good and diverse set, as a table for a chemist: each molecule once, the best first.

    Columns: those of the library, or for a run name, score and components; then pick, scaffold, series (number of the
    scaffold), nearest_known, nearest_name and nearest_similarity (with --known), inchikey, molecular_weight,
    crippen_logp, tpsa, hbd, hba, rotatable_bonds, alerts and sa_score; and what the QSAR models of a run say of their
    predictions: interval, domain, nearest molecule learned from. Without --top and --diverse: all hits of a run, all
    molecules of a library, those without a score last. --diverse takes a run's hits; in a library without scores it
    takes the most different molecules. Invalid rows are left out; so are, with --top or --diverse, scores of 0 where
    all lie between 0 and 1: a filter ruled these molecules out.

    Example: chemmara export runs/quickstart --top 50 --where "alerts = 0" --where "molecular_weight <= 450"
    Example: chemmara export runs/quickstart --diverse 20 --per-scaffold 2 --known known.csv --out picks.sdf
    """
    from chemmara.selection.export import Wish, added_to, export_library
    from chemmara.selection.known import Known
    from chemmara.selection.where import Condition

    from .output import check_out, table_beside_figures
    from .progress import counter, waiting
    from .tables import summary, tell_replaced

    if top is not None and diverse is not None:
        raise ChemmaraError("--top and --diverse: choose one")
    is_run = Path(source).is_dir()
    check_out(out, ".csv", "-" if is_run else source)
    if is_run and (score_column is not None or smiles_column is not None or standardise):
        raise ChemmaraError(
            f"{source}: is a run, whose scores and SMILES are known; --score-column, --smiles-column and --standardise"
            " belong to a library"
        )
    if hit_threshold is not None and (top is not None or not is_run):
        raise ChemmaraError("--hit-threshold says what the hits of a run are; --where 'total >= X' takes rows by score")
    compounds = None
    if known is not None:
        with counter("reading known compounds") as advance:
            compounds = Known.read(known, main_fragments=standardise, scaffolds=False, advance=advance)
    wish = Wish(top, diverse, per_scaffold, compounds, tuple(map(Condition.read, where or ())))
    if is_run:
        from chemmara.campaign.results import export_run

        with waiting("choosing molecules"):
            table, warnings = export_run(Path(source), wish, hit_threshold)
        smiles = "smiles"
        for line in warnings:
            typer.echo(line, err=True)
    else:
        from chemmara.molecules.standardise import open_molecules

        library = open_molecules(source, smiles_column, main_fragments=standardise)
        tell_replaced(library, added_to(library.columns, wish))
        with counter("reading molecules") as advance:
            table, smiles = export_library(library, wish, score_column, advance), library.smiles_column
    with table_beside_figures(out, smiles, as_json=as_json) as write:
        if write:
            write(table)
    wanted = top or diverse
    if wanted and len(table) < wanted:
        typer.echo(f"{source}: {len(table)} molecules to take, fewer than the {wanted} that were asked for", err=True)
    figures = {"molecules": len(table), "scaffolds": len(set(table["scaffold"]))}
    summary(figures, as_json=as_json)
