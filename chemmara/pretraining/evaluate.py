"""The likelihood that a prior gives to molecules, and molecules sampled from it."""

import numpy as np
import torch

from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of, full_float32
from chemmara.language_model.sampling import sample_batches, sequence_logp
from chemmara.pretraining.batches import Encoded


@torch.no_grad()
@full_float32()
def held_out_nll(prior: Prior, molecules: Encoded, batch_size: int = 256) -> float:
    """Mean negative log-likelihood of the molecules, in nats each (never per token)."""
    device = device_of(prior.model)
    order = np.argsort(molecules.lengths, kind="stable")
    total = 0.0
    for first in range(0, len(order), batch_size):
        total -= float(sequence_logp(prior.model, molecules.batch(order[first : first + batch_size]).to(device)).sum())
    return total / len(order)


def sampled_smiles(prior: Prior, n: int, seed: int) -> list[str]:
    """SMILES of n sequences at temperature 1, as sampled; "" where a sequence did not end."""
    batches = sample_batches(prior.model, prior.tokenizer, n, seed=seed, max_length=prior.config.max_length)
    return [smiles for rollout in batches for smiles in rollout.smiles]
