"""`chemmara pretrain`: a prior from a corpus."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from chemmara.errors import ChemmaraError


def pretrain(
    corpus: Annotated[Path, typer.Argument(help="Folder made by `chemmara corpus prepare`, or a file of molecules.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the prior; also keeps the state to resume from.")],
    parent: Annotated[
        str | None, typer.Option("--from", help="Continue from this prior (transfer learning): folder or bundled name.")
    ] = None,
    network: Annotated[Literal["gru", "lstm", "transformer"], typer.Option(help="Kind of network.")] = "gru",
    hidden: Annotated[int, typer.Option(min=1, help="Width of a layer.")] = 512,
    layers: Annotated[int, typer.Option(min=1, help="Number of layers.")] = 1,
    embedding: Annotated[int, typer.Option(min=1, help="Width of a token's embedding (gru, lstm).")] = 128,
    heads: Annotated[int, typer.Option(min=1, help="Attention heads (transformer).")] = 8,
    dropout: Annotated[float, typer.Option(min=0, max=1, help="Between layers.")] = 0.0,
    notation: Annotated[Literal["smiles", "selfies"], typer.Option(help="How molecules are written.")] = "smiles",
    epochs: Annotated[float, typer.Option(min=0, help="Passes over the corpus.")] = 10.0,
    batch_size: Annotated[int, typer.Option(min=1, help="Molecules a step (and process, under torchrun).")] = 128,
    optimizer: Annotated[Literal["muon", "adamw"], typer.Option(help="Muon for hidden matrices, or AdamW alone.")] = (
        "muon"
    ),
    learning_rate: Annotated[float, typer.Option(help="Between warm-up and decay.")] = 3e-3,
    decay: Annotated[float, typer.Option(min=0, max=1, help="Last part of the run, of falling rate.")] = 1.0,
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        typer.Option(help="auto: bfloat16 on a GPU, float32 on a CPU; newer server CPUs gain from bfloat16 too."),
    ] = "auto",
    evaluate_every: Annotated[int, typer.Option(min=1, help="Steps between evaluations, each a checkpoint.")] = 1000,
    evaluate_samples: Annotated[int, typer.Option(min=0, help="Molecules sampled at each evaluation.")] = 500,
    patience: Annotated[int, typer.Option(min=1, help="Evaluations without progress before stopping early.")] = 10,
    validity_steps: Annotated[
        int, typer.Option(min=0, help="Steps of a second stage, against strings that are no molecules (RL).")
    ] = 0,
    validity_rate: Annotated[float, typer.Option(min=0.0, help="Learning rate of that stage.")] = 1e-4,
    validity_likelihood: Annotated[
        float, typer.Option(min=0.0, help="Weight of the training molecules' likelihood in that stage.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weights and order: same seed, same prior (on a CPU).")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: torch's choice.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...; default: a GPU where there is one.")] = None,
    card_samples: Annotated[int, typer.Option(min=0, help="Molecules to sample for the card's figures.")] = 10_000,
    note: Annotated[str, typer.Option(help="For the card: the data, and its licence.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out was saved.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin again, replacing what --out holds.")] = False,
) -> None:
    """Train a prior: a language model of molecules, by next-token prediction.

    Ctrl-C saves; `--resume` goes on from there, bit for bit on a CPU. Several processes: start the same command with
    `torchrun --nproc-per-node 2 -m chemmara.cli.main pretrain ...`.

    Example: chemmara pretrain corpora/zinc250k --out priors/mine --epochs 10
    """
    import torch

    from chemmara.config import parse
    from chemmara.pretraining.run import has_run
    from chemmara.pretraining.run import pretrain as train
    from chemmara.pretraining.settings import PretrainConfig

    from .progress import training_progress

    if threads:
        torch.set_num_threads(threads)
    if has_run(out) and not (resume or force):
        raise ChemmaraError(f"{out}: holds a prior already; --resume goes on with it, --force begins again")
    recurrent = {"kind": network, "embedding": embedding, "hidden": hidden, "layers": layers, "dropout": dropout}
    attention = {"kind": network, "width": hidden, "heads": heads, "layers": layers, "dropout": dropout}
    options = {
        "network": attention if network == "transformer" else recurrent, "notation": notation, "epochs": epochs,
        "batch_size": batch_size, "optimizer": optimizer, "learning_rate": learning_rate, "decay": decay,
        "precision": precision, "evaluate_every": evaluate_every, "evaluate_samples": evaluate_samples,
        "patience": patience, "validity_steps": validity_steps,
        "validity_rate": validity_rate, "validity_likelihood": validity_likelihood, "seed": seed,
    }  # fmt: skip
    config = parse(PretrainConfig, options, source="pretrain")
    with training_progress() as (tell, tell_second, say):
        progress = train(
            corpus, out, config, parent=parent, resume=resume, device=device, card_samples=card_samples, note=note,
            tell=tell, tell_second=tell_second, say=say,
        )  # fmt: skip
    typer.echo(f"{out}: {progress.best_nll:.2f} nats a held-out molecule at step {progress.best_step}", err=True)
