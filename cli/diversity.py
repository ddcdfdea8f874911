"""`chemmara diversity`: how different the molecules of a library are."""

from typing import Annotated

import typer


def diversity(
    library: Annotated[str, typer.Argument(help="Molecules: .smi, .csv, .parquet, .sdf (also .gz), or - for stdin.")],
    standardise: Annotated[
        bool,
        typer.Option(
            "--standardise", "--standardize", help="Compare main fragments without charges: of a salt the drug."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
    smiles_column: Annotated[str | None, typer.Option(help="Column of the SMILES, if its name does not tell.")] = None,
) -> None:
    """Scaffolds, generic scaffolds, internal diversity, #Circles and duplicates of a library.

    Invalid rows are counted and left out. Definitions: docs/metrics.md; what makes two rows duplicates:
    docs/molecules.md.

    Example: chemmara sample chembl-gru -n 1000 | chemmara diversity -
    """
    from chemmara.molecules.library import open_library
    from chemmara.molecules.standardise import is_mixture, standardised
    from chemmara.records.summary import library_figures

    from .progress import waiting
    from .tables import print_figures, print_json, tell_mixtures

    with waiting("comparing molecules"):
        molecules = open_library(library, smiles_column)
        smiles = list((standardised(molecules) if standardise else molecules).smiles())
        figures = library_figures(smiles)
        mixtures = sum(map(is_mixture, smiles))
    (print_json if as_json else print_figures)(figures)
    tell_mixtures(mixtures)
