"""`chemmara corpus`: molecules to train a prior on."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from .options import JsonList
from .tables import print_json

app = typer.Typer(no_args_is_help=True, help="Molecules to train a prior on: public sets, and files made ready.")


@app.command("list")
def list_sets(json: JsonList = False) -> None:
    """Show the catalogue of public data sets.

    Example: chemmara corpus list
    """
    from chemmara.pretraining.catalogue import catalogue

    if json:
        print_json([{"name": name, **entry.model_dump(mode="json")} for name, entry in catalogue().items()])
        return
    for name, entry in catalogue().items():
        checked = "sha256 known" if entry.sha256 else "sha256 unknown"
        typer.echo(f"{name}\n    {entry.title}\n    {entry.url}\n    {entry.licence}; {checked}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="Name in the catalogue.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: its own name.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="Take this copy instead of downloading.")] = None,
    accept_unverified: Annotated[
        bool, typer.Option("--accept-unverified", help="Take a set for which the catalogue has no checksum.")
    ] = False,
) -> None:
    """Download a public data set and verify its checksum; a file with another checksum is not kept.

    Example: chemmara corpus fetch zinc250k --out zinc250k.txt.tar.gz
    """
    from chemmara.pretraining.catalogue import fetch as get
    from chemmara.pretraining.catalogue import find

    from .progress import bytes_counter

    entry = find(name)
    path = out or Path(entry.file)
    with bytes_counter(name) as tell:
        found = get(entry, path, source=source, accept_unverified=accept_unverified, tell=tell)
    word = "verified" if entry.sha256 else "NOT verified"
    typer.echo(f"{path}: sha256 {found} ({word}). Licence: {entry.licence}. Cite: {entry.citation}", err=True)


@app.command()
def prepare(
    sources: Annotated[list[Path], typer.Argument(help="Molecule files: .smi, .csv, .parquet, .sdf, also packed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the corpus.")],
    charges: Annotated[Literal["neutralise", "keep"], typer.Option(help="Charges on molecules.")] = "neutralise",
    stereo: Annotated[Literal["keep", "drop"], typer.Option(help="Stereo centres and double bonds.")] = "keep",
    isotopes: Annotated[Literal["keep", "drop"], typer.Option(help="Isotopes, as [13C] and [2H].")] = "drop",
    min_atoms: Annotated[int, typer.Option(min=1, help="Fewest heavy atoms.")] = 10,
    max_atoms: Annotated[int, typer.Option(min=1, help="Most heavy atoms.")] = 50,
    max_length: Annotated[int, typer.Option(min=1, help="Most SMILES tokens.")] = 100,
    elements: Annotated[str, typer.Option(help="Elements allowed.")] = "H,B,C,N,O,F,P,S,Cl,Br,I",
    split: Annotated[Literal["random", "scaffold"], typer.Option(help="How molecules are held out.")] = "random",
    valid: Annotated[float, typer.Option(min=0, max=0.5, help="Share held out to steer training.")] = 0.02,
    test: Annotated[float, typer.Option(min=0, max=0.5, help="Share held out to judge the prior.")] = 0.02,
    seed: Annotated[int, typer.Option(min=0, help="Fixes split and order.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace the corpus that --out holds.")] = False,
) -> None:
    """Standardise molecules, drop repeats and outliers, and split: train.smi, valid.smi, test.smi, corpus.json.

    What was dropped, and why, is printed and kept in corpus.json.

    Example: chemmara corpus prepare zinc250k.txt.tar.gz --out corpora/zinc250k --workers 2
    """
    from chemmara.molecules.standardise import StandardiseConfig
    from chemmara.pretraining import corpus

    from .progress import counter

    config = corpus.CorpusConfig(
        standardise=StandardiseConfig(
            charges=charges, stereo=stereo, isotopes=isotopes, elements=tuple(elements.split(",")),
            min_atoms=min_atoms, max_atoms=max_atoms, max_length=max_length,
        ),
        split=split, valid=valid, test=test, seed=seed,
    )  # fmt: skip
    with counter("standardising") as tell:
        report = corpus.prepare(sources, out, config, workers=workers, force=force, tell=tell)
    typer.echo(f"read {report.read} molecules", err=True)
    for reason, number in report.dropped.items():
        typer.echo(f"dropped {number}: {reason}", err=True)
    typer.echo("kept " + ", ".join(f"{number} {name}" for name, number in report.kept.items()), err=True)
