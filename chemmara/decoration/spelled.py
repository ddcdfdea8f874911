"""How likely a prior finds the SMILES in which given parts are written, apart from what is written at their places.

Twenty SMILES of one core differ by tens of nats, which tell nothing of a molecule: the sampler draws them evenly.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import log_likelihood

_TERMINATORS: Final = {Ends.BRANCH: ")", Ends.FORK: "("}  # sampled tokens that end a hole, but for the end token


@dataclass(frozen=True)
class Spelled:
    """The spellings of given parts, the likeliest first."""

    written: tuple[re.Pattern[str], ...]
    logp: np.ndarray  # (spellings,) nats

    @classmethod
    def of(cls, patterns: Sequence[Pattern], prior: Prior) -> "Spelled":
        """The spellings of patterns, with the log-probability of each where only carbons stand in its holes."""
        logp = to_numpy(log_likelihood(prior.model, [prior.encode(_with_carbons(pattern)) for pattern in patterns]))
        order = np.argsort(-logp, kind="stable")
        return cls(tuple(re.compile(_expression(patterns[i])) for i in order), logp[order].astype(np.float64))

    def of_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Log-probability (n,) of the spelling that each SMILES follows, in nats; NaN where it follows none."""
        rows = [next((i for i, written in enumerate(self.written) if written.fullmatch(text)), -1) for text in texts]
        return np.append(self.logp, np.nan)[rows]


def _with_carbons(pattern: Pattern) -> str:
    """The text of a pattern with as few carbons in each hole as it takes."""
    return "".join(_carbons(part) if isinstance(part, Hole) else part.removesuffix("-?") for part in pattern.parts)


def _carbons(hole: Hole) -> str:
    return "C" * hole.least + _TERMINATORS.get(hole.ends, "")


def _expression(pattern: Pattern) -> str:
    """A regular expression of the texts that follow a pattern."""
    return "".join(_written(part) if isinstance(part, Hole) else _given(part) for part in pattern.parts)


def _written(hole: Hole) -> str:
    return (".+" if hole.least else ".*") + re.escape(_TERMINATORS.get(hole.ends, ""))


def _given(symbol: str) -> str:
    return symbol if symbol == "-?" else re.escape(symbol)
