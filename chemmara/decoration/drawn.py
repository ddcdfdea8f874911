"""What a sampler along patterns gives: molecules with the rows they were read from, and what was sampled of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rdkit.Chem import Mol
from torch import Tensor

from chemmara.decoration.filling import Filled
from chemmara.decoration.pattern import Hole, Pattern
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import Rollout, pad
from chemmara.language_model.tokenizer import PAD, Tokenizer
from chemmara.molecules.chem import canonical_smiles


@dataclass(frozen=True)
class Drawn:
    """Molecules that keep what is to be kept; row i of every field is the same one."""

    tokens: Tensor  # (n, length) int64, padded after the end token
    hole: Tensor  # (n, length) int64: 1 + the number, in its pattern, of a sampled token's hole; 0: given, or padding
    logp: Tensor  # (n,) float32, log-probability of the whole row under the model at temperature 1, in nats
    log_weight: (
        Tensor  # (n,) float32, log p(y) - log q(y), where q(y) is the probability of writing y along its pattern
    )
    family: list[int]  # which of the sampler's families, from 0
    pattern: list[int]  # which of all its patterns, from 0
    smiles: list[str]  # as written
    molecules: list[Mol]

    @property
    def sampled(self) -> Tensor:
        """(n, length) bool: True for tokens that the model chose, False for given ones and padding."""
        return self.hole > 0

    @property
    def rollout(self) -> Rollout:
        """The same rows as reinforcement learning takes them."""
        return Rollout(self.tokens, self.logp, self.smiles)


def picked(filled: Filled, rows: Sequence[int], **others: list) -> Drawn:
    """Some of the rows that were written, with what belongs to each."""
    index = torch.tensor(rows, device=filled.tokens.device)
    length = int((filled.tokens[index] != PAD).sum(1).max())
    parts = (filled.tokens[index, :length], filled.hole[index, :length], filled.logp[index], filled.log_weight[index])
    return Drawn(*parts, **others)


def joined(batches: Sequence[Drawn]) -> Drawn:
    """Several batches, one after the other; at least one."""
    return Drawn(
        pad([row for batch in batches for row in batch.tokens]),
        pad([row for batch in batches for row in batch.hole]),
        torch.cat([batch.logp for batch in batches]),
        torch.cat([batch.log_weight for batch in batches]),
        [number for batch in batches for number in batch.family],
        [number for batch in batches for number in batch.pattern],
        [text for batch in batches for text in batch.smiles],
        [molecule for batch in batches for molecule in batch.molecules],
    )


def groups(drawn: Drawn, patterns: Sequence[Pattern], columns: int, tokenizer: Tokenizer) -> list[list[str]]:
    """What stands in the holes of each molecule (n, columns), as SMILES with `*` where it is bound; `*[H]` for none."""
    rows = zip(to_numpy(drawn.tokens).tolist(), to_numpy(drawn.hole).tolist(), drawn.pattern, strict=True)
    found = []
    for tokens, places, pattern in rows:
        texts: dict[int, str] = {}
        for number, hole in enumerate(patterns[pattern].holes, start=1):
            inner = [token for token, place in zip(tokens, places, strict=True) if place == number]
            texts[hole.column] = texts.get(hole.column, "") + _text(inner, hole, tokenizer)
        found.append([canonical_smiles(texts[at]) or texts[at] if at in texts else "*[H]" for at in range(columns)])
    return found


def _text(tokens: list[int], hole: Hole, tokenizer: Tokenizer) -> str:
    inner = tokens if hole.ends.by_number else tokens[:-1]  # the last one closes the branch, or is the end
    return f"{hole.left}{tokenizer.decode(inner)}{hole.right}"
