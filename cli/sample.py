"""`chemmara sample`: molecules from a prior."""

from pathlib import Path
from typing import Annotated

import typer


def sample(
    prior: Annotated[str, typer.Argument(help="Folder of a prior (or of a trained policy), or a bundled name.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Molecules to sample.")],
    seed: Annotated[int, typer.Option(min=0, help="Fixes the draw.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.01, help="Above 1 more varied, below 1 more typical.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0.01, max=1.0, help="Keep the likeliest tokens up to this mass.")] = 1.0,
    batch_size: Annotated[int, typer.Option(min=1, help="Molecules sampled side by side.")] = 1024,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: stdout.")] = None,
) -> None:
    """Sample molecules from a prior, one SMILES a line, as the network writes them: some may be invalid.

    Example: chemmara sample chembl-gru -n 1000 --seed 1 --out sample.smi
    """
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.language_model.sampling import sample_batches

    from .output import lines_to
    from .progress import counter

    loaded = load_prior(prior)
    batches = sample_batches(
        loaded.model, loaded.tokenizer, n, seed=seed, max_length=loaded.config.max_length,
        temperature=temperature, top_p=top_p, batch_size=batch_size,
    )  # fmt: skip
    with lines_to(out) as write, counter("sampling", n) as advance:
        for rollout in batches:
            write(rollout.smiles)
            advance(len(rollout.smiles))
