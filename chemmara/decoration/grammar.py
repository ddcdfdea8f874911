"""Which tokens may come next in a hole, for many rows at once: the grammar of SMILES and the hole's own bounds.

They leave the prior no text that is not SMILES syntax, no ring of two atoms and no aromatic ring of fewer than five,
none that closes a ring or a branch of the core, and none that ends with too few or goes on with too many atoms. A row
never gets stuck.
"""

import re
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

import torch
from torch import Tensor

from chemmara.decoration.pattern import Ends
from chemmara.language_model.tokenizer import Tokenizer

_ATOM = re.compile(r"\[\d*(?P<bracket>[A-Za-z]).*\]|(?P<plain>Br|Cl|[BCNOPSFIbcnops])")
_RING_NUMBER = re.compile(r"\d|%\d\d")


class Kind(IntEnum):
    """What a token is."""

    ATOM = 0
    SINGLE = 1  # `-`, `/`, `\`: bonds that may come first
    MULTIPLE = 2  # `=`, `#`
    RING = 3
    OPEN = 4
    CLOSE = 5
    END = 6
    OTHER = 7  # never sampled: `.`, `*`, `:`, ...


class Mode(IntEnum):
    """What a row wrote last in its hole."""

    NOTHING = 0
    ATOM = 1  # or a ring number
    OPEN = 2
    CLOSE = 3
    BOND = 4  # after which a ring number may come
    FIRST_BOND = 5  # after which an atom comes


_FOLLOWS = {
    Mode.NOTHING: {Kind.ATOM, Kind.SINGLE},
    Mode.ATOM: {Kind.ATOM, Kind.SINGLE, Kind.MULTIPLE, Kind.RING, Kind.OPEN, Kind.CLOSE, Kind.END},
    Mode.OPEN: {Kind.ATOM, Kind.SINGLE, Kind.MULTIPLE},
    Mode.CLOSE: {Kind.ATOM, Kind.SINGLE, Kind.MULTIPLE, Kind.OPEN, Kind.CLOSE, Kind.END},
    Mode.BOND: {Kind.ATOM, Kind.RING},
    Mode.FIRST_BOND: {Kind.ATOM},
}
_BONDS = {Kind.SINGLE, Kind.MULTIPLE}
_RING_SIZE, _AROMATIC_RING = 3, 5  # fewest atoms of a ring, and of one that closes between two aromatic atoms


def kind_of(token: str) -> Kind:
    """What a token of SMILES is.

    >>> [kind_of(token).name for token in ("[nH]", "Cl", "%10", "=", ".", "[*]")]
    ['ATOM', 'ATOM', 'RING', 'MULTIPLE', 'OTHER', 'OTHER']
    """
    if _ATOM.fullmatch(token):
        return Kind.ATOM
    if _RING_NUMBER.fullmatch(token):
        return Kind.RING
    known = {"-": Kind.SINGLE, "/": Kind.SINGLE, "\\": Kind.SINGLE, "=": Kind.MULTIPLE, "#": Kind.MULTIPLE}
    return known.get(token, {"(": Kind.OPEN, ")": Kind.CLOSE}.get(token, Kind.OTHER))


def _next_mode(mode: Mode, kind: Kind) -> Mode:
    if kind in _BONDS:
        return Mode.BOND if mode is Mode.ATOM else Mode.FIRST_BOND
    return {Kind.OPEN: Mode.OPEN, Kind.CLOSE: Mode.CLOSE}.get(kind, Mode.ATOM)


def is_aromatic(token: str) -> bool:
    """Whether a token is an aromatic atom, which is written in lower case."""
    match = _ATOM.fullmatch(token)
    return match is not None and (match["bracket"] or match["plain"]).islower()


