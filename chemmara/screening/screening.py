"""Screening: candidates in, those worth an oracle call out; and what the answers teach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from scipy.stats import norm

from chemmara.molecules.chem import parse
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores
from chemmara.screening.acquisition import ACQUISITIONS, Forecast, different
from chemmara.screening.config import ScreenConfig
from chemmara.screening.fingerprints import count_bits, similarity_bits
from chemmara.screening.library import CandidateLibrary
from chemmara.screening.memory import Memory, rank_correlation
from chemmara.screening.surrogates import SURROGATES, Posterior, Surrogate
from chemmara.screening.taken import Taken
from chemmara.screening.targets import CostlyTargets, ScoreTarget, Targets

POLICY: Final = "policy"
_GUESSES: Final = 16  # values of a costly component that stand for its distribution


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
    targets: Targets
    library: CandidateLibrary | None
    surrogates: list[Surrogate] = field(default_factory=list)  # one a target, made at the first fit
    memory: Memory = field(init=False)
    hits: Taken = field(default_factory=Taken)
    _bits: dict[str, np.ndarray] = field(default_factory=dict)  # of the molecules that the model learns from

    def __post_init__(self) -> None:
        self.memory = Memory(self.config.trained_on)

    @classmethod
    def of(cls, config: ScreenConfig, objective: Objective | None, hit_threshold: float) -> Self:
        """Before the first molecule; without an objective, the score is what is modelled."""
        costly = objective is not None and bool(objective.costly.any()) and config.models != "score"
        targets = CostlyTargets(objective) if objective and (costly or config.models == "costly") else ScoreTarget()
        return cls(config, hit_threshold, targets, CandidateLibrary.of(config.library))

    @property
    def active(self) -> bool:
        """Whether the model has enough to learn from, and predicted something of late."""
        return self.memory.scored >= self.config.start and self.memory.predicts

    def choose(self, candidates: Mapping[str, Sequence[str]], count: int, rng: np.random.Generator) -> Choice:
        """Up to `count` new molecules out of the candidates (canonical SMILES by source; "" is left out)."""
        smiles, sources = self._new(candidates)
        molecules = [molecule for text in smiles if (molecule := parse(text)) is not None]
        active, modelled = self.active, self.memory.scored >= self.config.start and bool(smiles)
        forecast = self._forecast(smiles, count_bits(molecules), rng) if modelled else None
        predicted = forecast.mean if forecast else np.full(len(smiles), np.nan)
        if forecast and active:
            preference = ACQUISITIONS[self.config.choose](forecast, self.hit_threshold, rng)
            own = np.array([source == POLICY for source in sources])
            rows = different(
                preference, similarity_bits(molecules),
                self.hits, apart=self.config.apart, count=count, own=own, others=int(self.config.others * count),
            )  # fmt: skip
        else:
            rows = list(range(min(count, len(smiles))))
        return Choice(
            [smiles[i] for i in rows], [sources[i] for i in rows], predicted[rows], smiles, sources.count(POLICY),
            active=active,
        )  # fmt: skip

    def _new(self, candidates: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
        """Different molecules that were not measured yet, and the source of each (the first that has it)."""
        origin: dict[str, str] = {}
        for source, molecules in candidates.items():
            for smiles in molecules:
                if smiles and smiles not in self.memory.values:
                    origin.setdefault(smiles, source)
        return list(origin), list(origin.values())

    def _forecast(self, smiles: list[str], bits: np.ndarray, rng: np.random.Generator) -> Forecast:
        posteriors = self._fitted()
        means, spreads = zip(*(posterior.predict(bits) for posterior in posteriors), strict=True)
        if isinstance(self.targets, ScoreTarget):
            mean, spread = means[0], spreads[0]
        else:  # through transforms and aggregation: a few guesses of every value stand for its distribution
            steps = norm.ppf((np.arange(_GUESSES) + 0.5) / _GUESSES)
            columns = [
                mean + rng.permutation(steps)[:, None] * spread for mean, spread in zip(means, spreads, strict=True)
            ]
            scores = self.targets.scores(smiles, np.stack(columns, axis=2))
            mean, spread = scores.mean(axis=0), scores.std(axis=0)

        def draw() -> np.ndarray:
            values = np.column_stack([posterior.draw(bits, rng) for posterior in posteriors])
            return self.targets.scores(smiles, values[None])[0]

        return Forecast(mean, spread, draw)

    def _fitted(self) -> list[Posterior]:
        """A fitted model of every target; each learns from the molecules that have its value."""
        smiles, values = self.memory.to_learn_from()
        new = [text for text in smiles if text not in self._bits]
        made = dict(
            zip(new, count_bits([molecule for text in new if (molecule := parse(text)) is not None]), strict=True)
        )
        self._bits = {text: made[text] if text in made else self._bits[text] for text in smiles}
        bits = np.array(list(self._bits.values()))
        self.surrogates = self.surrogates or [SURROGATES[self.config.surrogate]() for _ in values.T]
        has = ~np.isnan(values)
        return [
            surrogate.fit(bits[known], column[known])
            for surrogate, column, known in zip(self.surrogates, values.T, has.T, strict=True)
        ]

    def learn(self, scores: Scores, choice: Choice | None = None) -> float:
        """Take in what was measured; the rank correlation of predictions and answers, NaN where there is none."""
        targets = self.targets.of(scores)
        before = dict(zip(choice.smiles, choice.predicted.tolist(), strict=True)) if choice else {}
        compared, hits = [], []
        for smiles, score, call, row in zip(scores.smiles, scores.total.tolist(), scores.call, targets, strict=True):
            if not smiles or not call or smiles in self.memory.values:
                continue
            self.memory.add(smiles, score, row.tolist())
            predicted = before.get(smiles, float("nan"))
            if predicted == predicted and score == score:  # noqa: PLR0124 - NaN's mark
                compared.append((predicted, score))
            if score >= self.hit_threshold:
                hits.append(smiles)
        self._take(hits)
        self.memory.record.extend(compared)
        return rank_correlation(*zip(*compared, strict=True)) if compared else float("nan")

    def _take(self, hits: list[str]) -> None:
        if self.config.apart and hits:
            self.hits.add(similarity_bits([molecule for text in hits if (molecule := parse(text)) is not None]))

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return self.memory.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.memory.restore(state)
        self._take([text for text, (score, _) in self.memory.values.items() if score >= self.hit_threshold])
