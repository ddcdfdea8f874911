"""From a network to molecules: rollouts, and the log-likelihood of given ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from chemmara.language_model.device import device_of, full_float32, to_numpy, without_dropout
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.rnn import Recurrent
from chemmara.language_model.tokenizer import END, PAD, START, Tokenizer

LIKELIHOOD_ROWS: Final = 256
"""Sequences of a library whose likelihood is computed side by side."""
_WORTH_SPLITTING: Final = 32  # rows from which two passes cost less than the padding of one


@dataclass(frozen=True)
class Rollout:
    """One batch of sequences; row i of every field is the same molecule."""

    tokens: Tensor  # (batch, length) int64, padded after the end token
    logp: Tensor  # (batch,) float32, log-probability under the model that sampled it, at temperature 1, in nats
    smiles: list[str]  # as sampled; "" where no end token came in time

    @property
    def mask(self) -> Tensor:
        """(batch, length) bool, True up to and including the end token."""
        return self.tokens != PAD

    def chosen(self, rows: Sequence[int]) -> "Rollout":
        """The sequences at these places."""
        return Rollout(self.tokens[rows], self.logp[rows], [self.smiles[row] for row in rows])

    def joined(self, other: "Rollout") -> "Rollout":
        """These sequences, then the others."""
        tokens = pad([*self.tokens, *other.tokens])
        return Rollout(tokens, torch.cat([self.logp, other.logp]), self.smiles + other.smiles)


def next_logp(logits: Tensor) -> Tensor:
    """Log-probabilities (..., vocabulary - END) of the ids from END on: padding and start are never next."""
    return torch.log_softmax(logits[..., END:].float(), dim=-1)


@torch.no_grad()
def sample(
    model: LanguageModel,
    tokenizer: Tokenizer,
    n: int,
    *,
    generator: torch.Generator,
    max_length: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> Rollout:
    """Draw n sequences token by token; a finished one leaves the batch.

    A sequence without an end token after `max_length` tokens is cut there and has no SMILES. `temperature` divides
    the logits; `top_p` keeps the fewest tokens whose probabilities reach it (nucleus sampling, arXiv 1904.09751).
    The generator is one of the model's device; tokens and log-probabilities stay there.
    """
    model.eval()
    device = device_of(model)
    if not n:
        return Rollout(torch.full((0, 1), PAD, device=device), torch.zeros(0, device=device), [])
    tokens = torch.full((n, max_length), PAD, device=device)
    logp = torch.zeros(n, device=device)
    alive = torch.arange(n, device=device)
    last, state = torch.full((n,), START, device=device), model.start(n)
    for position in range(max_length):
        logits, state = model.step(last, state)
        each = next_logp(logits)
        chosen = torch.multinomial(_weights(each, temperature, top_p), 1, generator=generator)
        last = chosen[:, 0] + END
        tokens[alive, position] = last
        logp[alive] += each.gather(1, chosen)[:, 0]
        going = last != END
        if not going.all():
            alive, last, state = alive[going], last[going], state.kept(going)
        if not len(alive):
            break
    tokens = tokens[:, : int((tokens != PAD).sum(1).max())]
    return Rollout(tokens, logp, [tokenizer.decode_smiles(row) for row in to_numpy(tokens).tolist()])


def _weights(logp: Tensor, temperature: float, top_p: float) -> Tensor:
    """Sampling weights (batch, tokens): probabilities at the temperature, those outside the nucleus zero."""
    weights = torch.softmax(logp / temperature, dim=-1)
    if top_p < 1.0:
        ordered, order = weights.sort(dim=-1, descending=True)
        ordered[ordered.cumsum(dim=-1) - ordered >= top_p] = 0.0  # what comes after the nucleus is full
        weights = torch.zeros_like(weights).scatter(-1, order, ordered)
    return weights


def sample_batches(
    model: LanguageModel,
    tokenizer: Tokenizer,
    n: int,
    *,
    seed: int,
    max_length: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    batch_size: int = 1024,
) -> Iterator[Rollout]:
    """Rollouts of at most `batch_size` that hold n sequences together; the seed fixes them all."""
    generator = torch.Generator(device_of(model)).manual_seed(seed)
    for done in range(0, n, batch_size):
        size = min(batch_size, n - done)
        yield sample(
            model,
            tokenizer,
            size,
            generator=generator,
            max_length=max_length,
            temperature=temperature,
            top_p=top_p,
        )


def sequence_logp(model: LanguageModel, tokens: Tensor) -> Tensor:
    """Log-probability (batch,) in nats of whole sequences (batch, length), end token included, padding not.

    The shorter half and the longer half go through the network apart, which saves a fifth of the time: what is short
    is not padded to the longest. A GRU on a CPU leaves out what padding remains. Dropout is off, with gradients too:
    the log-probability is always that of the network which samples.
    """
    lengths = (tokens != PAD).sum(1)
    order = lengths.argsort(stable=True)
    parts = order.tensor_split(2) if len(tokens) >= _WORTH_SPLITTING else [order]
    with without_dropout(model):
        logp = torch.cat([_padded_logp(model, tokens[rows, : int(lengths[rows].max())]) for rows in parts])
    return logp[order.argsort()]


def _padded_logp(model: LanguageModel, tokens: Tensor) -> Tensor:
    start = tokens.new_full((len(tokens), 1), START)
    inputs = torch.cat([start, tokens[:, :-1]], dim=1)
    logp = next_logp(model.packed(inputs) if isinstance(model, Recurrent) and model.packs(inputs) else model(inputs))
    each = logp.gather(2, (tokens - END).clamp(min=0)[..., None])[..., 0]
    return (each * (tokens != PAD)).sum(1)


def pad(rows: Sequence[Sequence[int] | Tensor]) -> Tensor:
    """Token rows as one tensor (batch, longest), padded at the end; of lists it is on the CPU, of tensors on theirs."""
    return pad_sequence([torch.as_tensor(row) for row in rows], batch_first=True, padding_value=PAD)


@torch.no_grad()
@full_float32()
def log_likelihood(model: LanguageModel, rows: Sequence[Sequence[int]], batch_size: int = LIKELIHOOD_ROWS) -> Tensor:
    """Log-probability (n,) in nats of encoded molecules, on the CPU; sorted by length inside, not outside."""
    device = device_of(model)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    logp = torch.empty(len(rows))
    for first in range(0, len(order), batch_size):
        chunk = order[first : first + batch_size]
        logp[chunk] = sequence_logp(model, pad([rows[i] for i in chunk]).to(device)).cpu()
    return logp