@dataclass(frozen=True)
class Inside:
    """Where rows are in their holes; all zero before the first token of one."""

    mode: Tensor  # (rows,) int64, a Mode
    depth: Tensor  # (rows,) int64, branches that are open
    atoms: Tensor  # (rows,) int64, heavy atoms so far
    opened: Tensor  # (rows, rings) int64, number of the atom that opened a ring, from 1; 0: not open
    opened_aromatic: Tensor  # (rows, rings) bool, whether that atom was aromatic
    last_aromatic: Tensor  # (rows,) bool, whether the last atom is aromatic
    aromatic: Tensor  # (rows,) bool, whether the last atom outside its branches is aromatic

    @classmethod
    def before(cls, rows: int, rings: int, device: torch.device) -> Self:
        """Rows that have not begun."""
        zeros = torch.zeros(rows, dtype=torch.long, device=device)
        wide = zeros.new_zeros(rows, rings)
        return cls(zeros, zeros, zeros, wide, wide.bool(), zeros.bool(), zeros.bool())

    def __getitem__(self, rows: Tensor) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    def where(self, here: Tensor, other: Self) -> Self:
        """These rows where `here` (rows,) is True, and the other's elsewhere."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return type(self)(*(torch.where(here if a.ndim == 1 else here[:, None], a, b) for a, b in pairs))

    @property
    def closed(self) -> Tensor:
        """Whether all rings and branches that were opened are closed (rows,), and an atom stands there."""
        done = (self.mode == Mode.ATOM) | (self.mode == Mode.CLOSE)
        return done & (self.depth == 0) & ~(self.opened > 0).any(1)


@dataclass(frozen=True)
class Bounds:
    """What holds for the hole of each row."""

    least: Tensor  # (rows,) int64, heavy atoms
    most: Tensor  # (rows,) int64
    ends: Tensor  # (rows,) int64, an Ends
    taken: Tensor  # (rows, rings) bool, ring numbers that the core has open
    room: Tensor  # (rows,) int64, heavy atoms that come behind the arm of a fork


@dataclass(frozen=True)
class Grammar:
    """The tokens of a vocabulary by their kinds. Ids here begin with the end token, as log-probabilities do."""

    kind: Tensor  # (tokens,) int64, a Kind
    heavy: Tensor  # (tokens,) int64, heavy atoms: 0 or 1
    aromatic: Tensor  # (tokens,) bool
    ring: Tensor  # (rings,) int64, ids of the ring numbers
    follows: Tensor  # (modes, tokens) bool
    next_mode: Tensor  # (modes, kinds) int64

    @classmethod
    def of(cls, tokenizer: Tokenizer, device: torch.device) -> Self:
        """The grammar of a tokenizer of SMILES."""
        kinds = [Kind.END, *map(kind_of, tokenizer.tokens)]
        heavy = [0, *(int(kind_of(token) is Kind.ATOM and not _is_hydrogen(token)) for token in tokenizer.tokens)]
        follows = [[kind in _FOLLOWS[mode] for kind in kinds] for mode in Mode]
        next_mode = [[_next_mode(mode, kind) for kind in Kind] for mode in Mode]
        return cls(
            torch.tensor(kinds, device=device),
            torch.tensor(heavy, device=device),
            torch.tensor([False, *map(is_aromatic, tokenizer.tokens)], device=device),
            torch.tensor([i for i, kind in enumerate(kinds) if kind is Kind.RING], dtype=torch.long, device=device),
            torch.tensor(follows, device=device),
            torch.tensor(next_mode, device=device),
        )

    def allowed(self, inside: Inside, bounds: Bounds) -> Tensor:
        """Tokens (rows, tokens) bool that may come next."""
        full = inside.atoms >= bounds.most
        open_rings, outermost = (inside.opened > 0).any(1), inside.depth == 0
        enough = (inside.atoms >= bounds.least) & ~open_rings & outermost
        grows = (self.heavy == 1) | self._is(Kind.SINGLE, Kind.MULTIPLE, Kind.OPEN)
        own = inside.opened > 0
        both_aromatic = inside.opened_aromatic & inside.last_aromatic[:, None]
        closable = inside.atoms[:, None] - inside.opened >= torch.where(both_aromatic, _AROMATIC_RING, _RING_SIZE) - 1
        left = bounds.most + bounds.room - inside.atoms
        room_for_ring = left >= torch.where(inside.last_aromatic, _AROMATIC_RING, _RING_SIZE) - 1
        rings = torch.where(own, closable, ~bounds.taken & room_for_ring[:, None])
        closable_later = ~open_rings | (bounds.room > 0)
        closes = torch.where(outermost, enough & (bounds.ends == Ends.BRANCH), ~full | closable_later)
        follows = self.follows[inside.mode]
        may = follows & ~(full[:, None] & grows)
        last = (bounds.ends == Ends.RING) & (inside.atoms >= bounds.most - 1)  # the last atom is outside branches
        may &= ~(last[:, None] & torch.where(outermost[:, None], self._is(Kind.OPEN), grows))
        forks = (bounds.ends == Ends.FORK) & full & outermost & closable_later
        may |= forks[:, None] & self._is(Kind.OPEN) & follows
        may[:, self.ring] &= rings
        may &= closes[:, None] | (self.kind != Kind.CLOSE)
        return may & ((enough & (bounds.ends == Ends.STRING))[:, None] | (self.kind != Kind.END))

    def after(self, inside: Inside, token: Tensor) -> Inside:
        """Where rows are after one more token (rows,), an id that was allowed."""
        kind = self.kind[token]
        atoms = inside.atoms + self.heavy[token]
        turned = self.ring == token[:, None]  # (rows, rings): the ring that the token opens or closes
        opened = torch.where(turned, torch.where(inside.opened > 0, 0, atoms[:, None]), inside.opened)
        atom = kind == Kind.ATOM
        return Inside(
            self.next_mode[inside.mode, kind],
            inside.depth + (kind == Kind.OPEN).long() - (kind == Kind.CLOSE).long(),
            atoms,
            opened,
            torch.where(turned, inside.last_aromatic[:, None], inside.opened_aromatic),
            torch.where(atom, self.aromatic[token], inside.last_aromatic),
            torch.where(atom & (inside.depth == 0), self.aromatic[token], inside.aromatic),
        )

    def _is(self, *kinds: Kind) -> Tensor:
        return torch.isin(self.kind, torch.tensor(kinds, device=self.kind.device))


def _is_hydrogen(token: str) -> bool:
    return re.fullmatch(r"\[\d*H[+-]?\d*\]", token) is not None
