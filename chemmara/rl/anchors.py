"""MARA's anchor: the good sample of a step to whose level the others are lifted."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from pydantic import model_validator

from chemmara.config import Strict
from chemmara.rl.rewards import Anchor

_KEEP = 0.9  # share of the old level that a running anchor keeps at each step


class AnchorConfig(Strict):
    """The sample z to whose level good samples are lifted; every update of a step has the same."""

    choose: Literal["support", "median", "random", "lowest"] = "support"
    """The good sample with the highest (the paper's), median or lowest prior log-probability, or a random one."""
    over: Literal["step", "running", "run"] = "step"
    """Chosen from the rows of the step, sampled and replayed; from those and averaged over steps (0.9 of the old
    level); or the best-supported good sample of the run (only with choose = "support")."""

    @model_validator(mode="after")
    def _the_run_keeps_only_what_support_needs(self) -> "AnchorConfig":
        if self.over == "run" and self.choose != "support":
            raise ValueError(f'choose = "{self.choose}" over the run is not possible; use choose = "support"')
        return self


@dataclass
class Anchors:
    """Chooses the anchor of each step, and keeps what the choice depends on."""

    config: AnchorConfig
    generator: torch.Generator
    level: list[float] = field(default_factory=list)  # running: score and log prior
    front: list[tuple[float, float]] = field(default_factory=list)  # run: (score, log prior), none below in both

    def choose(self, scores: np.ndarray, prior_logp: np.ndarray, tau: float) -> Anchor | None:
        """The anchor of a step whose rows have these scores and log-probabilities (n,); None without a good row."""
        rows = list(zip(scores.tolist(), prior_logp.tolist(), strict=True))
        if self.config.over == "run":
            self._extend(rows)
            rows = self.front
        rows = [row for row in rows if row[0] >= tau]
        if not rows:
            return None
        score, logp = rows[self._pick(rows)]
        if self.config.over == "running":
            before = self.level or [score, logp]
            self.level = [_KEEP * old + (1 - _KEEP) * new for old, new in zip(before, (score, logp), strict=True)]
            score, logp = self.level
        return Anchor(score, logp)

    def _extend(self, rows: list[tuple[float, float]]) -> None:
        """Whatever tau is going to be, its best-supported sample is one that none surpasses in both."""
        front: list[tuple[float, float]] = []
        for score, logp in sorted({*self.front, *rows}, key=lambda row: (-row[0], -row[1])):
            if not front or logp > front[-1][1]:
                front.append((score, logp))
        self.front = front

    def _pick(self, rows: list[tuple[float, float]]) -> int:
        """Row of the anchor."""
        order = np.argsort([logp for _, logp in rows], kind="stable")
        match self.config.choose:
            case "support":
                return int(order[-1])
            case "lowest":
                return int(order[0])
            case "median":
                return int(order[len(order) // 2])
            case "random":
                return int(torch.randint(len(rows), (1,), generator=self.generator))

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {"level": self.level, "front": self.front}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.level = list(state["level"])
        self.front = [(score, logp) for score, logp in state["front"]]
