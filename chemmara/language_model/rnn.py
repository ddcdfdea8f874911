"""Recurrent language models: GRU and LSTM."""

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import dropout, embedding, linear
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from chemmara.config import Fraction, Strict
from chemmara.language_model.interface import State
from chemmara.language_model.packed_gru import gru_cell, packed_gru
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
        packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        sizes = packed.batch_sizes.tolist()
        states = packed_gru(embedding(packed.data, self._gates_of_tokens()), sizes, self.cells, 0)
        for layer in range(1, self.config.layers):
            gates = self._gates(dropout(states, self.cells.dropout, self.training), layer)
            states = packed_gru(gates, sizes, self.cells, layer)
        logits = packed._replace(data=self.output(states))
        return pad_packed_sequence(logits, batch_first=True, total_length=tokens.shape[1])[0]

    def start(self, batch: int) -> State:
        """Zeros (batch, hidden): a tensor a layer for a GRU, two for an LSTM."""
        zeros = self.output.weight.new_zeros(batch, self.config.hidden)
        if self.config.kind == "lstm":
            return State((zeros,) * (2 * self.config.layers))
        shared: tuple[Tensor, ...] = ()
        if zeros.device.type == "cpu":
            turned = [self._weights(layer)[1].T.contiguous() for layer in range(self.config.layers)]
            shared = (self._gates_of_tokens(), *turned)
        return State((zeros,) * self.config.layers, shared)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (batch, vocabulary) after one more token (batch,), and the state then."""
        now = self._lstm_states(tokens, state.rows) if self.config.kind == "lstm" else self._gru_states(tokens, state)
        return self.output(now[-1 if self.config.kind == "gru" else -2]), State(now, state.shared)

    def _gru_states(self, tokens: Tensor, state: State) -> tuple[Tensor, ...]:
        now: list[Tensor] = []
        for layer, before in enumerate(state.rows):
            if state.shared:
                gates = self._gates(now[-1], layer) if layer else state.shared[0][tokens]
                now.append(gru_cell(gates, before, state.shared[1 + layer], self._weights(layer)[3]))
            else:  # on a GPU torch's cell is one kernel
                x = now[-1] if layer else self.embedding(tokens)
                now.append(torch.gru_cell(x, before, *self._weights(layer)))
        return tuple(now)

    def _lstm_states(self, tokens: Tensor, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x, now = self.embedding(tokens), list[Tensor]()
        for layer, past in enumerate(zip(before[::2], before[1::2], strict=True)):
            now.extend(torch.lstm_cell(x, past, *self._weights(layer)))
            x = now[-2]
        return tuple(now)

    def _gates_of_tokens(self) -> Tensor:
        """(vocabulary, 3 hidden) what each token brings to the gates of a GRU's first layer.

        One product with the embedding's few rows in place of one with every token of a batch: a fifth of the
        multiply-adds of a network that is four times as wide as its embedding.
        """
        return self._gates(self.embedding.weight, 0)

    def _gates(self, x: Tensor, layer: int) -> Tensor:
        """(rows, 3 hidden) what the inputs (rows, width) of a layer bring to its gates, bias included."""
        weight, _, bias, _ = self._weights(layer)
        return linear(x, weight, bias)

    def _weights(self, layer: int) -> list[Tensor]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self.cells, f"{name}_l{layer}") for name in names]
