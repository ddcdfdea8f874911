"""Patterns as tensors, so that rows of different patterns are written side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

from chemmara.decoration.grammar import Kind, kind_of
from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.language_model.tokenizer import END, Tokenizer

HOLE: Final = -1
"""In place of a given token's id, where a hole is."""


class _Step(NamedTuple):
    given: int
    after_aromatic: bool
    hole: int
    least: int
    most: int
    ends: int
    taken: list[bool]
    resumes: bool = False
    rest: int = 0


@dataclass(frozen=True)
class Table:
    """Step s of pattern p is a given token or a hole; ids begin with the end token's 0, as log-probabilities do."""

    given: Tensor  # (patterns, steps) int64: an id, or HOLE
    after_aromatic: Tensor  # (patterns, steps) bool: left out where the atom before it is not aromatic
    hole: Tensor  # (patterns, steps) int64: number of a hole in its pattern, from 0
    least: Tensor  # (patterns, steps) int64, heavy atoms of a hole
    most: Tensor  # (patterns, steps) int64
    ends: Tensor  # (patterns, steps) int64, an Ends
    taken: Tensor  # (patterns, steps, rings) bool: ring numbers that the given tokens have open there or in an arm
    resumes: Tensor  # (patterns, steps) bool: the rest of a linker
    rest: Tensor  # (patterns, steps) int64: of a fork, the step at which the rest of its linker stands

    @classmethod
    def of(cls, patterns: Sequence[Pattern], tokenizer: Tokenizer) -> Self:
        """The table of patterns whose given tokens are all in the vocabulary, on the CPU."""
        rings = [token for token in tokenizer.tokens if kind_of(token) is Kind.RING]
        rows = [_steps(pattern, tokenizer, rings) for pattern in patterns]
        blank = _Step(0, False, 0, 0, 0, 0, [False] * len(rings))
        longest = max(map(len, rows))
        columns = zip(*(zip(*row, *[blank] * (longest - len(row)), strict=True) for row in rows), strict=True)
        return cls(*map(torch.tensor, columns))

    def to(self, device: torch.device) -> "Table":
        """The same table on a device."""
        return Table(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def _steps(pattern: Pattern, tokenizer: Tokenizer, rings: list[str]) -> list[_Step]:
    """The pattern's steps; the end token comes last, unless a hole ends with it."""
    opened, holes, steps = set[str](), 0, []
    for at, part in enumerate(pattern.parts):
        if isinstance(part, Hole):
            rest = _rest(pattern, at) if part.ends is Ends.FORK else 0
            barred = opened | {given for given in pattern.parts[at:rest] if isinstance(given, str)}
            taken = [ring in barred for ring in rings]
            steps.append(_Step(HOLE, False, holes, part.least, part.most, int(part.ends), taken, part.resumes, rest))
            holes += 1
            continue
        token = part.removesuffix("?")
        blank = [False] * len(rings)
        steps.append(_Step(tokenizer.encode(token)[0] - END, token != part, 0, 0, 0, 0, blank))
        if kind_of(token) is Kind.RING:
            opened ^= {token}
    if not (isinstance(part := pattern.parts[-1], Hole) and part.ends is Ends.STRING):
        steps.append(_Step(0, False, 0, 0, 0, 0, [False] * len(rings)))
    return steps


def _rest(pattern: Pattern, fork: int) -> int:
    """The step at which a linker goes on behind the arm that begins after a fork."""
    return next(at for at, part in enumerate(pattern.parts) if at > fork and isinstance(part, Hole) and part.resumes)
