"""`chemmara prior`: which priors there are, and the card of each."""

from typing import Annotated

import typer

from .options import JsonList
from .tables import print_json

app = typer.Typer(no_args_is_help=True, help="The priors that a campaign can start from.")


@app.command("list")
def list_(json: JsonList = False) -> None:
    """The bundled priors: network, notation, parameters, tokens, and what each can write.

    Example: chemmara prior list
    """
    from chemmara import assets
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.molecules.alphabet import alphabet_of

    priors = {name: load_prior(name) for name in assets.priors()}
    if json:
        print_json([
            {
                "prior": name, "network": prior.config.network.kind, "notation": prior.tokenizer.notation,
                "parameters": prior.parameters, "tokens": len(prior.tokenizer.tokens), "sha256": prior.sha256,
                "random_smiles": prior.config.random_smiles,
            }
            for name, prior in priors.items()
        ])  # fmt: skip
        return
    for name, prior in priors.items():
        random = prior.config.random_smiles
        learned = "" if random is None else f" (random SMILES, {random})"
        written = f"{prior.tokenizer.notation}{learned}, {len(prior.tokenizer.tokens)} tokens"
        typer.echo(f"{name:<24}{prior.config.network.kind:<14}{prior.parameters:>12,} parameters  {written}")
        typer.echo(f"    {alphabet_of(name).sentence()}")


@app.command()
def show(prior: Annotated[str, typer.Argument(help="Folder of a prior, or a bundled name.")]) -> None:
    """The card of a prior: what it learned from, under which licence, by which command, and how good it is.

    Example: chemmara prior show chembl-gru
    """
    from chemmara import assets
    from chemmara.errors import ChemmaraError

    card = assets.prior_folder(prior) / "card.md"
    if not card.is_file():
        raise ChemmaraError(f"{prior}: has no card (card.md)")
    typer.echo(card.read_text(encoding="utf-8"), nl=False)
