"""A causal transformer with a key/value cache, so that a sampled token costs one position, not the whole sequence."""

from typing import Literal

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from chemmara.config import Fraction, Strict
from chemmara.language_model.interface import State


class TransformerConfig(Strict):
    """Pre-normalised blocks of causal attention and a GELU perceptron, with learned positions."""

    kind: Literal["transformer"] = "transformer"
    """A decoder-only transformer."""
    width: PositiveInt = 256
    """Width of a position's representation."""
    heads: PositiveInt = 8
    """Attention heads; must divide the width."""
    layers: PositiveInt = 4
    """Number of blocks."""
    positions: PositiveInt = 256
    """Longest sequence, start token included."""
    dropout: Fraction = 0.0
    """Chance that a value is zeroed in training."""

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "TransformerConfig":
        if self.width % self.heads:
            raise ValueError(f"heads ({self.heads}) must divide width ({self.width})")
        return self


class Block(nn.Module):
    """One residual block: attention over the past, then a perceptron."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.before_attention = nn.LayerNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.mix = nn.Linear(config.width, config.width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, 4 * config.width),
            nn.GELU(),
            nn.Linear(4 * config.width, config.width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """New representations (batch, length, width), and the keys and values (batch, heads, past + length, width)."""
        batch, length, width = x.shape
        qkv = self.qkv(self.before_attention(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        seen = scaled_dot_product_attention(query, key, value, is_causal=past is None)
        x = x + self.dropout(self.mix(seen.transpose(1, 2).reshape(batch, length, width)))
        return x + self.dropout(self.perceptron(x)), (key, value)


class Transformer(nn.Module):
    """Causal transformer language model."""

    def __init__(self, config: TransformerConfig, vocabulary: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(vocabulary, config.width)
        self.position = nn.Embedding(config.positions, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.output = nn.Linear(config.width, vocabulary)
        for embedding in (self.embedding, self.position):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary) after each of the tokens (batch, length)."""
        x = self.embedding(tokens) + self.position.weight[: tokens.shape[1]]
        for block in self.blocks:
            x, _ = block(x)
        return self.output(self.norm(x))

    def start(self, batch: int) -> State:
        """An empty cache: keys and values (batch, heads, 0, width of a head) for each block."""
        head = self.config.width // self.config.heads
        empty = self.output.weight.new_zeros(batch, self.config.heads, 0, head)
        return State(tuple(empty for _ in range(2 * self.config.layers)))

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (batch, vocabulary) after one more token (batch,), and the state then."""
        x = (self.embedding(tokens) + self.position.weight[state.rows[0].shape[2]])[:, None]
        now: list[Tensor] = []
        for block, key, value in zip(self.blocks, state.rows[::2], state.rows[1::2], strict=True):
            x, cache = block(x, (key, value))
            now.extend(cache)
        return self.output(self.norm(x))[:, 0], State(tuple(now))
