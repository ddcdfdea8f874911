"""Restarts: where the best molecules no longer get better, the search begins anew and forgets what it learned.

As CMA-ES does (Auger & Hansen 2005, doi:10.1109/CEC.2005.1554902): a search that has converged finds nothing more, and
another from the beginning may converge to something better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import Any, Final

import numpy as np
from pydantic import PositiveInt
from torch import Tensor

from chemmara.config import Strict
from chemmara.scoring.scores import Scores

_BEST: Final = 10
_PLAIN: Final = ("number", "calls", "rose", "level", "best", "late", "top", "given")
LEAST: Final = 0.001
"""Rise of the mean of the ten best scores that counts as one."""


class RestartConfig(Strict):
    """When the search begins anew, from the prior."""

    patience: PositiveInt = 500
    """Calls without a rise of the mean of the ten best scores since the last restart after which the next comes."""


@dataclass
class Restarts:
    """The ten best scores since the last restart, and the call by which their mean rose last."""

    config: RestartConfig
    number: int = 0  # of restarts so far
    calls: int = 0  # number of the latest call
    rose: int = 0  # number of the call by which the mean rose last, or after which the search began
    level: float = 0.0  # the mean, when it rose last; scores that are missing for ten count as 0
    best: list[float] = field(default_factory=list)  # scores, the highest first, at most ten
    late: int = 0  # batches under way that were chosen before the last restart
    top: float = 0.0  # largest mean of the ten best with which a search has ended
    policy: dict[str, Tensor] = field(default_factory=dict, compare=False)  # weights of that search; {} before
    given: dict[str, float] = field(default_factory=dict)  # seeds of the campaign and what they earn

    def only_new(self, scores: Scores) -> Scores:
        """What is learned of the oldest batch under way: nothing (NaN) where it was chosen before the last restart."""
        if not self.late:
            return scores
        self.late -= 1
        return replace(scores, total=np.full(len(scores.total), np.nan))

    def saw(self, scores: Scores) -> None:
        """Take in the calls of a step."""
        new = scores.calls_after(self.calls)
        if not new:
            return
        self.rose = self.rose if self.calls else min(new) - 1
        self.calls = max(new)
        self.best = nlargest(_BEST, [*self.best, *np.nan_to_num([score for _, score in new.values()]).tolist()])
        mean = sum(self.best) / _BEST
        if mean >= self.level + LEAST:
            self.level, self.rose = mean, self.calls

    @property
    def due(self) -> bool:
        """Whether something was found, and nothing better for so long that the search is to begin anew."""
        return self.level > 0 and self.calls - self.rose >= self.config.patience

    def begin(self, policy: dict[str, Tensor], under_way: int) -> None:
        """The next search begins: the policy of the one before has these weights, and so many batches are under way."""
        if self.level > self.top:
            self.top, self.policy = self.level, policy
        self.number, self.late = self.number + 1, under_way
        self.rose, self.level, self.best = self.calls, 0.0, []

    def state(self) -> dict[str, Any]:
        """What a later step depends on, as plain values."""
        return {name: getattr(self, name) for name in _PLAIN}

    def restore(self, state: Mapping[str, Any], policy: Mapping[str, Tensor]) -> None:
        """Go on from a saved state, and from the weights of the best search that has ended."""
        for name in _PLAIN:
            setattr(self, name, state[name])
        self.policy = dict(policy)
