"""One step of reinforcement learning, and all that it changes.

Equation numbers are those of arXiv 2510.20817.
"""

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_

from chemmara.decoration.sampler import PatternSampler
from chemmara.decoration.spelled import Spelled
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of, to_numpy
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.sampling import sequence_logp
from chemmara.rl.adam import Adam
from chemmara.rl.augmentation import Augmentation
from chemmara.rl.candidates import Candidates, Proposals
from chemmara.rl.diversity_filter import DiversityFilter
from chemmara.rl.estimators import ESTIMATORS, Loss, learned, refuse_divergence
from chemmara.rl.genetic import Breeding
from chemmara.rl.method import MethodConfig
from chemmara.rl.niches import Niches
from chemmara.rl.replay import Replay
from chemmara.rl.restarts import Restarts
from chemmara.rl.rewards import Anchor
from chemmara.rl.row_sources import canonically_written, replayed, rewritten, sampled
from chemmara.rl.rows import Rows, together
from chemmara.rl.step import Step, Update
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import Screening

Objective = Callable[[list[str]], Scores]
_LOG_Z_RATE = 0.1  # Adam's, for a learned log Z, which moves by tens of nats


@dataclass
class Learner:
    """The policy in training, with everything that changes beside it."""

    prior: Prior
    policy: LanguageModel
    method: MethodConfig
    loss: Loss
    augmentation: Augmentation
    optimizer: Adam
    generator: torch.Generator  # draws anchors, replay and parents
    sampling: torch.Generator  # draws sequences, on the policy's device
    diversity_filter: DiversityFilter | None
    replay: Replay | None
    breeding: Breeding | None
    screening: Screening | None
    niches: Niches | None
    restarts: Restarts | None
    proposals: Proposals  # where the molecules of a step come from
    under_way: deque[Candidates] = field(default_factory=deque)  # proposed, and not learned from; the oldest first

    def step(self, objective: Objective) -> Step:
        """Sample, score, and learn; for when no batch is under way."""
        return self.learn(objective(self.propose().smiles), objective)

    def propose(self) -> Candidates:
        """The next batch, by the policy as it is; it is under way from now on."""
        candidates = self.proposals.candidates(self.under_way)
        self.under_way.append(candidates)
        return candidates

    def learn(self, every: Scores, objective: Objective) -> Step:
        """Learn from the oldest batch under way, given the scores of its `smiles`; it is under way no more.

        Breed, choose tau and anchor; then learn from the batch and from the replay. `objective` scores genetic
        children, which are bred in the step.
        """
        candidates = self.under_way.popleft()
        every = self.restarts.only_new(every) if self.restarts else every
        self._saw(every)
        rollout = candidates.rollout
        scores = every.chosen(slice(len(rollout.smiles)))
        filtered_scores = self.filtered_scores(scores)
        tau = self.augmentation.tau.of_step(scores.smiles, filtered_scores)
        batch = sampled(self.prior, rollout, scores.smiles, filtered_scores).measured()
        children = self._children(objective, batch, every.chosen(slice(len(rollout.smiles), None)))
        at_once = self.method.replay is not None and self.method.replay.includes_step
        if at_once:
            self._remember(batch, children)
        parts = self._parts(batch)
        anchor = self.augmentation.anchor(parts, tau)
        updates = [self._update(rows, tau, anchor) for rows in parts]
        if not at_once:
            self._remember(batch, children)
        correlation = self.screening.learn(every, candidates.choice) if self.screening else float("nan")
        return Step(
            rollout, scores, filtered_scores, tau, anchor, updates, batch, self.method.updates, children,
            candidates.choice, correlation, self.restarts.number if self.restarts else None,
            self.niches.number if self.niches else 0,
        )  # fmt: skip

    def trained(self) -> LanguageModel:
        """A copy of the policy that a run ends with.

        That of the niche left last, while the next is not found; with restarts, that of the search whose ten best were
        best.
        """
        policy = deepcopy(self.policy)
        if self.niches and self.niches.before:
            policy.load_state_dict(self.niches.before.policy)
        elif self.restarts and self.restarts.top > self.restarts.level:
            policy.load_state_dict(self.restarts.policy)
        return policy

    def _saw(self, scores: Scores) -> None:
        """Have what decides when the search begins anew take in calls."""
        for watching in (self.niches, self.restarts):
            if watching:
                watching.saw(scores)

    def filtered_scores(self, scores: Scores) -> np.ndarray:
        """What each sample earns: its score, unless it is invalid, a repeat, in a full neighbourhood or niche left."""
        values = np.where(scores.valid, scores.total, 0.0)  # an invalid SMILES earns 0; no score (NaN) is left out
        values = self.niches.earned(scores.smiles, values) if self.niches else values
        return self._after_filter(scores.smiles, self.augmentation.visits.of_batch(scores.smiles, values))

    def _after_filter(self, smiles: list[str], values: np.ndarray) -> np.ndarray:
        """The values of molecules (n,) after the diversity filter; what has become full is no longer remembered."""
        if not self.diversity_filter:
            return values
        filtered = self.diversity_filter.filtered_scores(smiles, values)
        for memory in (self.replay, self.breeding):
            if memory:
                memory.forget(self.diversity_filter.full)
        return filtered

    def _children(self, objective: Objective, batch: Rows, screened: Scores) -> list[Rows]:
        """What the policy did not sample: screened molecules, and children of the best.

        Each generation is scored (and in the ledger) before the next is bred.
        """
        device, found = batch.tokens.device, list[Rows]()
        if self.breeding:
            self.breeding.add(batch.smiles, batch.filtered_scores)
        if screened.smiles:
            found.append(self._taken_in(screened, device))
        if self.breeding and not (self.screening and self.screening.config.children):
            for _ in range(self.breeding.config.generations):
                born = self.proposals.kept(self.breeding.generation())
                if born:
                    scores = objective(born)
                    if self.screening:
                        self.screening.learn(scores)
                    self._saw(scores)
                    found.append(self._taken_in(scores, device))
        return found

    def _taken_in(self, scores: Scores, device: torch.device) -> Rows:
        """Scored molecules that the policy did not sample, as rows; they can be parents from now on."""
        earned = self.niches.earned(scores.smiles, scores.total) if self.niches else scores.total
        earned = self._after_filter(scores.smiles, earned)
        if self.breeding:
            self.breeding.add(scores.smiles, earned)
        return canonically_written(self.prior, scores.smiles, earned, device)

    def _remember(self, batch: Rows, children: list[Rows]) -> None:
        """Put what a step found into the replay."""
        if not self.replay:
            return
        if self.replay.config.smiles == "canonical":
            batch = canonically_written(self.prior, batch.smiles, batch.filtered_scores, batch.tokens.device)
        for rows in (batch, *children):
            self.replay.add(rows)

    def _parts(self, batch: Rows) -> list[Rows]:
        """The rows of each update of the step: the batch, with what joins it, so often; then the replay's rounds."""
        replay = self.replay if self.replay and self.replay.kept else None
        if not replay:
            return [batch] * self.method.updates
        config, device = replay.config, batch.tokens.device
        drawn = replay.draw(config.joined, self.generator) if config.joined else []
        joined = replayed(drawn, device) if drawn else None
        parts = [together([batch, joined]) if joined else batch] * self.method.updates
        for _ in range(config.rounds):
            drawn = replay.draw(config.rows, self.generator)
            if not drawn:
                break
            rows = replayed(drawn, device)
            rows = together([batch, rows]) if config.with_batch else rows
            parts.append(rewritten(self.prior, rows, self.generator) if config.smiles == "randomised" else rows)
        return parts

    @torch.enable_grad()  # whatever the user's own Python has set
    def _update(self, rows: Rows, tau: float, anchor: Anchor | None) -> Update:
        """One gradient step on E[reward] - beta KL(policy || prior) (eq. 1)."""
        if not len(rows):
            return Update(rows, np.empty(0), np.empty(0), float("nan"), float("nan"), clipped=False)
        rewards = self.augmentation.rewards(rows, tau, anchor)  # MARA: eq. 11
        with torch.autocast(rows.tokens.device.type, torch.bfloat16, enabled=self.method.precision == "bfloat16"):
            policy_logp = sequence_logp(self.policy, rows.tokens)
        loss = self.loss(
            policy_logp,
            policy_logp.new_tensor(rows.prior_logp),
            policy_logp.new_tensor(rewards),
            beta=self.method.beta,
            behaviour_logp=policy_logp.new_tensor(rows.behaviour_logp),
        ).mean()
        self.optimizer.zero_grad()
        loss.backward()
        limit = self.method.max_grad_norm or float("inf")
        norm = float(clip_grad_norm_(self.policy.parameters(), limit))
        value = loss.item()
        refuse_divergence(value, norm)
        self.optimizer.step()
        return Update(rows, rewards, to_numpy(policy_logp), value, norm, clipped=norm > limit)


