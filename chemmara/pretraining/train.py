"""The training loop: one step, its evaluation, and the run around them."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, save_prior
from chemmara.language_model.device import full_float32
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.tokenizer import END, PAD, START
from chemmara.metrics.distribution import Quality, sample_quality
from chemmara.pretraining.batches import Encoded, TrainingRows, epoch_batches, steps_from
from chemmara.pretraining.evaluate import held_out_nll, sampled_smiles
from chemmara.pretraining.optim import optimizers, rate_factor
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.state import Progress, load_state, read_progress, save_state
from chemmara.pretraining.workers import Team
from chemmara.system.files import refusals_in_words
from chemmara.system.interrupt import interruptible


@dataclass(frozen=True)
class Corpus:
    """What a prior learns from: molecules encoded for its tokenizer, and the SMILES that a novel sample must not be."""

    train: TrainingRows
    valid: Encoded  # one text of each, the same throughout: a random SMILES where training reads random SMILES
    known: frozenset[str]  # canonical SMILES of the training molecules
    valid_canonical: Encoded | None = None  # where training reads random SMILES: the molecules of `valid`, canonical


@dataclass(frozen=True)
class Report:
    """What the loop reports after a step."""

    step: int
    steps: int
    loss: float  # nats a token, of the last step
    rate: float  # molecules a second since the run was started or resumed
    nll: float  # nats a held-out molecule; NaN between evaluations
    quality: Quality | None  # None between evaluations
    canonical_nll: float = float("nan")  # where training reads random SMILES: `nll` of the canonical ones


def token_loss(model: LanguageModel, tokens: Tensor, precision: torch.dtype) -> Tensor:
    """Summed negative log-likelihood (nats) of the tokens (batch, length), padding left out."""
    start = tokens.new_full((len(tokens), 1), START)
    with torch.autocast(tokens.device.type, precision, enabled=precision is not torch.float32):
        logits = model(torch.cat([start, tokens[:, :-1]], dim=1))
    # Padding and start are never predicted: the softmax runs over the ids from END on, as when sampling.
    return cross_entropy(
        logits[..., END:].float().flatten(0, 1), tokens.flatten() - END, ignore_index=PAD - END, reduction="sum"
    )


def resolve_precision(config: PretrainConfig, device: torch.device) -> torch.dtype:
    """The type of matrix products: `auto` is bfloat16 on a CUDA GPU that computes in it, float32 elsewhere."""
    if config.precision == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if config.precision == "bfloat16" else torch.float32


def diverged(folder: Path, step: int) -> ChemmaraError:
    """The error for weights that no longer write anything."""
    return ChemmaraError(
        f"{folder}: training has diverged by step {step} (its loss is no finite number); choose a lower"
        " --learning-rate, and begin again with --force"
    )


@dataclass
class Trainer:
    """A prior in training: `run` takes it from where it stands to the end, or to the user's interrupt."""

    prior: Prior
    corpus: Corpus
    config: PretrainConfig
    folder: Path
    team: Team

    def __post_init__(self) -> None:
        self.prior.model.to(self.team.device)
        self.progress = Progress(settings=self.config.model_dump_json())
        self.precision = resolve_precision(self.config, self.team.device)
        self.optimizers = optimizers(self.prior.model, self.config, self.precision)
        self.global_batch = self.config.batch_size * self.team.size
        batches = epoch_batches(self.corpus.train.lengths, self.global_batch, seed=self.config.seed, epoch=0)
        self.steps = max(1, round(self.config.epochs * len(batches)))

    def resume(self) -> None:
        """Stand where the run in the folder was saved; what was logged after that is cut off."""
        self.progress = replace(read_progress(self.folder), settings=self.config.model_dump_json(), finished=False)
        load_state(self.folder, self.prior.model, self.optimizers)
        if self.team.leads:
            with (self.folder / "metrics.jsonl").open("r+b") as file:
                file.truncate(self.progress.metrics_bytes)

    def run(self, tell: Callable[[Report], None] = lambda _: None) -> Progress:
        """Train to the last step, the end of patience, or an interrupt (saved; then KeyboardInterrupt)."""
        model = self.team.wrap(self.prior.model)
        began, molecules_then, seconds_then = time.monotonic(), self.progress.molecules, self.progress.seconds
        with interruptible() as interrupt:
            for epoch, rows in self._batches():
                loss = self._step(model, rows, epoch)
                if not isfinite(loss):
                    raise diverged(self.folder, self.progress.step + 1)
                self.progress.step += 1
                self.progress.molecules += len(rows)
                self.progress.seconds = seconds_then + time.monotonic() - began
                rate = (self.progress.molecules - molecules_then) / (time.monotonic() - began)
                report = Report(self.progress.step, self.steps, loss, rate, float("nan"), None)
                if self.progress.step % self.config.evaluate_every == 0 or self.progress.step == self.steps:
                    report = self._evaluate(report)
                if self.team.leads:
                    tell(report)
                stop = bool(self.team.agree(float(interrupt.requested)))
                if stop and self.team.leads:
                    save_state(self.folder, self.progress, self.prior.model, self.optimizers)
                if stop:
                    raise KeyboardInterrupt
                if self.progress.finished:
                    break
        return self.progress

    def _batches(self) -> Iterator[tuple[int, np.ndarray]]:
        """Epoch and rows of the batches still to come; none where the run has ended."""
        left = self.steps - self.progress.step
        source = steps_from(
            self.corpus.train.lengths, self.global_batch, seed=self.config.seed, step=self.progress.step
        )
        return (batch for batch, _ in zip(source, range(left), strict=False))

    @full_float32()
    def _step(self, model: LanguageModel, rows: np.ndarray, epoch: int) -> float:
        """One update from one global batch, of which each process takes its share; the loss in nats a token."""
        factor = rate_factor(self.progress.step, self.steps, self.config)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = optimizer.defaults["lr"] * factor
            optimizer.zero_grad()
        spelled = self.corpus.train.spelled(rows[self.team.rank :: self.team.size], epoch)
        share = spelled.tokens.to(self.team.device)
        predicted = self.team.total((share != PAD).sum())
        if self.config.random_smiles is not None:
            self.progress.random_smiles += len(rows)
            self.progress.random_unwritable += round(self.team.total(share.new_tensor(spelled.canonical)))
        model.train()
        summed = token_loss(model, share, self.precision)
        # The mean over all tokens of the global batch: DDP divides the summed gradients by the size of the team.
        (summed * self.team.size / predicted).backward()
        clip_grad_norm_(model.parameters(), self.config.max_grad_norm)
        for optimizer in self.optimizers:
            optimizer.step()
        return self.team.total(summed) / predicted

    def _evaluate(self, report: Report) -> Report:
        """Measure, keep the best weights, log, save the state; the leader's figures decide for the team."""
        nll, canonical_nll, quality = float("nan"), float("nan"), None
        if self.team.leads:
            random = torch.get_rng_state()
            nll = held_out_nll(self.prior, self.corpus.valid)
            if self.corpus.valid_canonical is not None:
                canonical_nll = held_out_nll(self.prior, self.corpus.valid_canonical)
            if isfinite(nll):  # else the weights are lost, and nothing can be sampled
                samples = sampled_smiles(self.prior, self.config.evaluate_samples, seed=0)
                quality = sample_quality(samples, self.corpus.known)
            torch.set_rng_state(random)
        nll = self.team.agree(nll)
        better = nll < self.progress.best_nll
        self.progress.worse = 0 if better else self.progress.worse + 1
        if better:
            self.progress.best_nll, self.progress.best_step = nll, self.progress.step
        self.progress.finished = self.progress.step == self.steps or self.progress.worse >= self.config.patience
        report = replace(report, nll=nll, canonical_nll=canonical_nll, quality=quality)
        if self.team.leads:
            if better:
                save_prior(self.prior, self.folder)
            self._log(report)
            save_state(self.folder, self.progress, self.prior.model, self.optimizers)
        return report

    def _log(self, report: Report) -> None:
        """Append one line to metrics.jsonl and remember its length."""
        line = {
            "step": report.step,
            "molecules": self.progress.molecules,
            "seconds": round(self.progress.seconds, 1),
            "loss": report.loss,
            "learning_rate": self.optimizers[0].param_groups[0]["lr"],
            "held_out_nll": report.nll,
            **({"held_out_nll_canonical": report.canonical_nll} if self.config.random_smiles else {}),
            **(vars(report.quality) if report.quality else {}),
        }
        path = self.folder / "metrics.jsonl"
        with refusals_in_words(path, path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            self.progress.metrics_bytes = file.tell()
