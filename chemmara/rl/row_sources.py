"""Rows to learn from: a batch as it was sampled, molecules of the replay, and either written anew; children."""

from collections.abc import Sequence

import numpy as np
import torch

from chemmara.errors import TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import Rollout, pad, sequence_logp
from chemmara.molecules.chem import parse, randomised
from chemmara.rl.replay import ReplayEntry
from chemmara.rl.rows import Rows


def sampled(prior: Prior, rollout: Rollout, smiles: list[str], filtered_scores: np.ndarray) -> Rows:
    """A batch as the policy wrote it, with the canonical SMILES and what each row earns."""
    return Rows(
        rollout.tokens, smiles, rollout.smiles, filtered_scores, _prior_logp(prior, rollout.tokens),
        to_numpy(rollout.logp).astype(np.float64),
    )  # fmt: skip


def replayed(entries: Sequence[ReplayEntry], device: torch.device) -> Rows:
    """Molecules of the replay as they were kept."""
    return Rows(
        pad([entry.tokens for entry in entries]).to(device),
        [entry.smiles for entry in entries],
        [entry.text for entry in entries],
        *(np.array([getattr(entry, name) for entry in entries]) for name in ("score", "prior_logp", "behaviour_logp")),
    )


def canonically_written(prior: Prior, smiles: list[str], filtered_scores: np.ndarray, device: torch.device) -> Rows:
    """Molecules that have a score, as their canonical SMILES; without those that the prior cannot write.

    An invalid SMILES ("") and a molecule without a score (NaN) are left out.
    """
    tokens, kept = [], []
    for row, molecule in enumerate(smiles):
        written = _encoded(prior, molecule) if molecule and not np.isnan(filtered_scores[row]) else None
        if written is not None:
            tokens.append(written)
            kept.append(row)
    padded = pad(tokens).to(device) if tokens else torch.empty((0, 1), dtype=torch.int64, device=device)
    return Rows(
        padded, [smiles[row] for row in kept], [prior.tokenizer.decode_smiles(ids) for ids in tokens],
        filtered_scores[kept], _prior_logp(prior, padded), np.full(len(kept), np.nan),
    )  # fmt: skip


def rewritten(prior: Prior, rows: Rows, generator: torch.Generator) -> Rows:
    """The same molecules, each as another of its SMILES.

    A row stays as it is where it is no molecule, and where the prior cannot write the SMILES that was drawn (a token
    that it lacks, or too many of them).
    """
    seeds = torch.randint(2**31, (len(rows),), generator=generator).tolist()
    tokens: list[list[int]] = []
    before = rows.written()
    behaviour_logp = rows.behaviour_logp.copy()
    for row, (smiles, seed) in enumerate(zip(rows.smiles, seeds, strict=True)):
        molecule = parse(smiles) if smiles else None
        written = _encoded(prior, randomised(molecule, seed)) if molecule is not None else None
        if written is not None:
            behaviour_logp[row] = np.nan  # no policy sampled it
        tokens.append(before[row].tolist() if written is None else written)
    padded = pad(tokens).to(rows.tokens.device)
    texts = [prior.tokenizer.decode_smiles(ids) for ids in tokens]
    return Rows(padded, rows.smiles, texts, rows.filtered_scores, _prior_logp(prior, padded), behaviour_logp)


def _encoded(prior: Prior, smiles: str) -> list[int] | None:
    """Tokens of a SMILES; None where the prior cannot write it."""
    try:
        return prior.encode(smiles)
    except TokenError:
        return None


@torch.no_grad()
def _prior_logp(prior: Prior, tokens: torch.Tensor) -> np.ndarray:
    """(n,) log-probabilities under the prior, nats."""
    return to_numpy(sequence_logp(prior.model, tokens)).astype(np.float64) if len(tokens) else np.empty(0)
