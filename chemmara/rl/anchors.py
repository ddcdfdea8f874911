"""MARA's anchor: which good sample it is, and among which samples it is chosen."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

from chemmara.config import Strict
from chemmara.rl.rewards import Anchor

_KEEP = 0.9  # share of the old level that a running anchor keeps at each step


class AnchorConfig(Strict):
    """The sample z to whose level good samples are lifted."""

    choose: Literal["support", "median", "random", "lowest"] = "support"
    """The good sample with the highest (the paper's), median or lowest prior log-probability, or a random one."""
    over: Literal["batch", "running", "run"] = "batch"
    """Chosen from the batch; from the batch and averaged over steps (0.9 of the old level); or from all good samples
    of the run."""


@dataclass
class Anchors:
    """Chooses the anchor of each batch, and keeps what the choice depends on."""

    config: AnchorConfig
    generator: torch.Generator
    level: list[float] = field(default_factory=list)  # running: score and log prior
    seen: dict[str, tuple[float, float]] = field(default_factory=dict)  # run: best-supported score, log prior by SMILES

    def choose(self, scores: np.ndarray, prior_logp: np.ndarray, smiles: list[str], tau: float) -> Anchor | None:
        """The anchor of a batch, all (n,); None without a good sample."""
        good = np.flatnonzero(scores >= tau)
        rows = [(smiles[i], float(scores[i]), float(prior_logp[i])) for i in good]
        if self.config.over == "run":
            for text, score, logp in rows:
                if text not in self.seen or logp > self.seen[text][1]:
                    self.seen[text] = (score, logp)
            rows = [(text, *pair) for text, pair in self.seen.items() if pair[0] >= tau]
        if not rows:
            return None
        _, score, logp = rows[self._pick(rows)]
        if self.config.over == "running":
            before = self.level or [score, logp]
            self.level = [_KEEP * old + (1 - _KEEP) * new for old, new in zip(before, (score, logp), strict=True)]
            score, logp = self.level
        return Anchor(score, logp)

    def _pick(self, rows: list[tuple[str, float, float]]) -> int:
        """Row of the anchor."""
        order = np.argsort([logp for _, _, logp in rows], kind="stable")
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
        return {"level": self.level, "seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.level = list(state["level"])
        self.seen = {text: (score, logp) for text, (score, logp) in state["seen"].items()}
