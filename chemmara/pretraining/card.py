"""A prior's card: what it learned from, how, and how good it is."""

import shlex
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import torch

from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import device_of
from chemmara.metrics.distribution import frechet_distance, sample_quality
from chemmara.metrics.diversity import internal_diversity
from chemmara.molecules.chem import canonical_smiles
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.curves import curves
from chemmara.pretraining.evaluate import held_out_nll, sampled_smiles
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.spellings import held_out_spellings
from chemmara.pretraining.start import Start
from chemmara.pretraining.state import Progress, read_progress
from chemmara.pretraining.verdict import Fit, concerns
from chemmara.report.figures import as_svg
from chemmara.system.files import write_text


def write_card(folder: Path, source: str, start: Start, *, samples: int, note: str, device: torch.device) -> None:
    """Write card.md and curves.svg of the prior in a folder, from `samples` molecules sampled with seed 0 on a device.

    `source` names the corpus. The quality is that on the molecules which training neither saw nor was steered by, where
    the corpus has such.
    """
    prior = load_prior(folder, device)
    progress = read_progress(folder)
    config = PretrainConfig.model_validate_json(progress.settings)
    held_out = start.texts.test or start.texts.valid
    smiles = sampled_smiles(prior, samples, seed=0)
    quality = sample_quality(smiles, start.texts.known)
    unique = list(dict.fromkeys(text for text in map(canonical_smiles, smiles) if text is not None))
    known = [text for text in held_out if prior.tokenizer.knows(text)]
    figures = {
        **_likelihoods(prior, known),
        "held-out molecules (those it has tokens for)": f"{len(known)} of {len(held_out)}",
        "validity": f"{quality.validity:.4f}",
        "uniqueness, of the valid": f"{quality.uniqueness:.4f}",
        "novelty, of the unique": f"{quality.novelty:.4f}",
        "IntDiv1": f"{internal_diversity(unique):.4f}",
        "FCD against the held-out molecules": _fcd(unique, held_out),
        "parameters": f"{prior.parameters:,}",
        "tokens in the vocabulary": str(len(prior.tokenizer.tokens)),
    }
    data = _data(source, note, start)
    write_text(folder / "curves.svg", as_svg(curves(folder), "curves"))
    write_text(folder / "card.md", _text(prior, data, config, progress, samples, figures))


def _likelihoods(prior: Prior, held_out: list[str]) -> dict[str, str]:
    """Nats a held-out molecule, by the text that is meant."""
    name, kind = "negative log-likelihood, nats a held-out molecule", prior.config.random_smiles
    if not held_out:
        return {name: "-"}
    canonical = f"{held_out_nll(prior, Encoded.of(list(map(prior.encode, held_out)))):.2f}"
    if kind is None:
        return {name: canonical}
    drawn = f"{held_out_nll(prior, held_out_spellings(held_out, prior, kind)):.2f}"
    return {f"{name}, as a random SMILES": drawn, f"{name}, as its canonical SMILES": canonical}


def _data(source: str, note: str, start: Start) -> str:
    """What was learned from, and what was left out of it."""
    lines = [f"{len(start.texts.train):,} molecules of the corpus `{source}`. {note}".rstrip()]
    lines += [f"- {account.summary()}" for account in start.texts.accounts if account.left_out]
    if start.parent:
        lines.append(f"- training went on from the prior `{start.parent}`")
    if start.added:
        lines.append(f"- tokens added to its vocabulary: {' '.join(f'`{token}`' for token in start.added)}")
    if start.cut:
        lines.append(
            f"- samples end after {start.prior.config.max_length} tokens; those of the parent after {start.cut}"
        )
    return "\n".join([lines[0], "", *lines[1:]] if lines[1:] else lines)


def _fcd(unique: list[str], held_out: list[str]) -> str:
    """FCD of unique valid samples, with the sizes it depends on; says so where the extra is not installed."""
    if find_spec("fcd_torch") is None:
        return "not computed: the extra `fcd` is not installed"
    return f"{frechet_distance(unique, held_out):.3f} ({len(unique)} against {len(held_out)})"


