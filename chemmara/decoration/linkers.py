"""Linkers: what joins two fragments, or three in a row, at their places."""

from collections.abc import Sequence
from itertools import cycle, islice, pairwise, permutations
from typing import NamedTuple

from chemmara.decoration.conditions import Conditions, Piece
from chemmara.decoration.family import Family, writable
from chemmara.decoration.grammar import Kind, is_aromatic, kind_of
from chemmara.decoration.pattern import SPELLINGS, Ends, Hole, Pattern, spellings
from chemmara.decoration.places import Part, read_part
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical
from chemmara.molecules.notation import Smiles


class _Member(NamedTuple):
    """A fragment in a row of fragments."""

    fragment: int  # its number, from 0
    enters: int | None  # the place that its predecessor is bound to
    leaves: int | None  # the place that its successor is bound to


def link_family(fragments: Sequence[str], atoms: Window, tokenizer: Tokenizer, *, number: int = SPELLINGS) -> Family:
    """The patterns that join fragments by linkers; the heavy atoms of each linker are drawn evenly from the window.

    Two fragments with one place each are joined by one linker. Of three, one has two places and comes between the
    others, either way round: linker1 is between it and the first of these. A linker is shown with `[1*]`, `[2*]` and
    `[3*]` for the fragments in the order given.

    Raises:
        ChemmaraError: the fragments' places do not fit together, or the prior cannot write them.
    """
    atoms.of_atoms("heavy atoms of a linker", least=1)
    parts = [read_part(text, "fragment") for text in fragments]
    what = "fragments " + " ".join(map(repr, fragments))
    rows = _rows(parts, what)
    variants = [_patterns(parts, row, atoms, number) for row in rows]
    kept = [canonical(part.molecule) for part in parts]
    return Family(
        ".".join(kept),
        ("linker",) if len(parts) == 2 else ("linker1", "linker2"),  # noqa: PLR2004 - two fragments, one linker
        tuple(writable(patterns, tokenizer, what) for patterns in variants),
        Conditions.of(kept, [_pieces(row, atoms) for row in rows]),
    )


def _rows(parts: Sequence[Part], what: str) -> list[list[_Member]]:
    """Every row of the fragments, in either direction of writing."""
    inner = [i for i, part in enumerate(parts) if len(part.places) > 1]
    outer = [i for i in range(len(parts)) if i not in inner]
    counts = ", ".join(str(len(part.places)) for part in parts)
    if len(parts) == 2 and inner:  # noqa: PLR2004
        raise ChemmaraError(f"{what}: of two fragments each has one place; these have {counts}")
    if len(parts) == 3 and (len(inner) != 1 or len(parts[inner[0]].places) != 2):  # noqa: PLR2004
        raise ChemmaraError(f"{what}: of three fragments one has two places and two have one; these have {counts}")
    if len(parts) not in {2, 3}:
        raise ChemmaraError(f"{what}: two or three fragments are linked, not {len(parts)}")
    rows = []
    for first, last in (outer, outer[::-1]):
        begin = _Member(first, None, parts[first].places[0])
        end = _Member(last, parts[last].places[0], None)
        between = [[_Member(i, *places)] for i in inner for places in permutations(parts[i].places)] or [[]]
        rows += [[begin, *members, end] for members in between]
    return rows


def _pieces(row: list[_Member], atoms: Window) -> list[Piece]:
    """The linkers of a row."""
    return [
        Piece(((left.fragment, left.leaves), (right.fragment, right.enters)), int(atoms.low), int(atoms.high))
        for left, right in pairwise(row)
        if left.leaves is not None and right.enters is not None
    ]


def _patterns(parts: Sequence[Part], row: list[_Member], atoms: Window, number: int) -> list[Pattern]:
    """Patterns that write a row of fragments from its first to its last."""
    texts = [cycle(_texts(parts[member.fragment], member, number)) for member in row]
    holes = [_hole(left.fragment, right.fragment, row, atoms) for left, right in pairwise(row)]
    places = [f"[{member.leaves}*]" for member in row[:-1]]
    return [
        Pattern(tuple(_joined([Smiles().split(text) for text in written], places, holes)))
        for written in islice(zip(*texts, strict=True), number)
    ]


def _joined(texts: list[list[str]], places: list[str], holes: list[Hole]) -> list[str | Hole]:
    """Tokens of the first fragment, in which a linker and all that comes behind it stand at the place."""
    first, *others = texts
    if not others:
        return list(first)
    at = first.index(places[0])
    inner = _renumbered(_joined(others, places[1:], holes[1:]), first[:at])
    bond = ["-?"] if is_aromatic(others[0][0]) else []
    return [*first[:at], holes[0], *bond, *inner, *first[at + 1 :]]


def _renumbered(inner: list[str | Hole], before: list[str]) -> list[str | Hole]:
    """The same tokens with other ring numbers in place of those that are open in the text before them."""
    opened = set[str]()
    for token in before:
        opened ^= {token} if kind_of(token) is Kind.RING else set()
    free = (str(number) for number in range(1, 10) if str(number) not in opened and str(number) not in inner)
    renamed = {token: next(free, token) for token in sorted(opened) if token in inner}
    return [renamed.get(part, part) if isinstance(part, str) else part for part in inner]


def _hole(left: int, right: int, row: list[_Member], atoms: Window) -> Hole:
    """The hole of a linker between two fragments: the second column is that of the outer fragment given last."""
    ends = {row[0].fragment, row[-1].fragment}
    outer = left if left in ends else right
    column = int(len(row) == 3 and outer == max(ends))  # noqa: PLR2004 - a row of three has two linkers
    return Hole(column, int(atoms.low), int(atoms.high), Ends.ATOMS, f"[{left + 1}*]", f"[{right + 1}*]")


def _texts(part: Part, member: _Member, number: int) -> list[str]:
    """SMILES of a fragment that begin behind the place where it is entered; the other place is somewhere in them."""
    begins = "" if member.enters is None else f"[{member.enters}*]"
    avoided = [f"[{member.leaves}*]"] if member.enters is None else []
    texts = spellings(part.molecule, begins=begins, never_first=avoided, number=number)
    return [text.removeprefix(begins) for text in texts]
