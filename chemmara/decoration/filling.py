"""A prior writes along patterns: given tokens are forced, holes are sampled under a mask, and both are weighed exactly.

A given token is a mask that leaves one token. At every position the prior's probability is thereby split into the
probability of the mask, which goes into the row's weight, and that of the token under the mask, by which it is drawn.
So p(y) = weight(y) q(y): rows drawn from q and weighed are samples of the prior that hold the pattern.
"""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from chemmara.decoration.grammar import Bounds, Grammar, Inside, Kind, Mode
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
    hole: Tensor  # (rows, length) int64: 1 + the number, in its pattern, of a sampled token's hole; 0: it was given
    logp: Tensor  # (rows,) float32, log-probability under the model at temperature 1, in nats
    log_weight: Tensor  # (rows,) float32, log p(y) - log q(y) at the temperature; -inf where no end token came in time


@dataclass(frozen=True)
class _Standing:
    """Where rows stand between two tokens."""

    inside: Inside  # in their holes
    parked: Inside  # in the linkers that they left at a fork; all zero outside its arm
    aromatic: Tensor  # (rows,) bool, whether the atom that the next thing given is bound to is aromatic

    @classmethod
    def before(cls, rows: int, rings: int, device: torch.device) -> Self:
        """Rows that have not begun."""
        blank = Inside.before(rows, rings, device)
        return cls(blank, blank, blank.aromatic)

    def __getitem__(self, rows: Tensor) -> Self:
        return type(self)(self.inside[rows], self.parked[rows], self.aromatic[rows])

    def behind(self, written: Inside, left: Tensor, forks: Tensor) -> Self:
        """After one more token: rows that left their hole begin anew, and those that forked keep where they were."""
        blank = Inside.before(len(left), written.opened.shape[1], left.device)
        waiting = replace(
            written, mode=torch.full_like(written.mode, Mode.CLOSE), depth=torch.zeros_like(written.depth),
            last_aromatic=written.aromatic,
        )  # fmt: skip
        arm = replace(blank, mode=torch.full_like(written.mode, Mode.OPEN))
        return type(self)(
            arm.where(forks, blank.where(left, written)),
            waiting.where(forks, self.parked),
            torch.where(left & written.closed | forks, written.aromatic, self.aromatic),
        )

    def resumed(self, rests: Tensor) -> Self:
        """Rows that come to the rest of a linker stand where its fork left off."""
        blank = Inside.before(len(rests), self.parked.opened.shape[1], rests.device)
        starts = rests & (self.parked.atoms > 0)
        return type(self)(self.parked.where(starts, self.inside), blank.where(starts, self.parked), self.aromatic)


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

    `number` (rows, steps) holds the heavy atoms of the holes that end by their number; of the rest of a linker, those
    before its fork too. A row that has no end token after `max_length` tokens has the weight zero.
    """
    model.eval()
    device = device_of(model)
    rows = len(pattern)
    tokens = torch.full((rows, max_length), PAD, device=device)
    hole = torch.zeros_like(tokens)
    logp, log_weight = torch.zeros(rows, device=device), torch.zeros(rows, device=device)
    alive, step = torch.arange(rows, device=device), torch.zeros(rows, dtype=torch.long, device=device)
    at = _Standing.before(rows, len(grammar.ring), device)
    last, state = torch.full((rows,), START, device=device), model.start(rows)
    for position in range(max_length):
        logits, state = model.step(last, state)
        untempered = next_logp(logits)
        each = torch.log_softmax(untempered / temperature, dim=-1) if temperature != 1.0 else untempered
        here = pattern[alive], step
        given, ends, fixed = table.given[here], table.ends[here], number[alive, step]
        by_number, in_hole = ends >= Ends.ATOMS, given == HOLE  # as Ends.by_number
        least, most = (torch.where(by_number, fixed, bound[here]) for bound in (table.least, table.most))
        room = torch.where(ends == Ends.FORK, number[alive, table.rest[here]] - fixed, 0)
        taken = table.taken[here] | (at.parked.opened > 0)
        allowed = grammar.allowed(at.inside, Bounds(least, most, ends, taken, room))
        only = torch.zeros_like(allowed).scatter_(1, given.clamp(min=0)[:, None], value=True)
        masked = each.masked_fill(~torch.where(in_hole[:, None], allowed, only), -torch.inf)
        chosen = torch.multinomial(torch.softmax(masked, dim=-1), 1, generator=generator)
        logp[alive] += untempered.gather(1, chosen)[:, 0]
        log_weight[alive] += masked.logsumexp(-1)
        token, last = chosen[:, 0], chosen[:, 0] + END
        tokens[alive, position] = last
        hole[alive, position] = torch.where(in_hole, table.hole[here] + 1, 0)

        forks = (ends == Ends.FORK) & (at.inside.atoms == most) & (grammar.kind[token] == Kind.OPEN)
        written = grammar.after(at.inside, token).where(in_hole, at.inside)
        full = written.closed & (written.atoms == most) & (ends != Ends.FORK)
        left = in_hole & (forks | torch.where(by_number, full, written.depth < 0))
        at = at.behind(written, left, forks)
        step, at = _arrived(table, pattern[alive], step, left | ~in_hole, at, number[alive])
        going = last != END
        if not going.all():
            alive, last, step, at = alive[going], last[going], step[going], at[going]
            state = state.kept(going)
        if not len(alive):
            break
    log_weight[alive] = -torch.inf
    return Filled(tokens, hole, logp, log_weight)


def _arrived(
    table: Table, pattern: Tensor, step: Tensor, moves: Tensor, at: _Standing, number: Tensor
) -> tuple[Tensor, _Standing]:
    """The steps (rows,) where rows stand after those that move have gone on from these, and how they stand there.

    The rest of a linker goes on where its fork left off; an arm or a rest without atoms is passed over, and so is the
    bond of an aromatic atom where the atom before it is none.
    """
    step = step + moves.long()
    here = pattern, step.clamp(max=table.given.shape[1] - 1)  # a row that has ended is beyond its pattern
    at = at.resumed(table.resumes[here] & moves)
    fixed = number.gather(1, here[1][:, None])[:, 0]
    empty = moves & (table.given[here] == HOLE) & (table.ends[here] == Ends.ATOMS) & (at.inside.atoms == fixed)
    at = at.behind(at.inside, empty & at.inside.closed, torch.zeros_like(empty))
    step = step + empty.long()
    here = pattern, step.clamp(max=table.given.shape[1] - 1)
    return step + (table.after_aromatic[here] & ~at.aromatic).long(), at
