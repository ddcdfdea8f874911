"""Draws by rank: the best of a sorted list often, the others seldom, however their scores lie."""

from typing import Final

import torch
from torch import Tensor

_FLATTENING: Final = 0.01  # of Genetic-GFN (arXiv 2402.05961): the best weighs 100 / n, the last about 1 / n


def rank_weights(n: int) -> Tensor:
    """(n,) weights 1 / (0.01 n + rank), not normalised; rank 0 is the best.

    >>> rank_weights(100)[[0, 1, 99]]
    tensor([1.0000, 0.5000, 0.0100], dtype=torch.float64)
    """
    return 1 / (_FLATTENING * n + torch.arange(n, dtype=torch.float64))


def drawn_by_rank(n: int, count: int, generator: torch.Generator) -> list[int]:
    """`count` places of a list of n, which is sorted from the best on; a place may be drawn again."""
    return torch.multinomial(rank_weights(n), count, replacement=True, generator=generator).tolist()
