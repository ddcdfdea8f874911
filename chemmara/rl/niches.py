"""Niches: where the latest hits all lie close together, the policy begins anew, away from them (sequential niching).

After Beasley, Bull & Martin 1993 (doi:10.1162/evco.1993.1.2.101): once a peak is found, what lies near it earns less,
and the search starts again. A niche is what was found between two such starts.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final, Literal

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from chemmara.config import Fraction, Strict
from chemmara.language_model.device import to_numpy
from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import BYTES, near, nearest, packed_fingerprints, to_all
from chemmara.rl.replay import ReplayEntry, replay_entries
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import FOUND

INSIDE: Final = 0.4
"""Similarity (Tanimoto, Morgan 2, 2,048 bits) to a hit of a niche left behind from which a molecule earns nothing."""
OUTSIDE: Final = 0.25
"""The same, up to which it earns its whole score; also that of two circles of #Circles at .75."""
_HALF: Final = 0.5
_STRAY: Final = 10  # hits similar to one, itself among them, up to which it does not belong to the niche that is left
_PROMISING: Final = FOUND // 4  # hits with which a way goes on, for each length of the longest way before
_BLOCK: Final = 512  # hits whose like are looked for at a time: all pairs of 50,000 alike would take 10 GB
_NUMBERS: Final = ("budget", "number", "calls", "begun", "cost", "spent", "last", "over")


class NichingConfig(Strict):
    """When the policy begins anew, away from the hits that it has."""

    hits: Annotated[int, Field(ge=FOUND)] = 300
    """Hits of a niche before it can be left, and the latest ones by which it is judged."""
    circles: PositiveInt = 9
    """A niche is left when its latest hits are fewer circles than this (of distance .75)."""
    price: Fraction = 0.3
    """Largest share of the budget that may be spent on the way to further niches: the calls until a hundred hits each.
    0: no niche is ever left."""


@dataclass(frozen=True)
class Start:
    """What the work on a niche goes on from."""

    policy: dict[str, Tensor]  # weights
    replay: list[ReplayEntry]
    pool: dict[str, float]  # possible parents of genetic children and what they earn; {} without children


def _no_rows() -> np.ndarray:
    return np.zeros((0, BYTES), dtype=np.uint8)


