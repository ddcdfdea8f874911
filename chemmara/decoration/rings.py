"""Macrocycles: a linker that joins two places of one fragment.

At one place stands the linker, and where it ends a ring number; the same ring number stands at the other place.
"""

from collections.abc import Sequence

from chemmara.decoration.conditions import Piece
from chemmara.decoration.grammar import Kind, is_aromatic, kind_of
from chemmara.decoration.pattern import Ends, Hole, Pattern, spellings
from chemmara.decoration.places import Part
from chemmara.decoration.window import Window
from chemmara.molecules.notation import Smiles

_LOOKED_THROUGH = 10  # random SMILES for each that is wanted: the other place must stand right behind its atom


def ring_patterns(part: Part, order: Sequence[int], atoms: Window, number: int) -> list[Pattern]:
    """Patterns in which a linker begins at the first of two places and its ring closes at the second."""
    begins, closes = (f"[{place}*]" for place in order)
    shown = [f"[{1 + part.places.index(place)}*]" for place in order]
    hole = Hole(0, int(atoms.low), int(atoms.high), Ends.RING, left=shown[0], right=shown[1])
    patterns = list[Pattern]()
    for text in spellings(part.molecule, never_first=[begins, closes], number=_LOOKED_THROUGH * number):
        pattern = _closed(Smiles().split(text), begins, closes, hole)
        if pattern is not None:
            patterns.append(pattern)
        if len(patterns) == number:
            break
    return patterns


def _closed(tokens: list[str], begins: str, closes: str, hole: Hole) -> Pattern | None:
    """The pattern of a SMILES; None where the second place does not stand right behind its atom and ring numbers."""
    number = next((str(ring) for ring in range(1, 10) if str(ring) not in tokens), None)
    at = tokens.index(closes)
    in_branch = at + 1 < len(tokens) and tokens[at - 1] == "("
    first = at - 1 if in_branch else at
    atom = first - 1
    while kind_of(tokens[atom]) is Kind.RING:
        atom -= 1
    if kind_of(tokens[atom]) is not Kind.ATOM or number is None:
        return None
    behind = at + 2 if in_branch else at + 1
    written = [*tokens[:first], number, *tokens[behind:]]
    bond = ["-?"] if is_aromatic(tokens[atom]) else []
    place = written.index(begins)
    return Pattern((*written[:place], hole, *bond, number, *written[place + 1 :]))


def ring_piece(part: Part, atoms: Window) -> Piece:
    """The linker."""
    return Piece(tuple((0, place) for place in part.places), int(atoms.low), int(atoms.high))
