"""Samples of a prior that are wanted: valid ones, different ones, until there are enough."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of, to_numpy
from chemmara.language_model.sampling import sample
from chemmara.molecules.chem import canonical_smiles

_PATIENCE = 10_240  # draws that must bring something
_FEWEST = 0.001  # of them wanted; below that it ends


@dataclass(frozen=True)
class Draw:
    """What one batch brought; row i of both lists is the same molecule."""

    smiles: list[str]  # as sampled
    nll: list[float]  # negative log-likelihood of the sequence as sampled, at temperature 1, in nats
    drawn: int  # sequences, wanted or not


def sample_wanted(
    prior: Prior,
    n: int,
    *,
    seed: int,
    valid: bool = False,
    unique: bool = False,
    temperature: float = 1.0,
    top_p: float = 1.0,
    batch_size: int = 1024,
) -> Iterator[Draw]:
    """Draws that hold n molecules together, valid ones alone or each molecule once, as they are wanted.

    Two SMILES are the same molecule if their canonical forms are equal; invalid ones, if their texts are. It ends with
    fewer than n where of some 10,000 sequences not one in a thousand was wanted. The seed, n and the batch size fix it.
    """
    generator = torch.Generator(device_of(prior.model)).manual_seed(seed)
    seen: set[str] = set()
    missing, size, drawn, found = n, 0, 0, 0
    while missing:
        size = min(batch_size, max(missing + (missing // 4 + 16 if valid or unique else 0), 2 * size))
        rollout = sample(
            prior.model, prior.tokenizer, min(size, missing) if not (valid or unique) else size, generator=generator,
            max_length=prior.config.max_length, temperature=temperature, top_p=top_p,
        )  # fmt: skip
        rows = _wanted(rollout.smiles, seen, valid=valid, unique=unique)[:missing]
        nll = to_numpy(-rollout.logp).tolist()
        yield Draw([rollout.smiles[row] for row in rows], [nll[row] for row in rows], len(rollout.smiles))
        missing, drawn, found = missing - len(rows), drawn + len(rollout.smiles), found + len(rows)
        if drawn >= _PATIENCE:
            if found < _FEWEST * drawn:
                return
            drawn = found = 0


def _wanted(smiles: list[str], seen: set[str], *, valid: bool, unique: bool) -> list[int]:
    """Rows that are wanted; `seen` takes in what they are."""
    if not (valid or unique):
        return list(range(len(smiles)))
    rows = []
    for row, text in enumerate(smiles):
        molecule = canonical_smiles(text)
        if (valid and molecule is None) or (unique and (molecule or text) in seen):
            continue
        seen.add(molecule or text)
        rows.append(row)
    return rows
