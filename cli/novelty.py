"""`chemmara novelty`: how new the molecules of a library are beside known ones."""

from pathlib import Path
from typing import Annotated

import typer


def novelty(
    library: Annotated[str, typer.Argument(help="Molecules: .smi, .csv, .parquet, .sdf (also .gz), or - for stdin.")],
    against: Annotated[str, typer.Option(help="File of known compounds, of the same kinds.")],
    standardise: Annotated[
        bool, typer.Option("--standardise", help="Compare main fragments without charges, of both files.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File: .csv, .tsv, .csv.gz, .parquet, .sdf or .smi. Default: CSV to stdout."),
    ] = None,
    smiles_column: Annotated[str | None, typer.Option(help="Column of the SMILES, if its name does not tell.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object with the figures; the table goes to --out alone.")
    ] = False,
) -> None:
    """Compare a library with known compounds: its rows, then known, known_scaffold and the nearest known compound.

    known: "yes" for the same molecule, stereo included. known_scaffold: "yes" where a known compound has its
    Bemis-Murcko scaffold. nearest_known, nearest_name, nearest_similarity: the most similar known compound by Tanimoto
    similarity of Morgan fingerprints (radius 2, 2048 bits), and how similar it is. Rows keep their order; an invalid
    one stays, with empty cells. The library is read as it comes and never held.

    Example: chemmara novelty picks.csv --against known.csv --out novelty.csv
    """
    from chemmara.molecules.library import open_library
    from chemmara.molecules.readers import count_rows
    from chemmara.molecules.standardise import standardised
    from chemmara.selection.known import Known
    from chemmara.selection.novelty import Tally, with_novelty

    from .output import check_out, tables_to
    from .progress import counter
    from .tables import summary

    check_out(out, ".csv", library)
    molecules = open_library(library, smiles_column)
    molecules = standardised(molecules) if standardise else molecules
    with counter("reading known compounds") as advance:
        known = Known.read(against, main_fragments=standardise, advance=advance)
    tally = Tally()
    total = None if library == "-" else count_rows(library)
    with counter("comparing", total) as advance:
        tables = with_novelty(molecules, known)
        if as_json and out is None:
            for table in tables:
                tally.add(table)
                advance(len(table))
        else:
            with tables_to(out, ".csv", smiles=molecules.smiles_column) as write:
                for table in tables:
                    write(table)
                    tally.add(table)
                    advance(len(table))
    summary(tally.figures(), as_json=as_json)
