"""`chemmara likelihood`: how probable a prior finds given molecules."""

from typing import Annotated, Any

import typer

from .options import LibraryArgument, PriorArgument, SmilesColumnOption, TableOption


def likelihood(
    prior: PriorArgument,
    library: LibraryArgument,
    out: TableOption = None,
    smiles_column: SmilesColumnOption = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; auto is a GPU where there is one.")
    ] = "auto",
) -> None:
    """Negative log-likelihood (nll, in nats, of the SMILES as written and its end) of every molecule.

    Another SMILES of the same molecule has another likelihood: bundled priors learned RDKit's canonical SMILES. Rows
    keep their order. One that the prior cannot write stays, with an empty nll and the reason under `error`. Columns nll
    and error that the library has already are replaced.

    Example: chemmara likelihood chembl-gru library.csv --out nll.csv
    """
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.language_model.device import chosen_device
    from chemmara.language_model.library_nll import COLUMNS, with_nll
    from chemmara.language_model.sampling import LIKELIHOOD_ROWS
    from chemmara.molecules.library import open_library

    from .output import check_out, tables_to
    from .progress import counter
    from .tables import tell_replaced

    check_out(out, ".csv", library)
    loaded, molecules = load_prior(prior, chosen_device(device, LIKELIHOOD_ROWS)), open_library(library, smiles_column)
    tell_replaced(molecules, COLUMNS)
    failed, first = 0, ""
    with tables_to(out, ".csv", smiles=molecules.smiles_column) as write, counter("likelihood") as advance:
        for table in with_nll(loaded, molecules):
            write(table)
            advance(len(table))
            missing: Any = table[table["error"] != ""]
            if len(missing) and not failed:
                first = f"row {missing.index[0] + 1}: {missing['error'].iloc[0]}"
            failed += len(missing)
    if failed:
        typer.echo(f"{failed} rows have no nll; the first is {first} (prior {loaded.name})", err=True)
