"""One step of reinforcement learning, and all that it changes.

Equation numbers are those of arXiv 2510.20817.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from chemmara.checkpoint import Prior
from chemmara.networks.interface import LanguageModel
from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.memory import DiversityMemory
from chemmara.rl.method import MethodConfig
from chemmara.rl.replay import Replay
from chemmara.rl.rewards import REWARDS
from chemmara.sampling import Rollout, pad, sample, sequence_logp
from chemmara.scoring.scores import Scores

Objective = Callable[[list[str]], Scores]


@dataclass(frozen=True)
class Update:
    """What one update of the policy saw; row i of every field is the same sequence."""

    policy_logp: Tensor  # (rows,) before the update, nats
    prior_logp: Tensor  # (rows,) nats
    rewards: Tensor  # (rows,)
    loss: float  # mean over the rows; NaN where there were none


@dataclass(frozen=True)
class Step:
    """One turn of the loop."""

    rollout: Rollout
    scores: Scores
    earned: np.ndarray  # (batch,) scores after the diversity memory; 0 for what is no molecule, NaN for no score
    update: Update  # from the sampled batch
    replayed: list[Update]  # one a round


@dataclass
class Learner:
    """The policy in training with everything that changes beside it."""

    prior: Prior
    policy: LanguageModel
    method: MethodConfig
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
        earned = np.where(scores.valid, scores.total, 0.0)  # no molecule earns nothing; no score (NaN) is left out
        if self.memory:
            earned = self.memory.filter(scores.smiles, earned)  # before MARA: what is crowded can be no anchor
        update = self._update(rollout.tokens, earned)
        if self.replay:
            self.replay.add(scores.smiles, rollout.tokens.tolist(), earned.tolist())
        return Step(rollout, scores, earned, update, self._relive())

    def _update(self, tokens: Tensor, earned: np.ndarray) -> Update:
        """One gradient step on E[reward] - beta KL(policy || prior) (eq. 1) from the rows that have a score."""
        measured = torch.from_numpy(~np.isnan(earned))
        if not measured.any():
            nothing = torch.empty(0)
            return Update(nothing, nothing, nothing, float("nan"))
        tokens, scores = tokens[measured], torch.as_tensor(earned, dtype=torch.float32)[measured]
        beta, threshold = self.method.beta, self.method.threshold

        policy_logp = sequence_logp(self.policy, tokens)
        with torch.no_grad():
            prior_logp = sequence_logp(self.prior.model, tokens)
        rewards = REWARDS[self.method.rewards](scores, prior_logp, threshold=threshold, beta=beta)  # MARA: eq. 11
        loss = ESTIMATORS[self.method.estimator](policy_logp, prior_logp, rewards, beta=beta).mean()

        self.optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(self.policy.parameters(), self.method.max_grad_norm)
        self.optimizer.step()
        return Update(policy_logp.detach(), prior_logp, rewards, loss.item())

    def _relive(self) -> list[Update]:
        """Rounds of updates from replayed molecules; none before there are any."""
        if not self.replay or not self.replay.kept:
            return []
        updates = []
        for _ in range(self.replay.config.rounds):
            drawn = self.replay.draw(self.generator, self.prior.tokenizer)
            rows, scores = zip(*drawn, strict=True)
            updates.append(self._update(pad(rows), np.array(scores)))
        return updates


def new_learner(prior: Prior, policy: LanguageModel, method: MethodConfig, seed: int) -> Learner:
    """A learner before its first step; `policy` starts with the prior's weights but shares none of them."""
    return Learner(
        prior=prior,
        policy=policy,
        method=method,
        optimizer=Adam(policy.parameters(), lr=method.learning_rate),
        generator=torch.Generator().manual_seed(seed),
        memory=DiversityMemory.of(method.memory) if method.memory else None,
        replay=Replay(method.replay) if method.replay else None,
    )
