"""Fragments as tokens: written from a place on, or up to one, and put into the text of another."""

from collections.abc import Iterator, Sequence

from chemmara.decoration.grammar import Kind, is_aromatic, kind_of
from chemmara.decoration.pattern import Hole, spellings
from chemmara.decoration.places import Part
from chemmara.molecules.notation import Smiles

Tokens = list[str | Hole]


def texts(part: Part, *, enters: int | None, leaves: int | None, number: int) -> Iterator[list[str]]:
    """Random SMILES of a fragment, as tokens, that begin behind the place where it is entered.

    Without one they begin anywhere but at the place where it is left. That place is a token `[n*]` somewhere in them.
    """
    begins = "" if enters is None else f"[{enters}*]"
    avoided = [f"[{leaves}*]"] if enters is None else []
    for text in spellings(part.molecule, begins=begins, never_first=avoided, number=number):
        yield Smiles().split(text.removeprefix(begins))


def put_in(tokens: Sequence[str], place: str, inner: Tokens) -> Tokens:
    """The tokens with others in place of one, whose ring numbers are changed where they are open there already."""
    at = list(tokens).index(place)
    return [*tokens[:at], *renumbered(inner, tokens[:at]), *tokens[at + 1 :]]


def bond_to(tokens: Sequence[str | Hole]) -> Tokens:
    """The bond that is written between a linker and a fragment that begins with an aromatic atom."""
    first = tokens[0]
    return ["-?"] if isinstance(first, str) and is_aromatic(first) else []


def renumbered(inner: Tokens, before: Sequence[str]) -> Tokens:
    """The same tokens with other ring numbers in place of those that are open in the text before them."""
    opened = set[str]()
    for token in before:
        opened ^= {token} if kind_of(token) is Kind.RING else set()
    free = (str(number) for number in range(1, 10) if str(number) not in opened and str(number) not in inner)
    renamed = {token: next(free, token) for token in sorted(opened) if token in inner}
    return [renamed.get(part, part) if isinstance(part, str) else part for part in inner]