def _text(
    prior: Prior, data: str, config: PretrainConfig, progress: Progress, samples: int, figures: dict[str, str]
) -> str:
    table = "\n".join(f"| {name} | {value} |" for name, value in figures.items())
    command = shlex.join(["chemmara", *_without_the_note(sys.argv[1:])])
    return f"""# {prior.name}

A {prior.config.network.kind} language model of molecules, written as {prior.tokenizer.notation}.{_random(prior)}

## Data

{data}

## Quality

{samples:,} samples at temperature 1, seed 0.

| figure | value |
| --- | --- |
{table}

![held-out likelihood and validity while training](curves.svg)

## Training

    {command}

{progress.step:,} steps, {progress.molecules:,} molecules, {progress.seconds / 60:.0f} minutes; the weights are those of
step {progress.best_step:,}, the best on molecules held out to steer by. chemmara {version("chemmara")},
commit {_commit()}, torch {version("torch")}, on {device_of(prior.model).type}.

| nats a molecule | before | after |
| --- | --- | --- |
| training | {progress.start_train_nll:.2f} | {progress.train_nll:.2f} |
| held out to steer by | {progress.start_nll:.2f} | {progress.nll:.2f} |{_canonical_row(prior, progress)}

{progress.copies:.1%} of 500 samples are training molecules.{_warnings(progress)}

Settings: `{config.model_dump_json(exclude_defaults=True)}`
{_second_stage(config, progress)}"""


def _random(prior: Prior) -> str:
    """That training read random SMILES, and which; "" where it did not."""
    kind = prior.config.random_smiles
    if kind is None:
        return ""
    return (
        f"\nTrained on random SMILES ({kind}), new ones in each epoch (Arús-Pous et al. 2019,\n"
        "doi:10.1186/s13321-019-0393-0). Nats are of one SMILES; a molecule has many."
    )


def _canonical_row(prior: Prior, progress: Progress) -> str:
    """The table's last line where training read random SMILES, and what became of those; else ""."""
    if prior.config.random_smiles is None:
        return ""
    return (
        f"\n| the same, canonical SMILES | {progress.start_canonical_nll:.2f} | {progress.canonical_nll:.2f} |\n\n"
        f"Nats of random SMILES, but for the last row. Of {progress.random_smiles:,} random SMILES"
        f" {progress.random_unwritable:,} could not be written within the vocabulary and"
        f" {prior.config.max_length} tokens; canonical SMILES were learned instead."
    )


def _warnings(progress: Progress) -> str:
    before, after = Fit(progress.start_train_nll, progress.start_nll), Fit(progress.train_nll, progress.nll)
    return "".join(f"\n\nWarning: {concern}." for concern in concerns(before, after, progress.copies))


def _second_stage(config: PretrainConfig, progress: Progress) -> str:
    """What the stage against invalid SMILES changed; "" where there was none."""
    if not progress.polished:
        return ""
    nll, validity = progress.nll_before, progress.validity_before
    text = " (as a random SMILES)" if config.random_smiles else ""
    return f"""
## Second stage

{config.validity_steps} steps of KL-regularised reinforcement learning: reward 1 for a valid SMILES and 0 for an
invalid one, beta {config.validity_beta:g}, RLOO, 512 samples a step, rate {config.validity_rate:g}, the likelihood of
training molecules at weight {config.validity_likelihood:g}. The optimum is the first stage's distribution with
invalid SMILES made rarer. Before it: validity {validity:.4f}, {nll:.2f} nats a held-out molecule{text}. The curves
show the first stage.
"""


def _without_the_note(arguments: list[str]) -> list[str]:
    """The command's arguments without --resume, and without the note, which stands above."""
    kept = [argument for argument in arguments if argument != "--resume"]
    if "--note" in kept:
        at = kept.index("--note")
        del kept[at : at + 2]
    return kept


def _commit() -> str:
    """The commit of the checkout that runs; 'unknown' from a wheel."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
