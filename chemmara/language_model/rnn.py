"""Recurrent language models: GRU and LSTM."""

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from chemmara.config import Fraction, Strict
from chemmara.language_model.interface import State
from chemmara.language_model.packed_gru import packed_gru
from chemmara.language_model.tokenizer import PAD


class RecurrentConfig(Strict):
    """A stack of GRU or LSTM layers between an embedding and a linear output."""

    kind: Literal["gru", "lstm"] = "gru"
    """Cell of every layer."""
    embedding: PositiveInt = 128
    """Width of a token's embedding."""
    hidden: PositiveInt = 512
    """Width of a layer."""
    layers: PositiveInt = 1
    """Number of layers."""
    dropout: Fraction = 0.0
    """Chance that a value between two layers is zeroed in training."""


class Recurrent(nn.Module):
    """GRU or LSTM language model."""

    def __init__(self, config: RecurrentConfig, vocabulary: int) -> None:
        super().__init__()
        cell = {"gru": nn.GRU, "lstm": nn.LSTM}[config.kind]
        self.config = config
        self.embedding = nn.Embedding(vocabulary, config.embedding)
        self.cells = cell(config.embedding, config.hidden, config.layers, batch_first=True, dropout=config.dropout)
        self.output = nn.Linear(config.hidden, vocabulary)
        for name, weight in self.cells.named_parameters():
            if "weight_hh" in name:  # each gate starts as a rotation, so that gradients neither fade nor grow
                for gate in weight.data.split(config.hidden):
                    nn.init.orthogonal_(gate)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary) after each of the tokens (batch, length)."""
        return self.output(self.cells(self.embedding(tokens))[0])

    def packs(self, tokens: Tensor) -> bool:
        """Whether `packed` has a kernel for these tokens: those of a GRU on a CPU."""
        return self.config.kind == "gru" and tokens.device.type == "cpu"

    def packed(self, tokens: Tensor) -> Tensor:
        """What `forward` gives, in less time where much is padding: zeros after padding, which is not computed."""
        lengths = (tokens != PAD).sum(1)
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        rows, sizes = packed.data, packed.batch_sizes.tolist()
        for layer in range(self.config.layers):
            rows = packed_gru(dropout(rows, self.cells.dropout, self.training and layer > 0), sizes, self.cells, layer)
        logits = packed._replace(data=self.output(rows))
        return pad_packed_sequence(logits, batch_first=True, total_length=tokens.shape[1])[0]

    def start(self, batch: int) -> State:
        """Zeros: one tensor (batch, layers, hidden) for a GRU, two for an LSTM."""
        zeros = self.output.weight.new_zeros(batch, self.config.layers, self.config.hidden)
        return (zeros,) if self.config.kind == "gru" else (zeros, zeros.clone())

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (batch, vocabulary) after one more token (batch,), and the state then."""
        inputs = self.embedding(tokens)
        layers = []
        for layer in range(self.config.layers):
            weights = [
                getattr(self.cells, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            past = [part[:, layer] for part in state]
            if self.config.kind == "gru":
                now: tuple[Tensor, ...] = (torch.gru_cell(inputs, past[0], *weights),)
            else:
                now = torch.lstm_cell(inputs, past, *weights)
            inputs = now[0]
            layers.append(now)
        return self.output(inputs), tuple(torch.stack(parts, dim=1) for parts in zip(*layers, strict=True))
