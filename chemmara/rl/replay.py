"""Replay: the best molecules so far, learned from again without an oracle call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from pydantic import PositiveInt

from chemmara.config import Strict
from chemmara.errors import TokenError
from chemmara.language_model.tokenizer import PAD
from chemmara.molecules.chem import parse, randomised, scaffold


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
class ReplayEntry:
    """One molecule of the replay."""

    smiles: str  # canonical
    sampled: tuple[int, ...]  # its tokens as the policy wrote them, end token included
    score: float
    group: str  # its scaffold, or itself: of each group the best is kept
    logp: float  # of `sampled`, under the policy that sampled it, in nats


@dataclass(frozen=True)
class ReplayRow:
    """One molecule to learn from again."""

    tokens: Sequence[int]
    smiles: str  # canonical
    score: float
    logp: float  # of the tokens under the policy that sampled them; NaN for another SMILES of the molecule


@dataclass
class Replay:
    """The best molecules, at most one of each group; best first, equal scores in the order they were found."""

    config: ReplayConfig
    kept: list[ReplayEntry] = field(default_factory=list)

    def add(self, smiles: list[str], sampled: list[list[int]], scores: list[float], logp: list[float]) -> None:
        """Take in scored molecules; those with score 0 or without a score are left out."""
        best = {entry.group: entry for entry in self.kept}
        for canonical, tokens, score, row_logp in zip(smiles, sampled, scores, logp, strict=True):
            if score > 0:
                group = self._group(canonical)
                if group not in best or score > best[group].score:
                    written = tuple(token for token in tokens if token != PAD)
                    best[group] = ReplayEntry(canonical, written, score, group, row_logp)
        self.kept = sorted(best.values(), key=lambda entry: -entry.score)[: self.config.capacity]

    def draw(self, generator: torch.Generator, encode: Callable[[str], list[int]]) -> list[ReplayRow]:
        """Up to `rows` different molecules, drawn evenly.

        `encode` gives the tokens of a SMILES, end token included. A randomised SMILES for which it raises TokenError (a
        token that the prior lacks, or a text too long for it) gives way to the tokens as they were sampled.
        """
        rows = torch.randperm(len(self.kept), generator=generator)[: self.config.rows].tolist()
        seeds = torch.randint(2**31, (len(rows),), generator=generator).tolist()
        return [self._written(self.kept[row], seed, encode) for row, seed in zip(rows, seeds, strict=True)]

    def _group(self, smiles: str) -> str:
        if self.config.keep == "best":
            return smiles
        molecule = parse(smiles)
        return smiles if molecule is None else scaffold(molecule)

    def _written(self, entry: ReplayEntry, seed: int, encode: Callable[[str], list[int]]) -> ReplayRow:
        sampled = ReplayRow(entry.sampled, entry.smiles, entry.score, entry.logp)
        molecule = parse(entry.smiles) if self.config.smiles == "randomised" else None
        if molecule is None:
            return sampled
        try:
            return ReplayRow(encode(randomised(molecule, seed)), entry.smiles, entry.score, float("nan"))
        except TokenError:
            return sampled