def new_learner(
    prior: Prior, policy: LanguageModel, method: MethodConfig, seed: int, screening: Screening | None = None,
    parts: PatternSampler | None = None, niches: Niches | None = None,
) -> Learner:  # fmt: skip
    """A learner before its first step; `policy` starts with the prior's weights but shares none of them."""
    loss = ESTIMATORS[method.estimator].new()
    generator = torch.Generator().manual_seed(2**32 + seed)  # no draw of it is one of the sampling's
    sampling = torch.Generator(device_of(policy)).manual_seed(seed)
    breeding = Breeding(method.breeding, generator) if method.breeding else None
    return Learner(
        prior=prior,
        policy=policy,
        method=method,
        loss=loss,
        augmentation=Augmentation.of(method, generator, Spelled.of(parts.patterns, prior) if parts else None),
        optimizer=optimizer_of(policy, loss, method),
        generator=generator,
        sampling=sampling,
        diversity_filter=DiversityFilter.of(method.diversity_filter) if method.diversity_filter else None,
        replay=Replay(method.replay) if method.replay else None,
        breeding=breeding,
        screening=screening,
        niches=niches,
        restarts=Restarts(method.restart) if method.restart else None,
        proposals=Proposals(prior, policy, method.batch_size, generator, sampling, breeding, screening, parts, niches),
    )


def optimizer_of(policy: LanguageModel, loss: Loss, method: MethodConfig) -> Adam:
    """Adam before its first step, for the policy and for what the loss learns itself."""
    groups = [(list(policy.parameters()), method.learning_rate), (learned(loss), _LOG_Z_RATE)]
    return Adam([(weights, rate) for weights, rate in groups if weights])
