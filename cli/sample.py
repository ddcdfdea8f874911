"""`chemmara sample`: molecules from a prior."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from chemmara.errors import ChemmaraError

from .options import PriorArgument


class Sample(TyperCommand):
    """`--link` takes every word up to the next option: `--link A B` is `--link A --link B`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write `--link` before each of its fragments."""
        written: list[str] = []
        linking = False
        for word in args:
            fragment = linking and not word.startswith("-")
            written += ["--link", word] if fragment and written[-1] != "--link" else [word]
            linking = fragment or word == "--link"
        return super().parse_args(ctx, written)


def sample(
    prior: PriorArgument,
    n: Annotated[int, typer.Option("-n", "--number", min=1, help="Molecules to sample.")],
    valid: Annotated[bool, typer.Option("--valid", help="Draw until n are valid; the others are left out.")] = False,
    unique: Annotated[
        bool, typer.Option("--unique", help="Draw until n are different, by canonical SMILES; written as sampled.")
    ] = False,
    nll: Annotated[
        bool,
        typer.Option(
            "--nll", help="Negative log-likelihood in nats, too: a column, in .smi the field after the SMILES."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the draw.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.01, help="Above 1 more varied, below 1 more typical.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.01, max=1.0, help="Keep the likeliest tokens up to this mass.")] = 1.0,
    batch_size: Annotated[
        int,
        typer.Option(
            min=1,
            help="Molecules sampled side by side: more are faster and take more memory. Another size draws others.",
        ),
    ] = 1024,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; auto is a GPU for 64 sequences or more side by side.")
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File: .smi, .csv, .tsv, .csv.gz, .parquet or .sdf. Default: .smi to stdout, or CSV with given parts.",
        ),
    ] = None,
    core: Annotated[
        str | None,
        typer.Option(help="Put groups on this core, a SMILES with * at its places; or a file of cores."),
    ] = None,
    atoms: Annotated[
        list[str] | None,
        typer.Option(help="MIN..MAX heavy atoms of a group [1..30]: once for all places, or once for each in order."),
    ] = None,
    allow_h: Annotated[bool, typer.Option("--allow-h", help="A place may stay hydrogen, not all.")] = False,
    link: Annotated[
        list[str] | None,
        typer.Option(
            help="Join two or three fragments, or two places of one, SMILES with * at their places: --link A B"
        ),
    ] = None,
    linker_atoms: Annotated[str | None, typer.Option(help="MIN..MAX heavy atoms of a linker [2..8].")] = None,
    like: Annotated[str | None, typer.Option(help="Sample analogues of this molecule, a SMILES.")] = None,
    similarity: Annotated[
        str | None, typer.Option(help="MIN..MAX Tanimoto similarity (ECFP4) of an analogue [0.4..0.8].")
    ] = None,
) -> None:
    """Sample molecules from a prior, one SMILES a line, as the network writes them: some may be invalid.

    The same seed, n and batch size give the same molecules on the same device. With --valid or --unique it draws until
    there are n; where of 10,000 draws not one in a thousand is wanted any more, it keeps what it has, says so and ends
    with exit code 2. The likelihood is that of the sequence as sampled, at temperature 1.

    With --core, --link or --like every molecule is valid and holds the given parts, substituted at their places only; a
    table says what is new. --link and --like write each molecule once. docs/from-a-core.md says which to use.

    Example: chemmara sample chembl-gru -n 1000 --valid --unique --seed 1 --out sample.smi
    Example: chemmara sample chembl-gru --core "*c1ncnc2cc(*)ccc12" -n 100 --atoms 1..12
    Example: chemmara sample chembl-gru --link "*c1ccccc1" "*N1CCOCC1" --linker-atoms 2..8 -n 100
    """
    from .given_parts import Request, sample_with_parts
    from .output import check_out

    request = Request(core, atoms or [], allow_h, link or [], linker_atoms, like, similarity)
    request.check(top_p)
    if request.is_made:
        check_out(out, ".csv")
        sample_with_parts(
            prior, request, n, unique=unique, nll=nll, seed=seed, temperature=temperature, batch_size=batch_size,
            device=device, out=out,
        )  # fmt: skip
        return
    check_out(out, ".smi")

    import pandas as pd

    from chemmara.language_model.checkpoint import load_prior
    from chemmara.language_model.device import chosen_device
    from chemmara.language_model.wanted import sample_wanted

    from .output import tables_to
    from .progress import counter

    loaded = load_prior(prior, chosen_device(device, min(n, batch_size)))
    draws = sample_wanted(
        loaded, n, seed=seed, valid=valid, unique=unique, temperature=temperature, top_p=top_p, batch_size=batch_size
    )
    found = drawn = 0
    with tables_to(out, ".smi", name="nll" if nll else None) as write, counter("sampling", n) as advance:
        for draw in draws:
            columns = {"smiles": draw.smiles, **({"nll": pd.Series(draw.nll).round(4)} if nll else {})}
            write(pd.DataFrame(columns))
            advance(len(draw.smiles))
            found, drawn = found + len(draw.smiles), drawn + draw.drawn
    if found < n:
        kind = " ".join(word for word, wanted in (("different", unique), ("valid", valid)) if wanted)
        raise ChemmaraError(
            f"{prior}: {found} of {n} {kind} molecules in {drawn} draws, and hardly a new one in the last;"
            " what there is was written"
        )
