"""Replay: the best molecules so far, learned from again without an oracle call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from pydantic import NonNegativeInt, PositiveInt

from chemmara.config import Strict
from chemmara.molecules.chem import parse, scaffold
from chemmara.rl.ranks import drawn_by_rank
from chemmara.rl.rows import Rows


class ReplayConfig(Strict):
    """Which molecules are kept, and how they are learned from again."""

    keep: Literal["best", "best-per-scaffold"] = "best-per-scaffold"
    """The best molecules, or the best molecule of each Bemis-Murcko scaffold."""
    capacity: PositiveInt = 1000
    """Molecules kept, the best ones."""
    zeros: Literal[False, True, "beside-others"] = False
    """Valid molecules that earn 0 are kept too, while there is room for them; "beside-others": and nothing is drawn
    while all that are kept earn 0, which would lead the policy away from the prior, and nowhere."""
    includes_step: bool = False
    """What a step finds can be drawn in the same step; false: what is replayed was found in earlier steps."""
    draw: Literal["evenly", "by-score", "by-rank"] = "evenly"
    """Every molecule is as likely to be drawn, or in proportion to its score, or to 1 / (0.01 N + rank) for the N
    molecules kept. By rank a molecule may be drawn several times, and none is before more are kept than are drawn."""
    joined: NonNegativeInt = 0
    """Molecules that join the sampled batch in its update, written as they were kept."""
    rounds: NonNegativeInt = 2
    """Updates of a step after that, each from replayed molecules of its own."""
    rows: PositiveInt = 64
    """Molecules drawn for each of those."""
    smiles: Literal["sampled", "canonical", "randomised"] = "randomised"
    """The SMILES as it was sampled; the canonical SMILES (of those molecules whose canonical SMILES the prior can
    write); or, in those updates, another SMILES of the same molecule, drawn each time."""
    with_batch: bool = False
    """Those updates learn from the sampled batch too, its SMILES rewritten likewise (augmented memory)."""


@dataclass(frozen=True)
class ReplayEntry:
    """One molecule of the replay."""

    smiles: str  # canonical
    text: str  # as the policy wrote it, or canonical
    tokens: tuple[int, ...]  # of that, end token included
    score: float
    group: str  # its scaffold, or itself: of each group the best is kept
    prior_logp: float  # of the tokens, nats
    behaviour_logp: float  # of the tokens, under the policy that sampled them, nats; NaN where none did


def replay_entries(saved: Iterable[Mapping[str, Any]]) -> list[ReplayEntry]:
    """Entries from what `asdict` and JSON made of them."""
    return [ReplayEntry(**{**entry, "tokens": tuple(entry["tokens"])}) for entry in saved]


@dataclass
class Replay:
    """The best molecules, at most one of each group; best first, equal scores in the order they were found."""

    config: ReplayConfig
    kept: list[ReplayEntry] = field(default_factory=list)

    def add(self, rows: Rows) -> None:
        """Take in rows that have a score; a score of 0 is left out, unless `zeros` lets valid molecules in."""
        best, tokens = {entry.group: entry for entry in self.kept}, rows.written()
        for row, (smiles, score) in enumerate(zip(rows.smiles, rows.filtered_scores.tolist(), strict=True)):
            if score > 0 or (self.config.zeros and smiles):
                group = self._group(smiles)
                if group not in best or score > best[group].score:
                    logp = float(rows.prior_logp[row]), float(rows.behaviour_logp[row])
                    written = tuple(tokens[row].tolist())
                    best[group] = ReplayEntry(smiles, rows.texts[row], written, score, group, *logp)
        self.kept = sorted(best.values(), key=lambda entry: -entry.score)[: self.config.capacity]

    def forget(self, full: Callable[[str], bool]) -> None:
        """Take out the molecules that earn nothing more, since the diversity filter's bucket for them is full."""
        self.kept = [entry for entry in self.kept if not full(entry.smiles)]

    def draw(self, rows: int, generator: torch.Generator) -> list[ReplayEntry]:
        """Up to `rows` different molecules; by rank `rows` molecules or none."""
        if self.config.zeros == "beside-others" and self.kept and self.kept[0].score <= 0:
            return []
        if self.config.draw == "by-rank":
            places = drawn_by_rank(len(self.kept), rows, generator) if len(self.kept) > rows else []
            return [self.kept[i] for i in places]
        if self.config.draw == "evenly":
            return [self.kept[i] for i in torch.randperm(len(self.kept), generator=generator)[:rows].tolist()]
        weights = torch.tensor([entry.score for entry in self.kept], dtype=torch.float64)
        count = min(rows, len(self.kept))
        drawn = torch.multinomial(weights, count, generator=generator).tolist() if count else []
        return [self.kept[i] for i in drawn]

    def _group(self, smiles: str) -> str:
        if self.config.keep == "best":
            return smiles
        molecule = parse(smiles)
        return smiles if molecule is None else scaffold(molecule)
