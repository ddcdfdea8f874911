"""Encoded molecules, and the order in which training sees them: the same for any number of processes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from chemmara.language_model.tokenizer import PAD

_BATCHES_PER_BUCKET = 50  # molecules of that many batches are sorted by length together


@dataclass(frozen=True)
class Spelled:
    """Training molecules as they are written in one epoch."""

    tokens: Tensor  # (rows, longest) int64, padded at the end
    canonical: int = 0  # how many are canonical since their random SMILES cannot be written


class TrainingRows(Protocol):
    """Training molecules, which may be written otherwise in each epoch."""

    @property
    def lengths(self) -> np.ndarray:
        """(molecules,) tokens of each row, end token included; the same in every epoch."""
        ...

    def spelled(self, rows: np.ndarray, epoch: int, /) -> Spelled:
        """The rows as they are written in an epoch."""
        ...

    def head(self, n: int) -> "Encoded":
        """At most the first n molecules, as they are written in epoch 0."""
        ...


@dataclass(frozen=True)
class Encoded:
    """Token rows of a corpus end to end in one array, some 50 bytes a molecule."""

    ids: np.ndarray  # (tokens,) int16
    starts: np.ndarray  # (molecules + 1,) int64, where each row begins

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "Encoded":
        """Pack the rows."""
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(np.fromiter((i for row in rows for i in row), dtype=np.int16, count=starts[-1]), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """(molecules,) tokens of each row, end token included."""
        return np.diff(self.starts)

    def lists(self, rows: np.ndarray) -> list[list[int]]:
        """The rows as lists of ids."""
        return [self.ids[self.starts[row] : self.starts[row + 1]].tolist() for row in rows]

    def head(self, n: int) -> "Encoded":
        """At most the first n rows."""
        starts = self.starts[: n + 1]
        return Encoded(self.ids[: starts[-1]], starts)

    def spelled(self, rows: np.ndarray, _epoch: int, /) -> Spelled:
        """The rows, which are written alike in every epoch."""
        return Spelled(self.batch(rows))

    def batch(self, rows: np.ndarray) -> Tensor:
        """The rows as tokens (rows, longest), int64, padded at the end."""
        lengths = self.lengths[rows]
        tokens = np.full((len(rows), lengths.max(initial=1)), PAD, dtype=np.int64)
        tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = np.concatenate(
            [self.ids[self.starts[row] : self.starts[row + 1]] for row in rows]
        )
        return torch.from_numpy(tokens)


def epoch_batches(lengths: np.ndarray, batch_size: int, *, seed: int, epoch: int) -> list[np.ndarray]:
    """Row numbers of each batch of one epoch: shuffled, then sorted by length within buckets, then shuffled again.

    Every molecule comes once; what does not fill a last batch waits for the next epoch's shuffle.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    size = batch_size * _BATCHES_PER_BUCKET
    batches = []
    for first in range(0, len(order), size):
        bucket = order[first : first + size]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        batches += [bucket[i : i + batch_size] for i in range(0, len(bucket) - batch_size + 1, batch_size)]
    generator.shuffle(batches)
    return batches or [order]


def steps_from(lengths: np.ndarray, batch_size: int, *, seed: int, step: int) -> Iterator[tuple[int, np.ndarray]]:
    """Epoch and row numbers of each batch from the given step on, for ever."""
    per_epoch = len(epoch_batches(lengths, batch_size, seed=seed, epoch=0))
    epoch, skip = divmod(step, per_epoch)
    while True:
        yield from ((epoch, rows) for rows in epoch_batches(lengths, batch_size, seed=seed, epoch=epoch)[skip:])
        epoch, skip = epoch + 1, 0
