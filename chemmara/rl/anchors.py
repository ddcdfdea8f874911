"""Which good sample is MARA's anchor: chosen how, and among which."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from rdkit.DataStructs import BulkTanimotoSimilarity

from chemmara.config import Strict
from chemmara.molecules.chem import fingerprint, parse
from chemmara.rl.rewards import Anchor

_KEEP = 0.9  # share of the old level that a running anchor keeps a step


class AnchorConfig(Strict):
    """The sample z to whose level good samples are lifted."""

    choose: Literal["support", "median", "random", "lowest", "centroid"] = "support"
    """Highest (the paper's), median or lowest prior support, any, or the nearest in Tanimoto to the others."""
    over: Literal["batch", "running", "run"] = "batch"
    """Chosen from the batch, from the batch and averaged over steps (0.9 of the old), or from all good of the run."""


@dataclass
class Anchors:
    """Chooses the anchor of each batch, and remembers what the choice needs."""

    config: AnchorConfig
    generator: torch.Generator
    level: list[float] = field(default_factory=list)  # running: score and log prior
    seen: dict[str, tuple[float, float]] = field(default_factory=dict)  # run: best-supported score, log prior by SMILES

    def choose(self, scores: np.ndarray, prior_logp: np.ndarray, smiles: list[str], threshold: float) -> Anchor | None:
        """The anchor of a batch, all (n,); None without a good sample."""
        good = np.flatnonzero(scores >= threshold)
        rows = [(smiles[i], float(scores[i]), float(prior_logp[i])) for i in good]
        if self.config.over == "run":
            for one, score, logp in rows:
                if one not in self.seen or logp > self.seen[one][1]:
                    self.seen[one] = (score, logp)
            rows = [(one, *pair) for one, pair in self.seen.items() if pair[0] >= threshold]
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
            case "centroid":
                return _most_central([one for one, _, _ in rows])

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {"level": self.level, "seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.level = list(state["level"])
        self.seen = {one: (score, logp) for one, (score, logp) in state["seen"].items()}


def _most_central(smiles: list[str]) -> int:
    """Row of the molecule with the highest mean Tanimoto similarity to all (Morgan 2, 2048 bits)."""
    molecules = [parse(one) for one in smiles]
    prints = [fingerprint(one) for one in molecules if one is not None]
    return int(np.argmax([np.mean(BulkTanimotoSimilarity(one, prints)) for one in prints]))
