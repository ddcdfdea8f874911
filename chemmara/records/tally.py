"""A run's headline figures, kept up to date call by call for the live display."""

import heapq
from dataclasses import dataclass, field
from typing import Final

from chemmara.metrics.neighbours import Neighbours
from chemmara.molecules.chem import fingerprint, parse, scaffold

_TOP: Final = 10
_NEAR: Final = 0.25  # Tanimoto similarity: a distance of .75


@dataclass(frozen=True)
class Standing:
    """Where a run is between two steps."""

    step: int
    calls: int
    budget: int
    hits: int
    scaffolds: int  # distinct Bemis-Murcko scaffolds of the hits
    circles: int  # hits pairwise farther apart than .75 in Tanimoto distance, counted as they come
    best: float  # best score; NaN before the first score
    top10: float  # mean score of the ten best molecules
    screening: str = ""  # what screening did in the last step, in words
    stage: str = ""  # of a campaign in stages, in words; hits and scores are those of this stage
    under_way: int = 0  # calls that the workers have beyond `calls`; 0 where no batch is ahead
    ended: str = ""  # why no more calls will come, in words; empty while they do


@dataclass
class Tally:
    """Counts over the calls so far.

    `circles` counts the hits that are farther than .75 from all hits counted before them, in the order of discovery:
    what can be known while the run goes on. The report's #Circles, searched for among all hits at once, is larger.

    With the first call of another stage, whose scores are not comparable, all but the number of calls begins anew.
    """

    hit_threshold: float
    calls: int = 0
    hits: int = 0
    best: float = float("nan")
    stage: int = 1
    scaffolds: set[str] = field(default_factory=set)
    _top: list[float] = field(default_factory=list)
    _centres: Neighbours = field(default_factory=Neighbours)

    def add(self, smiles: str, score: float, stage: int = 1) -> None:
        """Take in one oracle call; NaN (no score) counts as a call and nothing else."""
        if stage != self.stage:
            self.stage, self.hits, self.best, self.scaffolds = stage, 0, float("nan"), set()
            self._top, self._centres = [], Neighbours()
        self.calls += 1
        if score != score:  # noqa: PLR0124 - NaN alone differs from itself
            return
        self.best = score if self.calls == 1 or not self.best >= score else self.best
        (heapq.heappush if len(self._top) < _TOP else heapq.heappushpop)(self._top, score)
        molecule = parse(smiles) if score >= self.hit_threshold else None
        if molecule is None:
            return
        self.hits += 1
        self.scaffolds.add(scaffold(molecule))
        own = fingerprint(molecule)
        if self._centres.nearest(own, _NEAR) is None:
            self._centres.add(own)

    def standing(self, step: int, budget: int, screening: str = "", stages: int = 1, under_way: int = 0) -> Standing:
        """The figures after a step."""
        stage = f"stage {self.stage} of {stages}" if stages > 1 else ""
        return Standing(
            step, self.calls, budget, self.hits, len(self.scaffolds), self.circles, self.best, self.top10, screening,
            stage, under_way,
        )  # fmt: skip

    @property
    def circles(self) -> int:
        """Hits pairwise farther apart than .75, counted as they come."""
        return len(self._centres)

    @property
    def top10(self) -> float:
        """Mean score of the ten best molecules (fewer while there are fewer); NaN before the first."""
        return sum(self._top) / len(self._top) if self._top else float("nan")
