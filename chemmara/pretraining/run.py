"""`chemmara pretrain` as one call: corpus and settings in, a prior's folder out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from chemmara.errors import ChemmaraError
from chemmara.files import new_folder
from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior, save_prior
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.chem import parse
from chemmara.molecules.library import open_library
from chemmara.molecules.notation import NOTATIONS
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.card import write_card
from chemmara.pretraining.corpus import read_split
from chemmara.pretraining.evaluate import held_out_nll, sampled_smiles
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.state import STATE, Progress, read_progress, save_state
from chemmara.pretraining.train import Corpus, Report, Trainer
from chemmara.pretraining.validity import favour_molecules
from chemmara.pretraining.workers import team

_HELD_OUT = 0.02  # of a plain molecule file; at most this many:
_MOST_HELD_OUT = 5000


@dataclass(frozen=True)
class Texts:
    """SMILES to learn from and SMILES held out."""

    train: list[str]
    valid: list[str]  # to steer training by
    test: list[str]  # to judge the prior by; those of `valid` where the corpus has no third part


def read_texts(source: Path, seed: int) -> Texts:
    """The splits of a folder made by `corpus prepare`, or a molecule file of which 2 % are held out by seed."""
    if source.is_dir():
        valid = read_split(source, "valid")
        test = read_split(source, "test") if (source / "test.smi").exists() else valid
        return Texts(read_split(source, "train"), valid, test)
    smiles = list(open_library(source).smiles())
    order = np.random.default_rng(seed).permutation(len(smiles))
    held_out = min(_MOST_HELD_OUT, max(1, round(_HELD_OUT * len(smiles))))
    shuffled = [smiles[i] for i in order]
    return Texts(shuffled[held_out:], shuffled[:held_out], shuffled[:held_out])


def pretrain(
    source: Path,
    out: Path,
    config: PretrainConfig,
    *,
    parent: str | None = None,
    resume: bool = False,
    device: str | None = None,
    card_samples: int = 10_000,
    note: str = "",
    tell: Callable[[Report], None] = lambda _: None,
    tell_second: Callable[[int, int, float], None] = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
) -> Progress:
    """Train a prior on the molecules of `source` into the folder `out`, from scratch or from the prior `parent`.

    The prior's card tells its quality on `card_samples` molecules (0: no card) and `note`, which should name the data
    and its licence. `tell` hears every step, `tell_second` those of the
    second stage, `say` a few sentences. KeyboardInterrupt after an interrupt, with
    everything saved.
    """
    texts = read_texts(source, config.seed)
    if not texts.train or not texts.valid:
        raise ChemmaraError(
            f"{source}: {len(texts.train)} molecules to learn from, {len(texts.valid)} held out; too few"
        )
    if resume:
        _refuse_other_settings(out, config)
    torch.manual_seed(config.seed)
    if parent is None:
        say(f"writing {len(texts.train) + len(texts.valid)} molecules as {config.notation}")
        prior, corpus = _fresh(texts, config, out.name)
    else:
        prior, corpus, texts = _continued(load_prior(parent), texts, out.name, say)
    with team(device) as members:
        if members.leads:
            new_folder(out)
        trainer = Trainer(prior, corpus, config, out, members)
        if resume:
            trainer.resume()
        say(f"{len(texts.train)} molecules, {trainer.steps} steps of {trainer.global_batch}, on {members.device}")
        progress = trainer.run(tell)
        if members.leads and config.validity_steps and progress.polished != progress.best_step:
            say(f"second stage: {config.validity_steps} steps for fewer invalid strings")
            _second_stage(trainer, texts.test or texts.valid, card_samples, tell_second)
        if members.leads and card_samples:
            say(f"sampling {card_samples} molecules for card.md")
            write_card(out, source.name, texts.train, texts.test or texts.valid, samples=card_samples, note=note)
        return progress


def _second_stage(trainer: Trainer, held_out: list[str], samples: int, tell: Callable[[int, int, float], None]) -> None:
    """From the best weights to ones that write fewer invalid strings; what was before goes into the state."""
    prior, config, progress = load_prior(trainer.folder), trainer.config, trainer.progress
    written = [prior.tokenizer.encode_smiles(one) for one in held_out if prior.tokenizer.knows(one)]
    progress.nll_before = held_out_nll(prior, Encoded.of(written))
    sampled = sampled_smiles(prior, max(samples, 100), seed=0)
    progress.validity_before = sum(parse(one) is not None for one in sampled) / len(sampled)
    steps = config.validity_steps
    favour_molecules(prior, trainer.corpus.train, config, lambda step, valid: tell(step, steps, valid))
    save_prior(prior, trainer.folder)
    progress.polished = progress.best_step
    save_state(trainer.folder, progress, trainer.prior.model, trainer.optimizers)


def _fresh(texts: Texts, config: PretrainConfig, name: str) -> tuple[Prior, Corpus]:
    """A prior with random weights and the vocabulary of what is learned from and what steers."""
    write = NOTATIONS[config.notation].write  # of SELFIES a third of a millisecond each, so once
    train, valid = ([write(smiles) for smiles in part] for part in (texts.train, texts.valid))
    tokenizer = Tokenizer.of([*train, *valid], config.notation)
    corpus = _corpus(tokenizer.encode, train, valid, texts)
    longest = int(corpus.train.lengths.max())
    max_length = longest + longest // 10
    if isinstance(config.network, TransformerConfig):
        max_length = min(max_length, config.network.positions)
    model = build(config.network, len(tokenizer))
    return Prior(name, PriorConfig(network=config.network, max_length=max_length), tokenizer, model), corpus


def _continued(parent: Prior, texts: Texts, name: str, say: Callable[[str], None]) -> tuple[Prior, Corpus, Texts]:
    """A copy of the parent, and the texts that its vocabulary can write."""
    kept = Texts(*(_known(parent.tokenizer, part, say) for part in (texts.train, texts.valid, texts.test)))
    if not kept.train or not kept.valid:
        raise ChemmaraError(f"{parent.name}: its vocabulary writes none of these molecules; train without --from")
    corpus = _corpus(parent.tokenizer.encode_smiles, kept.train, kept.valid, kept)
    return Prior(name, parent.config, parent.tokenizer, parent.model), corpus, kept


def _corpus(encode: Callable[[str], list[int]], train: list[str], valid: list[str], texts: Texts) -> Corpus:
    return Corpus(
        Encoded.of([encode(one) for one in train]), Encoded.of([encode(one) for one in valid]), frozenset(texts.train)
    )


def _known(tokenizer: Tokenizer, smiles: Sequence[str], say: Callable[[str], None]) -> list[str]:
    unknown = [text for text in smiles if not tokenizer.knows(text)]
    if unknown:
        say(f"left out {len(unknown)} of {len(smiles)} molecules with tokens the prior lacks, the first: {unknown[0]}")
    return [text for text in smiles if tokenizer.knows(text)]


def _refuse_other_settings(out: Path, config: PretrainConfig) -> None:
    """A resumed run keeps its settings; only its length and its reporting may change."""
    before = PretrainConfig.model_validate_json(read_progress(out).settings)
    free = {
        "epochs", "patience", "evaluate_every", "evaluate_samples",
        "validity_steps", "validity_beta", "validity_rate", "validity_likelihood",
    }  # fmt: skip
    changed = [
        f"{key} {was!r} -> {now!r}"
        for (key, was), now in zip(before, dict(config).values(), strict=True)
        if was != now and key not in free
    ]
    if changed:
        raise ChemmaraError(f"{out}: was started with other settings ({', '.join(changed)}); keep them, or use --force")


def has_run(out: Path) -> bool:
    """Whether the folder holds a training run, finished or not, or a prior."""
    return (out / STATE).exists() or (out / "config.json").exists()
