"""What a prior is made to write: given tokens with holes between them, which it fills itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from rdkit.Chem import Mol

from chemmara.molecules.chem import randomised
from chemmara.molecules.notation import Smiles

SPELLINGS: Final = 20
"""Random SMILES of a core, each of which is a pattern."""
_TRIES: Final = 1000  # random SMILES that are looked through for them


class Ends(IntEnum):
    """How the text in a hole ends."""

    BRANCH = 0  # by the `)` that closes the branch in which the hole stands
    STRING = 1  # by the end token
    ATOMS = 2  # by itself, where it has its number of atoms, and its branches and rings are closed
    FORK = 3  # by the `(` of an arm, where it has its number of atoms; it goes on behind the arm, in another hole
    RING = 4  # as ATOMS, with an atom outside branches last, since a ring number follows

    @property
    def by_number(self) -> bool:
        """Whether the number of heavy atoms is drawn before the hole is written."""
        return self >= Ends.ATOMS


@dataclass(frozen=True)
class Hole:
    """A place for sampled tokens: a group bound by a single bond to the atom before it."""

    column: int  # which of the columns of R-groups or linkers it fills, from 0
    least: int  # heavy atoms, from 1; of a fork, those of the whole linker; of its arm and its rest 0
    most: int
    ends: Ends
    left: str = "*"  # what stands before it and after it where its text is shown as a molecule
    right: str = ""
    resumes: bool = False  # it is the rest of a linker: it goes on where the fork before it left off


@dataclass(frozen=True)
class Pattern:
    """Tokens of a SMILES and holes, in order. `-?` is a bond `-` where an aromatic atom stands before it.

    Ring numbers that the given tokens have open where a hole stands are not used in it.
    """

    parts: tuple[str | Hole, ...]

    @property
    def given(self) -> str:
        """The given tokens as one text."""
        return "".join(part.removesuffix("?") for part in self.parts if isinstance(part, str))

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes in order."""
        return tuple(part for part in self.parts if isinstance(part, Hole))


def pattern_of(text: str, holes: dict[str, Hole]) -> Pattern:
    """The pattern of a SMILES in which a token such as `[1*]` stands for a hole.

    A hole of a branch takes the `)` that ends the branch, since it is sampled.

    >>> pattern_of("C([1*])N", {"[1*]": Hole(0, 1, 9, Ends.STRING)}).holes[0].ends.name
    'BRANCH'
    """
    tokens = Smiles().split(text)
    parts: list[str | Hole] = []
    for i, symbol in enumerate(tokens):
        before, after = tokens[i - 1] if i else "", tokens[i + 1] if i + 1 < len(tokens) else ""
        hole = holes.get(symbol)
        if hole is not None and not hole.ends.by_number:
            parts.append(replace(hole, ends=Ends.BRANCH if after == ")" else Ends.STRING))
        elif hole is not None:
            parts.append(hole)
        elif symbol != ")" or before not in holes or holes[before].ends.by_number:
            parts.append(symbol)
    return Pattern(tuple(parts))


def spellings(
    molecule: Mol, *, begins: str = "", never_first: Sequence[str] = (), number: int = SPELLINGS
) -> Iterator[str]:
    """Different random SMILES of a molecule, at most `number`, that begin with a token, or with none of several."""
    avoided = tuple(never_first)
    found: set[str] = set()
    for seed in range(_TRIES):
        text = randomised(molecule, seed)
        if text not in found and text.startswith(begins) and not text.startswith(avoided):
            found.add(text)
            yield text
        if len(found) == number:
            return
