"""`chemmara novelty`: how new the molecules of a library are beside known ones."""

from typing import Annotated

import typer

from .options import LibraryArgument, SmilesColumnOption, TableOption, json_beside_table


def novelty(
    library: LibraryArgument,
    against: Annotated[str, typer.Option(help="File of known compounds, of the same kinds.")],
    standardise: Annotated[
        bool, typer.Option("--standardise", help="Compare main fragments without charges, of both files.")
    ] = False,
    out: TableOption = None,
    smiles_column: SmilesColumnOption = None,
    as_json: Annotated[bool, json_beside_table("the figures")] = False,
) -> None:
    """Compare a library with known compounds: its rows, then known, known_scaffold and the nearest known compound.

    known: "yes" for the same molecule, stereo included. known_scaffold: "yes" where a known compound has its
    Bemis-Murcko scaffold. nearest_known, nearest_name, nearest_similarity: the most similar known compound by Tanimoto
    similarity of Morgan fingerprints (radius 2, 2048 bits), and how similar it is. Rows keep their order; an invalid
    one stays, with empty cells. The library is read as it comes and never held.

    Example: chemmara novelty picks.csv --against known.csv --out novelty.csv
    """
    from chemmara.molecules.readers import count_rows
    from chemmara.molecules.standardise import open_molecules
    from chemmara.selection.known import NOVELTY, Known
    from chemmara.selection.novelty import Tally, with_novelty

    from .output import check_out, table_beside_figures
    from .progress import counter
    from .tables import summary, tell_replaced

    check_out(out, ".csv", library)
    molecules = open_molecules(library, smiles_column, main_fragments=standardise)
    tell_replaced(molecules, NOVELTY)
    with counter("reading known compounds") as advance:
        known = Known.read(against, main_fragments=standardise, advance=advance)
    tally = Tally()
    total = None if library == "-" else count_rows(library)
    with (
        counter("comparing", total) as advance,
        table_beside_figures(out, molecules.smiles_column, as_json=as_json) as write,
    ):
        for table in with_novelty(molecules, known):
            if write:
                write(table)
            tally.add(table)
            advance(len(table))
    summary(tally.figures(), as_json=as_json)
