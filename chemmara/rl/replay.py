"""Replay: the best molecules so far, learned from again without an oracle call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from pydantic import PositiveInt

from chemmara.chem import parse, randomised, scaffold
from chemmara.config import Strict


class ReplayConfig(Strict):
    """Which molecules are kept, and how they are learned from again."""

    keep: Literal["best", "best-per-scaffold"] = "best-per-scaffold"
    """The best molecules, or the best molecule of each Bemis-Murcko scaffold."""
    capacity: PositiveInt = 1000
    """Molecules kept, the best ones."""
    rows: PositiveInt = 64
    """Molecules drawn a round."""
    rounds: PositiveInt = 2
    """Updates a step from replayed molecules, after the one from the sampled batch."""
    smiles: Literal["sampled", "randomised"] = "randomised"
    """Learn the SMILES as it was sampled, or another SMILES of the same molecule, drawn each time."""


@dataclass(frozen=True)
class Remembered:
    """One molecule of the replay."""

    smiles: str  # canonical
    sampled: str  # as the policy wrote it
    score: float
    group: str  # its scaffold, or itself: of each group the best is kept


@dataclass
class Replay:
    """The best molecules, at most one a group, best first and equal scores oldest first."""

    config: ReplayConfig
    kept: list[Remembered] = field(default_factory=list)

    def add(self, smiles: list[str], sampled: list[str], scores: list[float]) -> None:
        """Take in scored molecules; those with score 0 or none are not worth learning from."""
        best = {one.group: one for one in self.kept}
        for canonical, text, score in zip(smiles, sampled, scores, strict=True):
            if score > 0:
                group = self._group(canonical)
                if group not in best or score > best[group].score:
                    best[group] = Remembered(canonical, text, score, group)
        self.kept = sorted(best.values(), key=lambda one: -one.score)[: self.config.capacity]

    def draw(self, generator: torch.Generator, knows: Callable[[str], bool]) -> list[tuple[str, float]]:
        """Up to `rows` different molecules, drawn evenly: the SMILES to learn, and its score.

        A randomised SMILES which the vocabulary cannot write (`knows` tells) gives way to the sampled one.
        """
        rows = torch.randperm(len(self.kept), generator=generator)[: self.config.rows].tolist()
        seeds = torch.randint(2**31, (len(rows),), generator=generator).tolist()
        drawn = []
        for one, seed in zip((self.kept[row] for row in rows), seeds, strict=True):
            text = self._text(one, seed)
            drawn.append((text if knows(text) else one.sampled, one.score))
        return drawn

    def _group(self, smiles: str) -> str:
        if self.config.keep == "best":
            return smiles
        molecule = parse(smiles)
        return smiles if molecule is None else scaffold(molecule)

    def _text(self, one: Remembered, seed: int) -> str:
        molecule = parse(one.smiles) if self.config.smiles == "randomised" else None
        return one.sampled if molecule is None else randomised(molecule, seed)
