"""Optimisers and the learning-rate schedule."""

import torch
from torch.optim import AdamW, Optimizer

from chemmara.language_model.interface import LanguageModel
from chemmara.pretraining.muon import Muon
from chemmara.pretraining.settings import PretrainConfig

_NOT_HIDDEN = ("embedding", "position", "output")  # AdamW's, as Muon's authors advise


def optimizers(model: LanguageModel, config: PretrainConfig, precision: torch.dtype) -> list[Optimizer]:
    """AdamW for all weights, or Muon (with updates scaled like AdamW's) for the matrices between hidden layers.

    `precision`: of Muon's matrix products.
    """
    hidden, rest = [], []
    for name, weight in model.named_parameters():
        # A GRU's first input matrix multiplies embeddings, token by token: it is part of the embedding.
        inner = weight.ndim == 2 and not any(part in name for part in (*_NOT_HIDDEN, "weight_ih_l0"))  # noqa: PLR2004
        (hidden if inner and config.optimizer == "muon" else rest).append(weight)
    found: list[Optimizer] = [AdamW(rest, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99))]
    if hidden:
        rate, decay = config.muon_learning_rate, config.muon_weight_decay
        found.append(Muon(hidden, rate, decay, precision))
    return found


def rate_factor(step: int, total: int, config: PretrainConfig) -> float:
    """Share of the learning rate at a step: up linearly, level, down linearly to zero at the end."""
    up = (step + 1) / config.warmup_steps if step < config.warmup_steps else 1.0
    falling = config.decay * total
    return min(up, (total - step) / falling if falling else 1.0, 1.0)
