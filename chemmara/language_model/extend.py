"""A prior with more tokens than it was trained with, which gives every molecule it knew the likelihood it had."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import torch

from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of
from chemmara.language_model.sampling import next_logp, pad
from chemmara.language_model.tokenizer import END, PAD, START, Tokenizer

_CHANGE = 1e-7  # most nats by which the likelihood of a molecule of `max_length` tokens may change
_ROUNDS, _BATCH = 5, 128
_ATOM = re.compile(r"\[[=#/\\]*\d*([A-Z][a-z]?|[a-z][a-z]?)(?=[@H+\-\d\]])")


def extended(prior: Prior, tokens: Sequence[str]) -> Prior:
    """The prior with the tokens appended to its vocabulary; ids of the old ones stay.

    A new token begins as a copy of its relative, the plain atom ([C@@H] of C, [Si] of none), or of the mean over all
    old tokens, with its output bias lowered by c. Its probability is then at most exp(-c) times that of the relative
    (for the mean: of the old tokens' geometric mean, which is smaller than the largest of them), whatever came before.
    With c = log(max_length n / 1e-7) for n new tokens, no molecule of up to `max_length` tokens that the old
    vocabulary writes loses more than 1e-7 nats. The logits are finite, so training can raise them.
    """
    tokens = [token for token in tokens if token not in prior.tokenizer.tokens]
    if not tokens:
        return prior
    tokenizer = Tokenizer(prior.tokenizer.notation, (*prior.tokenizer.tokens, *tokens))
    with torch.random.fork_rng(devices=()):
        model = build(prior.config.network, len(tokenizer))
    lowered = math.log(prior.config.max_length * len(tokens) / _CHANGE)
    relatives = [_relative(prior.tokenizer, token) for token in tokens]
    weights = dict(prior.model.state_dict())
    for name in ("embedding.weight", "output.weight", "output.bias"):
        old = weights[name]
        mean = old[END + 1 :].mean(0)
        new = torch.stack([mean if i is None else old[i] for i in relatives])
        weights[name] = torch.cat([old, new - lowered if name == "output.bias" else new])
    model.load_state_dict(weights)
    model.to(device_of(prior.model))
    model.eval()
    return replace(prior, tokenizer=tokenizer, model=model, sha256="")


@torch.no_grad()
def calibrate(prior: Prior, added: Sequence[str], rows: Sequence[Sequence[int]]) -> None:
    """Raise the output biases of added tokens until the prior expects each as often as it occurs in the encoded rows.

    This is the first thing that training does with an `extended` prior; gradients alone would take hundreds of steps at
    the rates of transfer learning. Each round adds log(count / expected count) to a bias.
    """
    model, device = prior.model, device_of(prior.model)
    ids = torch.tensor([prior.tokenizer.encode(token)[0] for token in added], device=device)
    bias = dict(model.named_parameters())["output.bias"]
    model.eval()
    for _ in range(_ROUNDS):
        counts, expected = torch.zeros(len(ids), device=device), torch.zeros(len(ids), device=device)
        for first in range(0, len(rows), _BATCH):
            tokens = pad(rows[first : first + _BATCH]).to(device)
            start = tokens.new_full((len(tokens), 1), START)
            probabilities = next_logp(model(torch.cat([start, tokens[:, :-1]], dim=1)))[..., ids - END].exp()
            expected += (probabilities * (tokens != PAD)[..., None]).sum((0, 1))
            counts += (tokens[..., None] == ids).sum((0, 1))
        bias[ids] += torch.where(counts > 0, (counts / expected).log(), 0.0)


def _relative(tokenizer: Tokenizer, token: str) -> int | None:
    """Id of the plain atom of a bracket token in the vocabulary; None where there is none.

    >>> tokenizer = Tokenizer("smiles", ("C", "n"))
    >>> [_relative(tokenizer, token) for token in ("[C@@H]", "[nH+]", "[SiH3]", "/")]
    [3, 4, None, None]
    """
    found = _ATOM.match(token)
    if found is None:
        return None
    for plain in (found[1], f"[{found[1]}]"):
        if plain in tokenizer.tokens and plain != token:
            return tokenizer.encode(plain)[0]
    return None
