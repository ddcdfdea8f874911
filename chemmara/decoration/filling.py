"""A prior writes along patterns: given tokens are forced, holes are sampled under a mask, and both are weighed exactly.

A given token is a mask that leaves one token. At every position the prior's probability is thereby split into the
probability of the mask, which goes into the row's weight, and that of the token under the mask, by which it is drawn.
So p(y) = weight(y) q(y): rows drawn from q and weighed are samples of the prior that hold the pattern.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from chemmara.decoration.grammar import Bounds, Grammar, Inside
from chemmara.decoration.pattern import Ends
from chemmara.decoration.table import HOLE, Table
from chemmara.language_model.device import device_of
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.sampling import next_logp
from chemmara.language_model.tokenizer import END, PAD, START


@dataclass(frozen=True)
class Filled:
    """Rows that were written along patterns; row i of every field is the same sequence."""

    tokens: Tensor  # (rows, length) int64, padded after the end token
    column: Tensor  # (rows, length) int64: 1 + the column of the hole in which a token was sampled, 0: it was given
    logp: Tensor  # (rows,) float32, log-probability under the model at temperature 1, in nats
    log_weight: Tensor  # (rows,) float32, log p(y) - log q(y) at the temperature; -inf where no end token came in time


@torch.no_grad()
def fill(
    model: LanguageModel,
    grammar: Grammar,
    table: Table,
    pattern: Tensor,
    *,
    number: Tensor,
    generator: torch.Generator,
    max_length: int,
    temperature: float = 1.0,
) -> Filled:
    """Write a row along each of the patterns (rows,), given as numbers of rows of the table.

    `number` (rows, steps) holds the heavy atoms of the holes that end by themselves. A row that has no end token after
    `max_length` tokens has the weight zero.
    """
    model.eval()
    device = device_of(model)
    rows = len(pattern)
    tokens = torch.full((rows, max_length), PAD, device=device)
    column = torch.zeros_like(tokens)
    logp, log_weight = torch.zeros(rows, device=device), torch.zeros(rows, device=device)
    alive, step = torch.arange(rows, device=device), torch.zeros(rows, dtype=torch.long, device=device)
    inside = blank = Inside.before(rows, len(grammar.ring), device)
    last, state = torch.full((rows,), START, device=device), model.start(rows)
    for position in range(max_length):
        logits, state = model.step(last, state)
        untempered = next_logp(logits)
        each = torch.log_softmax(untempered / temperature, dim=-1) if temperature != 1.0 else untempered
        here = pattern[alive], step
        given, ends, fixed = table.given[here], table.ends[here], number[alive, step]
        by_number = ends == Ends.ATOMS
        least, most = (torch.where(by_number, fixed, bound[here]) for bound in (table.least, table.most))
        in_hole = given == HOLE
        allowed = grammar.allowed(inside, Bounds(least, most, ends, table.taken[here]))
        only = torch.zeros_like(allowed).scatter_(1, given.clamp(min=0)[:, None], value=True)
        masked = each.masked_fill(~torch.where(in_hole[:, None], allowed, only), -torch.inf)
        chosen = torch.multinomial(torch.softmax(masked, dim=-1), 1, generator=generator)
        logp[alive] += untempered.gather(1, chosen)[:, 0]
        log_weight[alive] += masked.logsumexp(-1)
        token, last = chosen[:, 0], chosen[:, 0] + END
        tokens[alive, position] = last
        column[alive, position] = torch.where(in_hole, table.column[here] + 1, 0)

        written = grammar.after(inside, token).where(in_hole, inside)
        left = in_hole & torch.where(by_number, written.closed & (written.atoms == most), written.depth < 0)
        step = _next_step(table, pattern[alive], step, moves=left | ~in_hole, skips=left & ~written.aromatic)
        inside = blank[torch.arange(len(alive), device=device)].where(left, written)
        going = last != END
        if not going.all():
            alive, last, step, inside = alive[going], last[going], step[going], inside[going]
            state = state.kept(going)
        if not len(alive):
            break
    log_weight[alive] = -torch.inf
    return Filled(tokens, column, logp, log_weight)


def _next_step(table: Table, pattern: Tensor, step: Tensor, *, moves: Tensor, skips: Tensor) -> Tensor:
    """The steps (rows,) after these: those that move go on, and over an aromatic bond too where they skip it."""
    step = step + moves.long()
    within = step.clamp(max=table.given.shape[1] - 1)  # a row that has ended is beyond its pattern
    return step + (skips & table.after_aromatic[pattern, within]).long()
