"""Crossover of two molecules: each is cut in two, and a half of one is joined to a half of the other.

Follows the graph-based genetic algorithm of Jensen (doi 10.1039/C8SC05372C).
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from rdkit.Chem import BondType, CombineMols, GetMolFrags, Mol, RWMol

from chemmara.molecules.chem import canonical
from chemmara.molecules.graph_edits import (
    ends,
    finished,
    fits,
    in_random_order,
    kekulised,
    open_valences,
    rings_are_common,
)

_TRIES: Final = 10
_ORDERS: Final = (
    (BondType.DOUBLE, BondType.SINGLE),
    (BondType.SINGLE, BondType.DOUBLE),
    (BondType.DOUBLE, BondType.DOUBLE),
)  # of the two bonds that close a ring: at least one is double, as in the programs of Jensen and of PMO
_TAKES: Final = {BondType.SINGLE: 1, BondType.DOUBLE: 2}  # valences
_STRICT: Final = (6, 8, 9)  # elements of one valence, whatever stands beside them: C, O and F

_SIDES: Final = ((0, 0), (0, 1), (1, 0), (1, 1))

Bonds = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Cut:
    """A molecule and the bonds by which it falls into two halves."""

    molecule: Mol  # without aromatic bonds
    bonds: Bonds  # each from an atom of the first half to one of the second


def crossover(first: Mol, second: Mol, rng: random.Random) -> Mol | None:
    """A molecule of a half of each parent, unlike either; None where ten tries found none.

    In half of the tries both parents are cut at a single bond outside rings, in the others through a ring.
    """
    parents = kekulised(first), kekulised(second)
    known = {canonical(first), canonical(second)}
    for _ in range(_TRIES):
        child = _by_bond(*parents, rng) if rng.random() <= 0.5 else _by_ring(*parents, rng)  # noqa: PLR2004 - a coin
        if child is not None and canonical(child) not in known:
            return child
    return None


def chain_cut(molecule: Mol, rng: random.Random) -> Cut | None:
    """Cut at a random single bond outside rings; None where there is none."""
    bonds = [bond for bond in molecule.GetBonds() if bond.GetBondType() == BondType.SINGLE and not bond.IsInRing()]
    return Cut(molecule, (ends(rng.choice(bonds)),)) if bonds else None


def ring_cut(molecule: Mol, rng: random.Random) -> Cut | None:
    """Cut at two bonds of a ring; None where ten tries found no two that leave two halves.

    The two bonds are a ring bond apart, or, in half of the tries, both of an atom that has a substituent.
    """
    for _ in range(_TRIES):
        sites = list(_pairs_apart(molecule) if rng.random() < 0.5 else _pairs_at_an_atom(molecule))  # noqa: PLR2004
        bonds = _between_halves(molecule, rng.choice(sites)) if sites else None
        if bonds:
            return Cut(molecule, bonds)
    return None


def joined(first: Cut, second: Cut, sides: tuple[int, int], orders: tuple[BondType, ...]) -> Mol | None:
    """One half of each cut (side 0 or 1), joined where the cuts were by bonds of these orders; None where invalid."""
    if not (_room(first, sides[0], orders) and _room(second, sides[1], orders)):
        return None
    shift = first.molecule.GetNumAtoms()
    edited = RWMol(CombineMols(first.molecule, second.molecule))
    theirs = tuple((begin + shift, end + shift) for begin, end in second.bonds)
    for bond in (*first.bonds, *theirs):
        edited.RemoveBond(*bond)
        open_valences(edited, *bond)
    for own, other, order in zip(first.bonds, theirs, orders, strict=True):
        if edited.GetBondBetweenAtoms(own[sides[0]], other[sides[1]]) is not None:
            return None
        edited.AddBond(own[sides[0]], other[sides[1]], order)
    return finished(edited, first.bonds[0][sides[0]])


def _room(cut: Cut, side: int, orders: tuple[BondType, ...]) -> bool:
    """Whether each C, O and F at the cut has the hydrogens that its new bonds take.

    It spares making most of the molecules that sanitising refuses, to which every other atom is left.
    """
    taken = Counter[int]()
    for bond, order in zip(cut.bonds, orders, strict=True):
        taken[bond[side]] += _TAKES[order] - int(cut.molecule.GetBondBetweenAtoms(*bond).GetBondTypeAsDouble())
    atoms = [(cut.molecule.GetAtomWithIdx(place), more) for place, more in taken.items()]
    return not any(
        atom.GetAtomicNum() in _STRICT
        and not atom.GetFormalCharge()
        and not atom.GetNumRadicalElectrons()
        and more > atom.GetTotalNumHs()
        for atom, more in atoms
    )


def _by_bond(first: Mol, second: Mol, rng: random.Random) -> Mol | None:
    for _ in range(_TRIES):
        cuts = chain_cut(first, rng), chain_cut(second, rng)
        if cuts[0] is None or cuts[1] is None:
            return None
        for sides in in_random_order(_SIDES, rng):
            child = joined(cuts[0], cuts[1], sides, (BondType.SINGLE,))
            if child is not None and fits(child, rng):
                return child
    return None


def _by_ring(first: Mol, second: Mol, rng: random.Random) -> Mol | None:
    for _ in range(_TRIES):
        cuts = ring_cut(first, rng), ring_cut(second, rng)
        if cuts[0] is None or cuts[1] is None:
            return None
        turned = Cut(second, cuts[1].bonds[::-1])
        ways = list(product((cuts[1], turned), _SIDES, _ORDERS))
        for other, sides, orders in in_random_order(ways, rng):  # the first acceptable is as good as a draw from all
            child = joined(cuts[0], other, sides, orders)
            if child is not None and fits(child, rng) and rings_are_common(child):
                return child
    return None


def _pairs_apart(molecule: Mol) -> Iterator[Bonds]:
    """Bonds a-b and c-d of every row a-b-c-d of ring bonds."""
    for middle in molecule.GetBonds():
        if middle.IsInRing():
            b, c = ends(middle)
            for a, d in product(_ring_neighbours(molecule, b, c), _ring_neighbours(molecule, c, b)):
                if a != d:
                    yield (a, b), (c, d)


def _pairs_at_an_atom(molecule: Mol) -> Iterator[Bonds]:
    """Two ring bonds of every ring atom that has a third bond."""
    for atom in molecule.GetAtoms():
        if atom.IsInRing() and atom.GetDegree() != 2:  # noqa: PLR2004 - no substituent
            b = atom.GetIdx()
            around = _ring_neighbours(molecule, b, b)
            yield from (((a, b), (b, c)) for place, a in enumerate(around) for c in around[place + 1 :])


def _ring_neighbours(molecule: Mol, atom: int, but: int) -> list[int]:
    """Atoms at the other ends of the ring bonds of an atom."""
    bonds = molecule.GetAtomWithIdx(atom).GetBonds()
    found = [bond.GetOtherAtomIdx(atom) for bond in bonds if bond.IsInRing()]
    return [other for other in found if other != but]


def _between_halves(molecule: Mol, bonds: Bonds) -> Bonds | None:
    """The bonds, each from the one half to the other; None where cutting them does not part the two ends of each."""
    edited = RWMol(molecule)
    for bond in bonds:
        edited.RemoveBond(*bond)
    half = next(set(fragment) for fragment in GetMolFrags(edited) if bonds[0][0] in fragment)
    turned = tuple((begin, end) if begin in half else (end, begin) for begin, end in bonds)
    return turned if all(begin in half and end not in half for begin, end in turned) else None
