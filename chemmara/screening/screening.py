"""Screening: candidates in, those worth an oracle call out; and what the answers teach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
from rdkit.Chem import Mol
from threadpoolctl import threadpool_limits

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores
from chemmara.screening.acquisition import Acquisition, acquisition_of, different
from chemmara.screening.config import ScreenConfig
from chemmara.screening.library import CandidateLibrary
from chemmara.screening.memory import Memory, rank_correlation
from chemmara.screening.model import Model
from chemmara.screening.surrogates import surrogate_of
from chemmara.screening.taken import Taken
from chemmara.screening.targets import CostlyTargets, ScoreTarget

POLICY: Final = "policy"
FOUND: Final = 100
"""Hits from which on a series, or the first hits of all, count as found."""
Share = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Choice:
    """The candidates of a step that are worth a call."""

    smiles: list[str]  # canonical, the most wanted first
    sources: list[str]  # of each: policy, children, library
    predicted: np.ndarray  # (n,) scores as the model expects them; NaN without a model
    candidates: list[str]  # the different new molecules that it chose from
    from_policy: int  # how many of these the policy sampled
    active: bool  # False: no model yet, or one that predicts nothing; they were taken as they came


@dataclass
class Screening:
    """Chooses among candidates by a model of what was measured before."""

    config: ScreenConfig
    hit_threshold: float
    model: Model
    preference: Acquisition
    library: CandidateLibrary | None
    memory: Memory
    hits: Taken = field(default_factory=Taken)
    found: int = 0  # hits so far

    @classmethod
    def of(
        cls, config: ScreenConfig, objective: Objective | None, hit_threshold: float, before: "Screening | None" = None
    ) -> Self:  # fmt: skip
        """Before the first molecule; without an objective, the score is what is modelled.

        `before`: that of an earlier stage, whose kind of surrogate and preference, perhaps the user's own, go on.

        Raises:
            ChemmaraError: the library, or the user's own model, cannot be read; or only costly components are to be
                modelled, and none is costly.
        """
        costly = objective is not None and bool(objective.costly.any()) and config.models != "score"
        if config.models == "costly" and not costly:
            raise ChemmaraError('screen models = "costly", but no component of the objective is; use "score"')
        targets = CostlyTargets(objective) if objective and costly else ScoreTarget()
        model = Model(before.model.new if before else surrogate_of(config.surrogate), targets)
        preference = before.preference if before else acquisition_of(config.choose)
        library, memory = CandidateLibrary.of(config.library), Memory(config.trained_on)
        return cls(config, hit_threshold, model, preference, library, memory)

    @property
    def active(self) -> bool:
        """Whether the model has enough to learn from, and predicted something of late."""
        return self.memory.learnable >= self.config.start and self.memory.predicts

    @property
    def sought(self) -> bool:
        """Whether the first hundred hits are still looked for."""
        return self.config.choose == "hit" and self.found < FOUND

    def choose(
        self, candidates: Mapping[str, Sequence[str]], count: int, rng: np.random.Generator,
        under_way: Sequence[str] = (), read: Mapping[str, Mol] = MappingProxyType({}), share: Share | None = None,
    ) -> Choice:  # fmt: skip
        """Up to `count` new molecules out of the candidates (canonical SMILES by source; "" is left out).

        Without a model, or with one that predicts nothing, they are taken in the order in which they come. Molecules
        under way, which are being measured, are not new, and those like them are as little wanted as those like a hit.
        `read`: molecules of candidates that are read already, which saves reading them again. `share`: of what is
        preferred, which share is wanted (n,), given fingerprints (n, 256).
        """
        smiles, sources = self._new(candidates, set(under_way))
        if self.memory.learnable < self.config.start or not smiles:
            rows, predicted = list(range(min(count, len(smiles)))), np.full(len(smiles), np.nan)
        else:
            with threadpool_limits(1, "blas"):  # rounding depends on the number of threads
                own = np.array([source == POLICY for source in sources])
                molecules = [read.get(text) or molecules_of([text])[0] for text in smiles]
                rows, predicted = self._preferred(smiles, molecules, own, count, rng, under_way, share)
        return Choice(
            [smiles[i] for i in rows], [sources[i] for i in rows], predicted[rows], smiles, sources.count(POLICY),
            active=self.active,
        )  # fmt: skip

    def _preferred(
        self, smiles: list[str], molecules: list[Mol], own: np.ndarray, count: int, rng: np.random.Generator,
        under_way: Sequence[str], share: Share | None,
    ) -> tuple[list[int], np.ndarray]:  # fmt: skip
        """Rows of the chosen candidates, and the predicted scores of all of them."""
        forecast = self.model.forecast(*self.memory.to_learn_from(), dict(zip(smiles, molecules, strict=True)), rng)
        if not self.active:
            return list(range(min(count, len(smiles)))), forecast.mean
        waiting = None
        if self.config.price and under_way:
            waiting = Taken()
            waiting.add(packed_fingerprints(molecules_of(under_way)))
        wanted = self.preference(forecast, self.hit_threshold, rng)
        packed = packed_fingerprints(molecules)
        rows = different(
            wanted if share is None else np.maximum(wanted, 0.0) * share(packed), packed,
            self.hits, price=self.config.price, count=count, own=own, others=int(self.config.others * count),
            under_way=waiting,
        )  # fmt: skip
        return rows, forecast.mean

    def _new(self, candidates: Mapping[str, Sequence[str]], under_way: set[str]) -> tuple[list[str], list[str]]:
        """Different molecules, neither measured nor under way, and the source of each (the first that has it)."""
        origin: dict[str, str] = {}
        for source, molecules in candidates.items():
            for smiles in molecules:
                if smiles and smiles not in self.memory.values and smiles not in under_way:
                    origin.setdefault(smiles, source)
        return list(origin), list(origin.values())

    def learn(self, scores: Scores, choice: Choice | None = None) -> float:
        """Take in what was measured; the rank correlation of predictions and answers, NaN where there is none."""
        targets = self.model.targets.of(scores)
        before = dict(zip(choice.smiles, choice.predicted.tolist(), strict=True)) if choice else {}
        compared, hits = [], []
        for smiles, score, call, row in zip(scores.smiles, scores.total.tolist(), scores.call, targets, strict=True):
            measured = call or score == score  # noqa: PLR0124 - NaN's mark: a call, or a score known before any
            if not smiles or not measured or smiles in self.memory.values:
                continue
            self.memory.add(smiles, score, row.tolist())
            predicted = before.get(smiles, float("nan"))
            if predicted == predicted and score == score:  # noqa: PLR0124 - NaN's mark
                compared.append((predicted, score))
            if score >= self.hit_threshold:
                hits.append(smiles)
        self._take(hits)
        if not compared:
            return float("nan")
        self.memory.compare(compared)
        return rank_correlation(*zip(*compared, strict=True))

    def _take(self, hits: list[str]) -> None:
        self.found += len(hits)
        if self.config.price and hits:
            self.hits.add(packed_fingerprints(molecules_of(hits)))

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return self.memory.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.memory.restore(state)
        self._take([text for text, (score, _) in self.memory.values.items() if score >= self.hit_threshold])
