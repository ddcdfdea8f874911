"""Decoration: groups at the places of a core."""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

from chemmara.decoration.conditions import Conditions, Piece
from chemmara.decoration.family import Family, writable
from chemmara.decoration.pattern import SPELLINGS, Ends, Hole, Pattern, pattern_of, spellings
from chemmara.decoration.places import Part, read_part
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical

USUAL_ATOMS: Final = Window(1, 30)
"""Heavy atoms of a group where nothing else is said."""
_VARIANTS: Final = 64  # at most so many sets of places that stay hydrogen


def core_family(
    core: str, atoms: Sequence[Window], tokenizer: Tokenizer, *, allow_hydrogen: bool = False, number: int = SPELLINGS
) -> Family:
    """The patterns of a core.

    Args:
        core: a SMILES whose places are marked by `*`; R1 is the group at the place with the lowest number, and so on.
        atoms: heavy atoms of a group: for all places, or one window for each in the order of their numbers; none:
            from 1 to 30. A window from 0 lets the place stay hydrogen.
        tokenizer: that of the prior, of SMILES.
        allow_hydrogen: all windows begin at 0. A place that may stay hydrogen does so in half of the molecules; at
            least one place gets a group.
        number: random SMILES of the core that are used.

    Raises:
        ChemmaraError: the core cannot be decorated, the prior cannot write it, or the windows do not fit its places.
    """
    part = read_part(core, "core")
    windows = _of_places(part, atoms)
    free = [place for place, window in windows.items() if allow_hydrogen or window.low == 0]
    holes = {
        f"[{place}*]": Hole(i, max(1, int(window.low)), int(window.high), Ends.STRING)
        for i, (place, window) in enumerate(windows.items())
    }
    sets = [chosen for size in range(len(free) + 1) for chosen in combinations(free, size) if size < len(windows)]
    variants = [_patterns(part, hydrogens, holes, number) for hydrogens in sets[:_VARIANTS]]
    groups = [
        Piece(((0, place),), max(1, int(window.low)), int(window.high), optional=place in free)
        for place, window in windows.items()
    ]
    kept = canonical(part.molecule)
    return Family(
        kept,
        tuple(f"R{i}" for i in range(1, len(windows) + 1)),
        tuple(writable(patterns, tokenizer, f"core {core!r}") for patterns in variants),
        Conditions.of([kept], [groups]),
    )


def _of_places(part: Part, atoms: Sequence[Window]) -> dict[int, Window]:
    windows = [window.of_atoms("heavy atoms of a group", least=0) for window in atoms or [USUAL_ATOMS]]
    if len(windows) == 1:
        windows *= len(part.places)
    if len(windows) != len(part.places):
        raise ChemmaraError(
            f"core {part.text!r}: {len(windows)} windows of atoms for {len(part.places)} places;"
            " give one for all, or one for each"
        )
    return dict(zip(part.places, windows, strict=True))


def _patterns(part: Part, hydrogens: tuple[int, ...], holes: dict[str, Hole], number: int) -> list[Pattern]:
    texts = spellings(part.with_hydrogen(hydrogens), never_first=list(holes), number=number)
    return [pattern_of(text, holes) for text in texts]
