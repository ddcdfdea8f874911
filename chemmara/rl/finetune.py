"""One step of reinforcement learning, and all that it changes.

Equation numbers are those of arXiv 2510.20817.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.sampling import Rollout, pad, sample, sequence_logp
from chemmara.rl.augmentation import Augmentation, Rows
from chemmara.rl.diversity_filter import DiversityFilter
from chemmara.rl.estimators import ESTIMATORS, Loss, learned
from chemmara.rl.method import MethodConfig
from chemmara.rl.replay import Replay
from chemmara.rl.rewards import Anchor
from chemmara.scoring.scores import Scores

Objective = Callable[[list[str]], Scores]
_LOG_Z_RATE = 0.1  # Adam's, for a learned log Z, which moves by tens of nats


@dataclass(frozen=True)
class Update:
    """What one update of the policy saw; row i of every field is the same sequence."""

    policy_logp: Tensor  # (rows,) before the update, nats
    prior_logp: Tensor  # (rows,) nats
    rewards: Tensor  # (rows,)
    filtered_scores: np.ndarray  # (rows,) scores after the diversity filter
    anchor: Anchor | None  # the sample that the good rows were lifted to; None without a good row
    loss: float  # mean over the rows; NaN where there were none


@dataclass(frozen=True)
class Step:
    """One turn of the loop."""

    rollout: Rollout
    scores: Scores
    filtered_scores: np.ndarray  # (batch,) after the diversity filter; 0 for an invalid SMILES, NaN for no score
    tau: float  # score from which a sample was good
    update: Update  # from the sampled batch; the first, where there are several
    replayed: list[Update]  # one a round


@dataclass
class Learner:
    """The policy in training, with everything that changes beside it."""

    prior: Prior
    policy: LanguageModel
    method: MethodConfig
    loss: Loss
    augmentation: Augmentation
    optimizer: Adam
    generator: torch.Generator
    diversity_filter: DiversityFilter | None
    replay: Replay | None

    def step(self, objective: Objective) -> Step:
        """Sample, score, augment, update; then learn again from the replay."""
        rollout = sample(
            self.policy,
            self.prior.tokenizer,
            self.method.batch_size,
            generator=self.generator,
            max_length=self.prior.config.max_length,
        )
        scores = objective(rollout.smiles)
        values = np.where(scores.valid, scores.total, 0.0)  # an invalid SMILES earns 0; no score (NaN) is left out
        tau = self.augmentation.tau.of_batch(scores.smiles, values)
        kept = self.diversity_filter
        filtered_scores = kept.filtered_scores(scores.smiles, values) if kept else values
        rows = Rows(rollout.tokens, scores.smiles, rollout.smiles, filtered_scores)
        update = self._update(rows, tau)
        for _ in range(self.method.updates - 1):
            self._update(replace(rows, behaviour_logp=rollout.logp), tau)
        if self.replay:
            self.replay.add(scores.smiles, rollout.tokens.tolist(), filtered_scores.tolist(), rollout.logp.tolist())
        return Step(rollout, scores, filtered_scores, tau, update, self._replay_rounds(tau))

    def _update(self, rows: Rows, tau: float) -> Update:
        """One gradient step on E[reward] - beta KL(policy || prior) (eq. 1) from the rows that have a score."""
        rows = rows.measured()
        if not rows.smiles:
            nothing = torch.empty(0)
            return Update(nothing, nothing, nothing, np.empty(0), None, float("nan"))
        policy_logp = sequence_logp(self.policy, rows.tokens)
        with torch.no_grad():
            prior_logp = sequence_logp(self.prior.model, rows.tokens)
        augmented = self.augmentation.rewards(rows, prior_logp, tau)  # MARA: eq. 11
        loss = self.loss(
            policy_logp,
            prior_logp,
            augmented.rewards,
            beta=self.method.beta,
            behaviour_logp=rows.behaviour_logp,
        ).mean()

        self.optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(self.policy.parameters(), self.method.max_grad_norm)
        self.optimizer.step()
        return Update(
            policy_logp.detach(), prior_logp, augmented.rewards, rows.filtered_scores, augmented.anchor, loss.item()
        )

    def _replay_rounds(self, tau: float) -> list[Update]:
        """Rounds of updates from replayed molecules; none before there are any."""
        if not self.replay or not self.replay.kept:
            return []
        updates = []
        for _ in range(self.replay.config.rounds):
            drawn = self.replay.draw(self.generator, self.prior.encode)
            tokens = pad([row.tokens for row in drawn])
            scores = np.array([row.score for row in drawn])
            texts = [self.prior.tokenizer.decode_smiles(row.tokens) for row in drawn]
            behaviour = torch.tensor([row.logp for row in drawn]) if self._weighs else None
            rows = Rows(tokens, [row.smiles for row in drawn], texts, scores, behaviour)
            updates.append(self._update(rows, tau))
        return updates

    @property
    def _weighs(self) -> bool:
        """Whether the loss needs the log-probability of each row under the policy that sampled it."""
        return ESTIMATORS[self.method.estimator].off_policy == "weighted"


def new_learner(prior: Prior, policy: LanguageModel, method: MethodConfig, seed: int) -> Learner:
    """A learner before its first step; `policy` starts with the prior's weights but shares none of them."""
    loss = ESTIMATORS[method.estimator].new()
    generator = torch.Generator().manual_seed(seed)
    rates = [{"params": list(policy.parameters())}, {"params": learned(loss), "lr": _LOG_Z_RATE}]
    return Learner(
        prior=prior,
        policy=policy,
        method=method,
        loss=loss,
        augmentation=Augmentation.of(method, generator),
        optimizer=Adam([group for group in rates if group["params"]], lr=method.learning_rate),
        generator=generator,
        diversity_filter=DiversityFilter.of(method.diversity_filter) if method.diversity_filter else None,
        replay=Replay(method.replay) if method.replay else None,
    )
