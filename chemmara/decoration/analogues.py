"""Analogues: a molecule is cut at one or two bonds, one piece is left out, and another is written in its place."""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from rdkit.Chem import Atom, BondType, FragmentOnBonds, GetMolFrags, Mol, RWMol, SanitizeMol

from chemmara.decoration.cores import core_family
from chemmara.decoration.family import Family
from chemmara.decoration.linkers import link_family
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical

_KEPT: Final = 0.4  # share of the heavy atoms that a cut must leave: with less nothing similar comes of it
_FRAGMENT: Final = 3  # heavy atoms of a piece that a new linker is bound to: a halogen is none
_SPREAD: Final = 4  # heavy atoms by which a new piece may be smaller or larger than the one that it replaces
_GROWN: Final = Window(1, 6)  # heavy atoms of a group in place of a hydrogen
_FAMILIES: Final = 60
_SPELLINGS: Final = 6  # of each


def analogue_families(parent: Mol, tokenizer: Tokenizer) -> list[Family]:
    """The patterns of a molecule's analogues: matched pairs of it, and molecules with two groups changed.

    Three kinds: at one acyclic single bond one side is replaced; at two, what is between them or both ends; a group is
    put in place of a hydrogen. Of more than 60 such requests 60 are taken, always the same.

    Raises:
        ChemmaraError: the prior can write none of them; it names a token that the prior lacks.
    """
    requests = list(dict.fromkeys([*_one_cut(parent), *_two_cuts(parent), *_grown(parent)]))
    families, refused = [], None
    for pieces, windows in random.Random(0).sample(requests, len(requests)):
        try:
            families.append(_family(pieces, windows, tokenizer))
        except ChemmaraError as error:
            refused = error
        if len(families) == _FAMILIES:
            break
    if not families:
        raise refused or ChemmaraError(f"{canonical(parent)}: has neither a bond to cut nor a hydrogen to replace")
    return families


_Request = tuple[tuple[str, ...], tuple[Window, ...]]
"""What is kept, as SMILES with places: one piece with a window for each place, or two with the window of a linker."""


def _family(pieces: Sequence[str], windows: Sequence[Window], tokenizer: Tokenizer) -> Family:
    if len(pieces) == 1:
        return core_family(pieces[0], windows, tokenizer, number=_SPELLINGS)
    return link_family(pieces, windows[0], tokenizer, number=_SPELLINGS)


def _one_cut(parent: Mol) -> Iterator[_Request]:
    for bond in _bonds(parent):
        for kept, left_out in _ways(_pieces(parent, [bond]), 1):
            if _is_enough(kept, parent):
                yield _written(kept), (_around(left_out[0]),)


def _two_cuts(parent: Mol) -> Iterator[_Request]:
    for bonds in combinations(_bonds(parent), 2):
        pieces = _pieces(parent, bonds)
        (middle,) = (piece for piece in pieces if len(_dummies(piece)) == 2)  # noqa: PLR2004 - both bonds were its
        ends = [piece for piece in pieces if piece is not middle]
        if _is_enough(ends, parent) and min(map(_size, ends)) >= _FRAGMENT:
            yield _written(ends), (_around(middle),)
        if _is_enough([middle], parent):
            by_place = {_dummies(end)[0].GetIsotope(): _around(end) for end in ends}
            yield _written([middle]), tuple(by_place[place] for place in sorted(by_place))


def _grown(parent: Mol) -> Iterator[_Request]:
    for atom in parent.GetAtoms():
        if atom.GetTotalNumHs() and not atom.GetNumRadicalElectrons():
            edited = RWMol(parent)
            place = edited.AddAtom(Atom(0))
            edited.GetAtomWithIdx(place).SetIsotope(1)
            edited.AddBond(atom.GetIdx(), place, BondType.SINGLE)
            grown = edited.GetAtomWithIdx(atom.GetIdx())
            grown.SetNumExplicitHs(max(0, grown.GetNumExplicitHs() - 1))
            SanitizeMol(edited)
            yield _written([edited.GetMol()]), (_GROWN,)


def _bonds(parent: Mol) -> list[int]:
    """Acyclic single bonds between heavy atoms."""
    return [
        bond.GetIdx()
        for bond in parent.GetBonds()
        if bond.GetBondType() == BondType.SINGLE
        and not bond.IsInRing()
        and bond.GetBeginAtom().GetAtomicNum() > 1
        and bond.GetEndAtom().GetAtomicNum() > 1
    ]


def _pieces(parent: Mol, bonds: Sequence[int]) -> list[Mol]:
    labels = [(i, i) for i in range(1, len(bonds) + 1)]
    return list(GetMolFrags(FragmentOnBonds(parent, list(bonds), dummyLabels=labels), asMols=True))


def _ways(pieces: list[Mol], kept: int) -> Iterator[tuple[list[Mol], list[Mol]]]:
    for chosen in combinations(pieces, kept):
        yield list(chosen), [piece for piece in pieces if all(piece is not other for other in chosen)]


def _dummies(piece: Mol) -> list[Atom]:
    return [atom for atom in piece.GetAtoms() if atom.GetAtomicNum() == 0]


def _size(piece: Mol) -> int:
    return piece.GetNumHeavyAtoms()


def _is_enough(kept: list[Mol], parent: Mol) -> bool:
    return sum(map(_size, kept)) >= _KEPT * parent.GetNumHeavyAtoms()


def _around(left_out: Mol) -> Window:
    return Window(max(1, _size(left_out) - _SPREAD), _size(left_out) + _SPREAD)


def _written(pieces: list[Mol]) -> tuple[str, ...]:
    return tuple(sorted(canonical(piece) for piece in pieces))
