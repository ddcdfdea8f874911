"""`chemmara pretrain`: a prior from a corpus."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from chemmara.errors import ChemmaraError


def pretrain(
    corpus: Annotated[Path, typer.Argument(help="Folder made by `chemmara corpus prepare`, or a file of molecules.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the prior; also keeps the state to resume from.")],
    parent: Annotated[
        str | None, typer.Option("--from", help="Continue from this prior (transfer learning): folder or bundled name.")
    ] = None,
    network: Annotated[
        Literal["gru", "lstm", "transformer"] | None,
        typer.Option(help="Kind of network; default: gru. With --from this and what follows are the prior's."),
    ] = None,
    hidden: Annotated[int | None, typer.Option(min=1, help="Width of a layer; default: 512.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Number of layers; default: 1.")] = None,
    embedding: Annotated[
        int | None, typer.Option(min=1, help="Width of a token's embedding (gru, lstm); default: 128.")
    ] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads (transformer); default: 8.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0, max=1, help="Between layers; default: 0.")] = None,
    notation: Annotated[
        Literal["smiles", "selfies"] | None, typer.Option(help="How molecules are written; default: smiles.")
    ] = None,
    random_smiles: Annotated[
        Literal["restricted", "unrestricted"] | None,
        typer.Option(
            help="Each molecule as a new random SMILES in every epoch: restricted (side chains before the rest of a"
            " ring, as replay's randomised text) or unrestricted (RDKit's doRandom)."
        ),
    ] = None,
    stereo: Annotated[
        Literal["keep", "drop"], typer.Option(help="Stereo of a molecule file; `corpus prepare` has its own option.")
    ] = "keep",
    extend_vocabulary: Annotated[
        bool, typer.Option("--extend-vocabulary", help="With --from: add the tokens that the prior lacks.")
    ] = False,
    epochs: Annotated[
        float | None, typer.Option(min=0, help="Passes over the corpus; default: 10, more for a small set.")
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Molecules a step (and process, under torchrun); default: a tenth, 8 to 128."),
    ] = None,
    optimizer: Annotated[Literal["muon", "adamw"], typer.Option(help="Muon for hidden matrices, or AdamW alone.")] = (
        "muon"
    ),
    learning_rate: Annotated[
        float | None, typer.Option(help="Between warm-up and decay; default: 3e-3, with --from less, by batch.")
    ] = None,
    decay: Annotated[float, typer.Option(min=0, max=1, help="Last part of the run, of falling rate.")] = 1.0,
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        typer.Option(
            help="auto: bfloat16 on a CUDA GPU that has it, else float32; newer server CPUs gain from bfloat16 too."
        ),
    ] = "auto",
    evaluate_every: Annotated[
        int | None,
        typer.Option(
            min=1, help="Steps between evaluations, each a checkpoint; default: 10 a run (--from: 20), or more."
        ),
    ] = None,
    evaluate_samples: Annotated[int, typer.Option(min=0, help="Molecules sampled at each evaluation.")] = 500,
    patience: Annotated[
        int | None,
        typer.Option(min=1, help="Evaluations without progress before stopping; default: 10, with --from 5."),
    ] = None,
    validity_steps: Annotated[
        int, typer.Option(min=0, help="Steps of a second stage, by RL, for fewer invalid SMILES.")
    ] = 0,
    validity_rate: Annotated[float, typer.Option(min=0.0, help="Learning rate of that stage.")] = 1e-4,
    validity_likelihood: Annotated[
        float, typer.Option(min=0.0, help="Weight of the training molecules' likelihood in that stage.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Fixes weights and order: same seed, same prior (on a CPU).")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default: torch's choice.")] = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu, cuda, cuda:N or mps; auto is a GPU for batches of 64 or more.")
    ] = "auto",
    card_samples: Annotated[int, typer.Option(min=0, help="Molecules to sample for the card's figures.")] = 10_000,
    note: Annotated[str, typer.Option(help="For the card: the data, and its licence.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in --out was saved.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin again, replacing what --out holds.")] = False,
) -> None:
    """Train a prior: a language model of molecules, by next-token prediction.

    A molecule file is canonicalised, each molecule taken once, and a part held out. What cannot be learned from is left
    out and named.

    Ctrl-C saves; `--resume` goes on from there, bit for bit on a CPU. Several processes: start the same command with
    `torchrun --nproc-per-node 2 -m chemmara.cli.main pretrain ...`.

    Example: chemmara pretrain series.smi --from chembl-gru --stereo drop --out priors/series
    """
    import torch

    from chemmara.config import parse
    from chemmara.pretraining.run import pretrain as train
    from chemmara.pretraining.settings import PretrainConfig

    from .progress import training_progress

    if threads:
        torch.set_num_threads(threads)
    options = {
        "stereo": stereo, "random_smiles": random_smiles, "extend_vocabulary": extend_vocabulary,
        "optimizer": optimizer, "decay": decay, "precision": precision, "evaluate_samples": evaluate_samples,
        "validity_steps": validity_steps, "validity_rate": validity_rate, "validity_likelihood": validity_likelihood,
        "seed": seed,
    }  # fmt: skip
    sizes = {"hidden": hidden, "layers": layers, "embedding": embedding, "heads": heads, "dropout": dropout}
    chosen = {name: value for name, value in sizes.items() if value is not None}
    if network or chosen:
        options["network"] = _network(network or "gru", chosen)
    by_size = {
        "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "evaluate_every": evaluate_every,
        "patience": patience, "notation": notation,
    }  # fmt: skip
    options |= {name: value for name, value in by_size.items() if value is not None}
    config = parse(PretrainConfig, options, source="pretrain")
    with training_progress() as (tell, tell_second, tell_read, say):
        progress = train(
            corpus, out, config, parent=parent, resume=resume, force=force, device=device, card_samples=card_samples,
            note=note, tell=tell, tell_second=tell_second, tell_read=tell_read, say=say,
        )  # fmt: skip
    typer.echo(f"{out}: {progress.best_nll:.2f} nats a held-out molecule at step {progress.best_step}", err=True)


def _network(kind: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """Settings of a network, given those that the user chose; ChemmaraError where it does not have one of them."""
    sizes = {"heads": 8} if kind == "transformer" else {"embedding": 128}
    settings = {"hidden": 512, "layers": 1, "dropout": 0.0} | sizes
    if unknown := chosen.keys() - settings.keys():
        raise ChemmaraError(f"--{min(unknown)}: a {kind} has none")
    settings |= chosen
    width = "width" if kind == "transformer" else "hidden"
    return {"kind": kind, width: settings.pop("hidden")} | settings
