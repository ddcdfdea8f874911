"""`chemmara diversity`: how different the molecules of a library are."""

from typing import Annotated

import typer

from .options import JsonInPlace, LibraryArgument, SmilesColumnOption


def diversity(
    library: LibraryArgument,
    standardise: Annotated[
        bool,
        typer.Option(
            "--standardise", "--standardize", help="Compare main fragments without charges: of a salt the drug."
        ),
    ] = False,
    as_json: JsonInPlace = False,
    smiles_column: SmilesColumnOption = None,
) -> None:
    """Scaffolds, generic scaffolds, internal diversity, #Circles and duplicates of a library.

    Invalid rows are counted and left out. Definitions: docs/metrics.md; what makes two rows duplicates:
    docs/molecules.md.

    Example: chemmara sample chembl-gru -n 1000 | chemmara diversity -
    """
    from chemmara.molecules.standardise import is_mixture, open_molecules
    from chemmara.records.summary import library_figures

    from .progress import waiting
    from .tables import print_figures, print_json, tell_mixtures

    with waiting("comparing molecules"):
        smiles = list(open_molecules(library, smiles_column, main_fragments=standardise).smiles())
        figures = library_figures(smiles)
        mixtures = sum(map(is_mixture, smiles))
    (print_json if as_json else print_figures)(figures)
    tell_mixtures(mixtures)
