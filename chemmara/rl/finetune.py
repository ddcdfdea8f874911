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
from chemmara.rl.estimators import ESTIMATORS, Loss, learned
from chemmara.rl.memory import DiversityMemory
from chemmara.rl.method import MethodConfig
from chemmara.rl.replay import Replay
from chemmara.scoring.scores import Scores

Objective = Callable[[list[str]], Scores]
_LOG_Z_RATE = 0.1  # Adam's, for a learned log Z, which moves by tens of nats


@dataclass(frozen=True)
class Update:
    """What one update of the policy saw; row i of every field is the same sequence."""

    policy_logp: Tensor  # (rows,) before the update, nats
    prior_logp: Tensor  # (rows,) nats
    rewards: Tensor  # (rows,)
    earned: np.ndarray  # (rows,) scores after the diversity memory
    loss: float  # mean over the rows; NaN where there were none


@dataclass(frozen=True)
class Step:
    """One turn of the loop."""

    rollout: Rollout
    scores: Scores
    earned: np.ndarray  # (batch,) scores after the diversity memory; 0 for what is no molecule, NaN for no score
    tau: float  # score from which a sample was good
    update: Update  # from the sampled batch; the first, where there are several
    replayed: list[Update]  # one a round


@dataclass
class Learner:
    """The policy in training with everything that changes beside it."""

    prior: Prior
    policy: LanguageModel
    method: MethodConfig
    loss: Loss
    augmentation: Augmentation
    optimizer: Adam
    generator: torch.Generator
    memory: DiversityMemory | None
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
        values = np.where(scores.valid, scores.total, 0.0)  # no molecule earns nothing; no score (NaN) is left out
        tau = self.augmentation.threshold.tau(scores.smiles, values)
        earned = self.memory.filter(scores.smiles, values) if self.memory else values
        rows = Rows(rollout.tokens, scores.smiles, rollout.smiles, values, earned)
        update = self._update(rows, tau)
        for _ in range(self.method.updates - 1):
            self._update(replace(rows, behaviour_logp=rollout.logp), tau)
        if self.replay:
            self.replay.add(scores.smiles, rollout.tokens.tolist(), earned.tolist(), rollout.logp.tolist())
        return Step(rollout, scores, earned, tau, update, self._relive(tau))

    def _update(self, rows: Rows, tau: float) -> Update:
        """One gradient step on E[reward] - beta KL(policy || prior) (eq. 1) from the rows that have a score."""
        rows = rows.measured()
        if not rows.smiles:
            nothing = torch.empty(0)
            return Update(nothing, nothing, nothing, np.empty(0), float("nan"))
        policy_logp = sequence_logp(self.policy, rows.tokens)
        with torch.no_grad():
            prior_logp = sequence_logp(self.prior.model, rows.tokens)
        rewards, support = self.augmentation.rewards(rows, prior_logp, tau)  # MARA: eq. 11
        loss = self.loss(
            policy_logp, support, rewards, beta=self.method.beta, behaviour_logp=rows.behaviour_logp
        ).mean()

        self.optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(self.policy.parameters(), self.method.max_grad_norm)
        self.optimizer.step()
        return Update(policy_logp.detach(), prior_logp, rewards, rows.earned, loss.item())

    def _relive(self, tau: float) -> list[Update]:
        """Rounds of updates from replayed molecules; none before there are any."""
        if not self.replay or not self.replay.kept:
            return []
        updates = []
        for _ in range(self.replay.config.rounds):
            drawn = self.replay.draw(self.generator, self.prior.tokenizer)
            tokens = pad([one.tokens for one in drawn])
            scores = np.array([one.score for one in drawn])
            texts = [self.prior.tokenizer.decode_smiles(one.tokens) for one in drawn]
            behaviour = torch.tensor([one.logp for one in drawn]) if self._weighs else None
            rows = Rows(tokens, [one.smiles for one in drawn], texts, scores, scores, behaviour)
            updates.append(self._update(rows, tau))
        return updates

    @property
    def _weighs(self) -> bool:
        """Whether the loss needs to know who sampled a row."""
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
        memory=DiversityMemory.of(method.memory) if method.memory else None,
        replay=Replay(method.replay) if method.replay else None,
    )