@dataclass
class Niches:
    """The hits of the niche that is worked on and of those left behind, and what finding them cost."""

    config: NichingConfig
    hit_threshold: float
    budget: int = 0  # calls that are planned with
    number: int = 1  # of the niche that is worked on
    calls: int = 0  # number of the latest call
    begun: int | None = None  # number of the last call before this niche
    cost: int = 0  # calls of the longest way to a niche so far, from its begin until it was found
    spent: int = 0  # calls on the way to all niches but the first
    own: np.ndarray = field(default_factory=_no_rows)  # (n, 256) fingerprints of this niche's hits, in their order
    left: np.ndarray = field(default_factory=_no_rows)  # (n, 256) those of niches left behind, in their order
    last: int = 0  # rows of `left` that belong to the niche left last
    before: Start | None = None  # of the niche left last, while this one is not found
    over: bool = False  # a niche was not found, and no other is looked for

    def share(self, packed: np.ndarray) -> np.ndarray:
        """Share (n,) of its score that each molecule earns, given fingerprints (n, 256): 1 far from niches left behind.

        It falls linearly from 1 at a similarity of .25 to the nearest hit left behind to 0 at .4.
        """
        if not len(self.left):
            return np.ones(len(packed))
        similarity = nearest(packed, self.left)[1]
        return np.clip((INSIDE - similarity) / (INSIDE - OUTSIDE), 0.0, 1.0)

    def earned(self, smiles: list[str], scores: np.ndarray) -> np.ndarray:
        """Scores (n,) of molecules given as canonical SMILES, less what is taken off near niches left behind."""
        rows = [row for row, text in enumerate(smiles) if text]
        if not rows or not len(self.left):
            return scores
        earned = scores.copy()
        earned[rows] *= self.share(packed_fingerprints(molecules_of([smiles[row] for row in rows])))
        return earned

    def saw(self, scores: Scores) -> None:
        """Take in the calls of a step."""
        new = scores.calls_after(self.calls)
        if not new:
            return
        self.begun = min(new) - 1 if self.begun is None else self.begun
        self.calls = max(new)
        hits = packed_fingerprints(molecules_of([text for text, score in new.values() if score >= self.hit_threshold]))
        sought = self.sought
        self.own = np.concatenate([self.own, hits[self.share(hits) >= _HALF]])
        if sought and not self.sought:
            self._found()

    def _found(self) -> None:
        self.cost, self.before = max(self.cost, self._way), None
        if self.number > 1:
            self.spent += self._way

    @property
    def sought(self) -> bool:
        """Whether the niche that is worked on is not found yet."""
        return len(self.own) < FOUND

    @property
    def _way(self) -> int:
        """Calls since this niche was begun."""
        return self.calls - (self.begun or 0)

    @property
    def on_ways(self) -> int:
        """Calls on the way to all niches but the first, so far."""
        return self.spent + (self._way if self.sought and self.number > 1 else 0)

    def plan(self, budget: int) -> bool:
        """Plan with a budget, once the one planned with is spent; whether that changed anything.

        A budget that grows while calls are left counts only from then on, so that a run which is resumed, and takes its
        latest steps again, decides in them as it did. Where the last way had led nowhere, others are tried again.
        """
        changed = self.calls >= self.budget != budget
        if changed:
            self.budget, self.over = budget, False
        return changed

    @property
    def due(self) -> Literal["stay", "leave", "return"]:
        """What to do next.

        A niche is left once its latest hits are narrow, if the way to the next can be expected to take no more than
        half of the calls that are left, and all ways together no more than `price` of the budget. The expectation is
        the longest way so far. Where it takes more than that allows, or as long as expected with fewer than 25 hits
        (twice as long with fewer than 50, and so on), the policy returns to the niche left last, for good.
        """
        if self.over:
            return "stay"
        calls_left, limit = self.budget - self.calls, self.config.price * self.budget
        if self.sought:
            hopeless = self._way >= self.cost and len(self.own) * self.cost < _PROMISING * self._way
            lost = hopeless or self._way > calls_left or self.on_ways > limit
            return "return" if self.before and lost else "stay"
        expected = 2 * self.cost <= calls_left and self.spent + self.cost <= limit
        return "leave" if expected and self.narrow else "stay"

    @property
    def narrow(self) -> bool:
        """Whether the latest hits are few circles."""
        latest = self.own[-self.config.hits :]
        return len(latest) == self.config.hits and not _circles(latest, self.config.circles)

    def leave(self, before: Start) -> None:
        """Begin the next niche: what is near the hits of this one earns nothing from now on.

        Hits that hardly any other is like stay out of it: they may lead to the next.
        """
        blocks = (self.own[start : start + _BLOCK] for start in range(0, len(self.own), _BLOCK))
        crowded = np.array([len(alike) > _STRAY for block in blocks for alike in near(block, self.own, INSIDE)])
        self.left, self.own = np.concatenate([self.left, self.own[crowded]]), _no_rows()
        self.last, self.number, self.begun, self.before = int(crowded.sum()), self.number + 1, self.calls, before

    def go_back(self) -> Start:
        """Work on the niche left last again, since no other was found; the policy and replay that it had."""
        if self.before is None:
            raise ValueError("no niche was left")
        before, place = self.before, len(self.left) - self.last
        self.spent += self._way
        self.left, self.own = self.left[:place], np.concatenate([self.left[place:], self.own])
        self.number, self.before, self.over = self.number - 1, None, True
        return before

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values; `tensors` has the rest."""
        before = self.before
        return {name: getattr(self, name) for name in _NUMBERS} | {
            "replay": [asdict(entry) for entry in before.replay] if before else [],
            "pool": list(before.pool.items()) if before else [],
        }

    def tensors(self) -> dict[str, Tensor]:
        """Fingerprints, and weights as `policy.NAME`."""
        weights = self.before.policy if self.before else {}
        rows = {"own": torch.from_numpy(self.own.copy()), "left": torch.from_numpy(self.left.copy())}
        return rows | {f"policy.{name}": tensor for name, tensor in weights.items()}

    def restore(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Go on from a saved state."""
        for name in _NUMBERS:
            setattr(self, name, state[name])
        self.own, self.left = to_numpy(tensors["own"]), to_numpy(tensors["left"])
        weights = {name.removeprefix("policy."): tensor for name, tensor in tensors.items() if "." in name}
        self.before = Start(weights, replay_entries(state["replay"]), dict(state["pool"])) if weights else None


def _circles(packed: np.ndarray, enough: int) -> bool:
    """Whether fingerprints (n, 256), taken in their order, are at least `enough` circles of distance .75."""
    for _ in range(enough):
        if not len(packed):
            return False
        packed = packed[to_all(packed[0], packed) <= OUTSIDE]
    return True
