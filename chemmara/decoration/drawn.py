"""What a sampler along patterns gives: molecules with the rows they were read from, and what was sampled of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rdkit.Chem import Mol
from torch import Tensor

from chemmara.decoration.filling import Filled
from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import Rollout, pad
from chemmara.language_model.tokenizer import PAD, Tokenizer
from chemmara.molecules.chem import canonical_smiles


@dataclass(frozen=True)
class Drawn:
    """Molecules that keep what is to be kept; row i of every field is the same one."""

    tokens: Tensor  # (n, length) int64, padded after the end token
    column: Tensor  # (n, length) int64: 1 + the column of the group in which a token was sampled; 0: given, or padding
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
        return self.column > 0

    @property
    def rollout(self) -> Rollout:
        """The same rows as reinforcement learning takes them."""
        return Rollout(self.tokens, self.logp, self.smiles)


def picked(filled: Filled, rows: Sequence[int], **others: list) -> Drawn:
    """Some of the rows that were written, with what belongs to each."""
    index = torch.tensor(rows, device=filled.tokens.device)
    length = int((filled.tokens[index] != PAD).sum(1).max())
    parts = (filled.tokens[index, :length], filled.column[index, :length], filled.logp[index], filled.log_weight[index])
    return Drawn(*parts, **others)


def joined(batches: Sequence[Drawn]) -> Drawn:
    """Several batches, one after the other; at least one."""
    return Drawn(
        pad([row for batch in batches for row in batch.tokens]),
        pad([row for batch in batches for row in batch.column]),
        torch.cat([batch.logp for batch in batches]),
        torch.cat([batch.log_weight for batch in batches]),
        [number for batch in batches for number in batch.family],
        [number for batch in batches for number in batch.pattern],
        [text for batch in batches for text in batch.smiles],
        [molecule for batch in batches for molecule in batch.molecules],
    )


def groups(drawn: Drawn, patterns: Sequence[Pattern], columns: int, tokenizer: Tokenizer) -> list[list[str]]:
    """What stands in the holes of each molecule (n, columns), as SMILES with `*` where it is bound; `*[H]` for none."""
    rows = zip(to_numpy(drawn.tokens).tolist(), to_numpy(drawn.column).tolist(), drawn.pattern, strict=True)
    found = []
    for tokens, column, pattern in rows:
        holes = {hole.column: hole for hole in patterns[pattern].holes}
        texts = {at: [token for token, place in zip(tokens, column, strict=True) if place == at + 1] for at in holes}
        found.append([_group(texts[at], holes[at], tokenizer) if at in holes else "*[H]" for at in range(columns)])
    return found


def _group(tokens: list[int], hole: Hole, tokenizer: Tokenizer) -> str:
    inner = tokens[:-1] if hole.ends is not Ends.ATOMS else tokens  # the last one closes the branch, or is the end
    text = f"{hole.left}{tokenizer.decode(inner)}{hole.right}"
    return canonical_smiles(text) or text
