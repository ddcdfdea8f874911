"""Linkers: what joins two fragments, three in a row or around one linker, or two places of one, at their places."""

from collections.abc import Sequence
from itertools import cycle, islice, pairwise, permutations
from typing import NamedTuple

from chemmara.decoration.conditions import Conditions, Piece
from chemmara.decoration.family import Family, writable
from chemmara.decoration.forks import forked_patterns, forked_piece
from chemmara.decoration.fragments import Tokens, bond_to, put_in, texts
from chemmara.decoration.pattern import SPELLINGS, Ends, Hole, Pattern
from chemmara.decoration.places import Part, read_part
from chemmara.decoration.rings import ring_patterns, ring_piece
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical


class _Member(NamedTuple):
    """A fragment in a row of fragments."""

    fragment: int  # its number, from 0
    enters: int | None  # the place that its predecessor is bound to
    leaves: int | None  # the place that its successor is bound to


def link_family(fragments: Sequence[str], atoms: Window, tokenizer: Tokenizer, *, number: int = SPELLINGS) -> Family:
    """The patterns that join fragments by linkers; the heavy atoms of each linker are drawn evenly from the window.

    Two fragments with one place each are joined by one linker, and so are three (a branched one). Where one of three
    has two places, it comes between the others, either way round: linker1 is between it and the first of these. The
    two places of a single fragment are joined into a ring. A linker is shown with `[1*]`, `[2*]` and `[3*]` for the
    fragments in the order given, or for the places of the single one.

    Raises:
        ChemmaraError: the fragments' places do not fit together, or the prior cannot write them.
    """
    atoms.of_atoms("heavy atoms of a linker", least=1)
    parts = [read_part(text, "fragment") for text in fragments]
    what = ("fragment " if len(parts) == 1 else "fragments ") + " ".join(map(repr, fragments))
    places = [len(part.places) for part in parts]
    match sorted(places):
        case [2]:
            ways = [ring_patterns(parts[0], order, atoms, number) for order in permutations(parts[0].places)]
            pieces = [[ring_piece(parts[0], atoms)]]
        case [1, 1, 1]:
            ways = [forked_patterns(parts, order, atoms, number) for order in permutations(range(3))]
            pieces = [[forked_piece(parts, atoms)]]
        case [1, 1] | [1, 1, 2]:
            rows = _rows(parts)
            ways = [_patterns(parts, row, atoms, number) for row in rows]
            pieces = [_pieces(row, atoms) for row in rows]
        case _:
            raise ChemmaraError(f"{what}: {_misfit(places)}")
    kept = [canonical(part.molecule) for part in parts]
    return Family(
        ".".join(kept),
        ("linker1", "linker2") if max(places) == 2 and len(parts) == 3 else ("linker",),  # noqa: PLR2004 - a row
        tuple(writable(patterns, tokenizer, what) for patterns in ways),
        Conditions.of(kept, pieces),
    )


def _misfit(places: Sequence[int]) -> str:
    """Why fragments with so many places cannot be joined."""
    counts = ", ".join(map(str, places))
    match len(places):
        case 1 if places[0] > 1:
            return f"a single fragment has two places, which a linker joins into a ring; this one has {counts}"
        case 2:
            return f"of two fragments each has one place; these have {counts}"
        case 3:
            return f"of three fragments each has one place, or one has two and the others one; these have {counts}"
        case number:
            return f"two or three fragments are linked, not {number}; a single one is where it has two places"


def _rows(parts: Sequence[Part]) -> list[list[_Member]]:
    """Every row of the fragments, in either direction of writing."""
    inner = [i for i, part in enumerate(parts) if len(part.places) > 1]
    outer = [i for i in range(len(parts)) if i not in inner]
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
    each = [
        cycle(texts(parts[member.fragment], enters=member.enters, leaves=member.leaves, number=number))
        for member in row
    ]
    holes = [_hole(left.fragment, right.fragment, row, atoms) for left, right in pairwise(row)]
    places = [f"[{member.leaves}*]" for member in row[:-1]]
    written = islice(zip(*each, strict=True), number)
    return [Pattern(tuple(_joined(list(tokens), places, holes))) for tokens in written]


def _joined(tokens: list[list[str]], places: list[str], holes: list[Hole]) -> Tokens:
    """Tokens of the first fragment, in which a linker and all that comes behind it stand at the place."""
    first, *others = tokens
    if not others:
        return list(first)
    inner = _joined(others, places[1:], holes[1:])
    return put_in(first, places[0], [holes[0], *bond_to(others[0]), *inner])


def _hole(left: int, right: int, row: list[_Member], atoms: Window) -> Hole:
    """The hole of a linker between two fragments: the second column is that of the outer fragment given last."""
    ends = {row[0].fragment, row[-1].fragment}
    outer = left if left in ends else right
    column = int(len(row) == 3 and outer == max(ends))  # noqa: PLR2004 - a row of three has two linkers
    return Hole(column, int(atoms.low), int(atoms.high), Ends.ATOMS, f"[{left + 1}*]", f"[{right + 1}*]")
