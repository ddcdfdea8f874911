"""Crossover of two molecules: each is cut in two, and a half of one is joined to a half of the other.

Follows the graph-based genetic algorithm of Jensen (doi 10.1039/C8SC05372C).
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple

from rdkit.Chem import BondType, CombineMols, GetMolFrags, GetShortestPath, Mol, RWMol

from chemmara.molecules.chem import canonical
from chemmara.molecules.graph_edits import (
    LARGEST_RING,
    ends,
    finished,
    in_random_order,
    kekulised,
    open_valences,
    rings_are_common,
    size_fits,
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


class Half(NamedTuple):
    """What a half of a molecule brings to a child."""

    heavy_atoms: int
    ring_atoms: int  # of the ring that two new bonds close: those on its shortest path between the two


@dataclass(frozen=True)
class Cut:
    """A molecule and the bonds by which it falls into two halves."""

    molecule: Mol  # without aromatic bonds
    bonds: Bonds  # each from an atom of the first half to one of the second

    @cached_property
    def halves(self) -> tuple[Half, Half]:
        """The first half and the second."""
        parted = _without(self.molecule, self.bonds)
        fragments = GetMolFrags(parted)
        sides = [[bond[side] for bond in self.bonds] for side in (0, 1)]
        first, second = (_half(parted, next(atoms for atoms in fragments if side[0] in atoms), side) for side in sides)
        return first, second


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


def ring_sites(molecule: Mol) -> tuple[list[Bonds], list[Bonds]]:
    """Pairs of bonds of a ring: those a ring bond apart, and those of an atom that has a substituent."""
    return list(_pairs_apart(molecule)), list(_pairs_at_an_atom(molecule))


def ring_cut(molecule: Mol, sites: tuple[list[Bonds], list[Bonds]], rng: random.Random) -> Cut | None:
    """Cut at a pair of the first sites or, in half of the tries, of the second; None where ten left no two halves."""
    for _ in range(_TRIES):
        pairs = sites[0] if rng.random() < 0.5 else sites[1]  # noqa: PLR2004 - a coin
        bonds = _between_halves(molecule, rng.choice(pairs)) if pairs else None
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


def _offspring(
    first: Cut, second: Cut, sides: tuple[int, int], orders: tuple[BondType, ...], rng: random.Random
) -> Mol | None:
    """As `joined`; None also where the child has no acceptable size or its new ring is too large: known beforehand.

    A new ring of three or four atoms is looked at once it is made: it may be aromatic, as a cyclopropenone is.
    """
    halves = first.halves[sides[0]], second.halves[sides[1]]
    ring = sum(half.ring_atoms for half in halves)
    if len(orders) > 1 and ring > LARGEST_RING:
        return None
    fitting = size_fits(sum(half.heavy_atoms for half in halves), rng)
    return joined(first, second, sides, orders) if fitting else None


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
            child = _offspring(cuts[0], cuts[1], sides, (BondType.SINGLE,), rng)
            if child is not None:
                return child
    return None


def _by_ring(first: Mol, second: Mol, rng: random.Random) -> Mol | None:
    sites = ring_sites(first), ring_sites(second)
    for _ in range(_TRIES):
        cuts = ring_cut(first, sites[0], rng), ring_cut(second, sites[1], rng)
        if cuts[0] is None or cuts[1] is None:
            return None
        turned = Cut(second, cuts[1].bonds[::-1])
        ways = list(product((cuts[1], turned), _SIDES, _ORDERS))
        for other, sides, orders in in_random_order(ways, rng):  # the first acceptable is as good as a draw from all
            child = _offspring(cuts[0], other, sides, orders, rng)
            if child is not None and rings_are_common(child):
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
    half = next(set(atoms) for atoms in GetMolFrags(_without(molecule, bonds)) if bonds[0][0] in atoms)
    turned = tuple((begin, end) if begin in half else (end, begin) for begin, end in bonds)
    return turned if all(begin in half and end not in half for begin, end in turned) else None


def _without(molecule: Mol, bonds: Bonds) -> RWMol:
    """The molecule without these bonds, not sanitised."""
    edited = RWMol(molecule)
    for bond in bonds:
        edited.RemoveBond(*bond)
    return edited


def _half(parted: Mol, atoms: tuple[int, ...], at_cut: list[int]) -> Half:
    """The half of these atoms, of which one or two were at the cut."""
    heavy = sum(parted.GetAtomWithIdx(atom).GetAtomicNum() > 1 for atom in atoms)
    first, last = at_cut[0], at_cut[-1]
    return Half(heavy, 1 if first == last else len(GetShortestPath(parted, first, last)))
