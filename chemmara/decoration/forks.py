"""Branched linkers: one linker that joins three fragments.

It begins at the first fragment, forks at one of its atoms into an arm, at whose end the second stands, and goes on
behind the arm to the third: A, beginning, `(`, arm, B, `)`, rest, C. Rings may go on across the arm.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from chemmara.decoration.conditions import Piece
from chemmara.decoration.fragments import bond_to, put_in, renumbered, texts
from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.decoration.places import Part
from chemmara.decoration.window import Window


def forked_patterns(parts: Sequence[Part], order: Sequence[int], atoms: Window, number: int) -> list[Pattern]:
    """Patterns of three fragments with one place each, in an order of writing: first, on the arm, last."""
    first, on_arm, last = (parts[i] for i in order)
    place = f"[{first.places[0]}*]"
    outer = cycle(texts(first, enters=None, leaves=first.places[0], number=number))
    others = [cycle(texts(part, enters=part.places[0], leaves=None, number=number)) for part in (on_arm, last)]
    shown = [f"[{i + 1}*]" for i in order]
    begun = Hole(0, int(atoms.low), int(atoms.high), Ends.FORK, left=shown[0])
    arm = Hole(0, 0, 0, Ends.ATOMS, left="", right=f"{shown[1]})")
    rest = replace(arm, right=shown[2], resumes=True)
    patterns = []
    for i, (text, second, third) in enumerate(islice(zip(outer, *others, strict=False), number)):
        # every other pattern leaves ring number 1 to the linker, which may have a ring open where it forks
        held = renumbered([*second], ["1"] if i % 2 else [])
        inner = [begun, arm, *bond_to(held), *held, ")", rest, *bond_to(third), *third]
        patterns.append(Pattern(tuple(put_in(text, place, inner))))
    return patterns


def forked_piece(parts: Sequence[Part], atoms: Window) -> Piece:
    """The linker."""
    return Piece(tuple((i, part.places[0]) for i, part in enumerate(parts)), int(atoms.low), int(atoms.high))
