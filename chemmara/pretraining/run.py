"""`chemmara pretrain` as one call: corpus and settings in, a prior's folder out."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch

from chemmara import assets
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior, save_prior
from chemmara.language_model.device import chosen_device
from chemmara.language_model.extend import calibrate
from chemmara.molecules.chem import parse
from chemmara.pretraining.batches import Encoded
from chemmara.pretraining.card import write_card
from chemmara.pretraining.defaults import suited
from chemmara.pretraining.evaluate import held_out_nll, sampled_smiles
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.spellings import held_out_spellings
from chemmara.pretraining.start import Start, continued_start, fresh_start
from chemmara.pretraining.state import STATE, Progress, read_progress, save_state
from chemmara.pretraining.train import Report, Trainer, diverged
from chemmara.pretraining.validity import favour_molecules
from chemmara.pretraining.verdict import Fit, canonical_fit_of, concerns, fit_of, share_of_copies
from chemmara.pretraining.workers import leads, team
from chemmara.system.locking import only_writer

_FILES = (STATE, "metrics.jsonl", "config.json", "vocabulary.json", "weights.safetensors", "card.md", "curves.svg")
_CALIBRATION = 1000  # training molecules by which added tokens are calibrated


def pretrain(
    source: Path,
    out: Path,
    config: PretrainConfig,
    *,
    parent: str | None = None,
    resume: bool = False,
    force: bool = False,
    device: str = "auto",
    card_samples: int = 10_000,
    note: str = "",
    tell: Callable[[Report], None] = lambda _: None,
    tell_second: Callable[[int, int, float], None] = lambda *_: None,
    tell_read: Callable[[int], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Progress:
    """Train a prior on the molecules of `source` into the folder `out`, from scratch or from the prior `parent`.

    The prior's card gives its quality on `card_samples` molecules (0: no card) and `note`, which should name the data
    and its licence. `tell` hears every step, `tell_second` those of the second stage, `tell_read` how many rows more
    have been read, `say` a few sentences. `device` is auto, cpu, cuda, cuda:N or mps; auto is a GPU where there is one
    and a batch is worth it. torch's random state is the caller's again afterwards.

    Raises:
        ChemmaraError: bad input; `out` holds a prior and neither `resume` nor `force` is set; or another process is
            writing there.
        KeyboardInterrupt: after an interrupt, with everything saved.
    """
    if config.extend_vocabulary and parent is None:
        raise ChemmaraError("--extend-vocabulary adds to the vocabulary of a prior; name one by --from")
    if resume and force:
        raise ChemmaraError("--resume and --force: choose one")
    if parent is not None:
        _refuse_another_network(config, parent)
    chosen_device(device, 0)  # a name that is refused is refused here, before the molecules are read
    if out.is_dir():  # before the molecules are read, which may take minutes
        with _writing(out):
            _refuse_to_replace(out, resume=resume, force=force)
    if resume:
        config = _resumed_settings(out, config, "" if parent is None else assets.prior_folder(parent).name)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(config.seed)
        if parent is None:
            start = fresh_start(source, out.name, config, tell_read)
        else:
            start = continued_start(source, out.name, config, parent, tell_read)
        with _writing(out):
            _refuse_to_replace(out, resume=resume, force=force)
            suit = partial(suited, config, len(start.texts.train), transfer=parent is not None)
            with team(device, suit().batch_size) as members:
                trainer = Trainer(start.prior, start.corpus, suit(processes=members.size), out, members)
                trainer.progress.parent = start.parent
                if resume:
                    trainer.resume()
                elif members.leads:
                    _remove_run(out)
                return _train(trainer, start, source.name, card_samples, note, (tell, tell_second, say))


def _train(
    trainer: Trainer,
    start: Start,
    source: str,
    card_samples: int,
    note: str,
    listeners: tuple[Callable[[Report], None], Callable[[int, int, float], None], Callable[[str], None]],
) -> Progress:
    """All that follows the reading: measure, train, the second stage, measure again, the card."""
    tell, tell_second, say = listeners
    config, members, progress, texts = trainer.config, trainer.team, trainer.progress, start.texts
    if members.leads:
        for sentence in _about(start):
            say(sentence)
    if progress.step == 0:  # not a run that is being resumed
        if start.added:
            rows = trainer.corpus.train.head(_CALIBRATION)
            calibrate(trainer.prior, start.added, rows.lists(np.arange(len(rows))))
        before = fit_of(trainer.prior, trainer.corpus)
        progress.start_train_nll, progress.start_nll = before.train, before.held_out
        progress.start_canonical_nll = canonical_fit_of(trainer.prior, trainer.corpus)
    say(
        f"{len(texts.train)} molecules, {len(texts.valid)} held out; {trainer.steps} steps of {trainer.global_batch},"
        f" learning rate {config.learning_rate:g}, on {members.device}"
    )
    if config.random_smiles:
        say(f"every epoch writes each molecule as a new random SMILES ({config.random_smiles})")
    trainer.run(tell)
    if not np.isfinite(progress.best_nll):
        raise diverged(trainer.folder, progress.step)
    if members.leads and config.validity_steps and progress.polished != progress.best_step:
        say(f"second stage: {config.validity_steps} steps for fewer invalid SMILES")
        _second_stage(trainer, texts.test or texts.valid, card_samples, tell_second)
    if members.leads:
        _judge(trainer, say)
        if card_samples:
            say(f"sampling {card_samples} molecules for card.md")
            write_card(trainer.folder, source, start, samples=card_samples, note=note, device=members.device)
    return progress


def _about(start: Start) -> list[str]:
    """What the user should know of the molecules before training."""
    sentences = ["\n".join(lines) for account in start.texts.accounts if (lines := account.lines())]
    if start.added:
        sentences.append(f"added to the vocabulary of {start.parent}: {' '.join(start.added)}")
    if start.cut:
        sentences.append(
            f"the longest training molecule has {start.longest} tokens, and {start.parent} cuts samples after"
            f" {start.cut}; this prior will cut them after {start.prior.config.max_length}"
        )
    return sentences


def _judge(trainer: Trainer, say: Callable[[str], None]) -> None:
    """Measure the weights that were kept, say how the likelihood changed and what is odd; all goes into the state."""
    progress, prior = trainer.progress, load_prior(trainer.folder, trainer.team.device)
    after = fit_of(prior, trainer.corpus)
    progress.train_nll, progress.nll = after.train, after.held_out
    progress.canonical_nll = canonical_fit_of(prior, trainer.corpus)
    progress.copies = share_of_copies(prior, trainer.corpus.known)
    save_state(trainer.folder, progress, trainer.prior.model, trainer.optimizers)
    before = Fit(progress.start_train_nll, progress.start_nll)
    say(
        f"nats a training molecule: {before.train:.2f} before, {after.train:.2f} after; a held-out molecule:"
        f" {before.held_out:.2f} before, {after.held_out:.2f} after; {progress.copies:.1%} of samples are training"
        " molecules"
    )
    if trainer.config.random_smiles:
        say(
            "those are nats of random SMILES; the canonical SMILES of a held-out molecule:"
            f" {progress.start_canonical_nll:.2f} before, {progress.canonical_nll:.2f} after"
        )
    if progress.random_unwritable:
        say(
            f"{progress.random_unwritable:,} of {progress.random_smiles:,} random SMILES had a token that the"
            f" vocabulary lacks, or more than {prior.config.max_length} tokens; canonical SMILES were learned instead"
        )
    for concern in concerns(before, after, progress.copies):
        say(f"warning: {concern}")


def _second_stage(trainer: Trainer, held_out: list[str], samples: int, tell: Callable[[int, int, float], None]) -> None:
    """From the best weights to ones that write fewer invalid SMILES; the figures before it go into the state."""
    prior, config, progress = load_prior(trainer.folder, trainer.team.device), trainer.config, trainer.progress
    known = [smiles for smiles in held_out if prior.tokenizer.knows(smiles)]
    kind = config.random_smiles
    rows = held_out_spellings(known, prior, kind) if kind else Encoded.of(list(map(prior.encode, known)))
    progress.nll_before = held_out_nll(prior, rows)
    sampled = sampled_smiles(prior, max(samples, 100), seed=0)
    progress.validity_before = sum(parse(smiles) is not None for smiles in sampled) / len(sampled)
    steps = config.validity_steps
    favour_molecules(prior, trainer.corpus.train, config, lambda step, valid: tell(step, steps, valid))
    save_prior(prior, trainer.folder)
    progress.polished = progress.best_step
    save_state(trainer.folder, progress, trainer.prior.model, trainer.optimizers)


def _resumed_settings(out: Path, config: PretrainConfig, parent: str) -> PretrainConfig:
    """The settings of the run in the folder with those given now; only length and reporting may change."""
    progress = read_progress(out)
    before = PretrainConfig.model_validate_json(progress.settings)
    now = before.model_copy(update={name: getattr(config, name) for name in config.model_fields_set})
    free = {
        "epochs", "patience", "evaluate_every", "evaluate_samples",
        "validity_steps", "validity_beta", "validity_rate", "validity_likelihood",
    }  # fmt: skip
    changed = [
        f"{key} {old!r} -> {new!r}"
        for (key, old), new in zip(before, dict(now).values(), strict=True)
        if old != new and key not in free
    ]
    if progress.parent is not None and progress.parent != parent:
        changed.append(f"--from {progress.parent or 'nothing'} -> {parent or 'nothing'}")
    if changed:
        raise ChemmaraError(f"{out}: was started with other settings ({', '.join(changed)}); keep them, or use --force")
    return now


def _refuse_another_network(config: PretrainConfig, parent: str) -> None:
    """ChemmaraError where the settings name another network or notation than the parent's, which are kept."""
    prior = load_prior(parent)
    theirs = {"notation": prior.tokenizer.notation, "network": prior.config.network}
    for name in sorted(theirs.keys() & config.model_fields_set):
        if getattr(config, name) != theirs[name]:
            options = (
                "--notation" if name == "notation" else "--network, --hidden, --layers, --embedding, --heads, --dropout"
            )
            raise ChemmaraError(f"--from {parent}: its {name} is kept; leave out what names another ({options})")


def _writing(out: Path) -> AbstractContextManager[None]:
    """The lock of the folder for the process that writes; nothing for the others of a team."""
    return only_writer(out) if leads() else nullcontext()


def _refuse_to_replace(out: Path, *, resume: bool, force: bool) -> None:
    if has_run(out) and not (resume or force):
        raise ChemmaraError(f"{out}: holds a prior already; --resume goes on with it, --force begins again")


def _remove_run(out: Path) -> None:
    """Remove what an earlier run left, so that nothing of it is taken for this one's."""
    for name in _FILES:
        (out / name).unlink(missing_ok=True)


def has_run(out: Path) -> bool:
    """Whether the folder holds a training run, finished or not, or a prior."""
    return (out / STATE).exists() or (out / "config.json").exists()
