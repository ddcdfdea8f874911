"""Mutation of a molecule: one small change of its graph, drawn from seven kinds.

Follows the graph-based genetic algorithm of Jensen (doi 10.1039/C8SC05372C), with its probabilities.
"""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise, permutations
from typing import Final, TypeVar

from rdkit.Chem import Atom, BondType, FindAllPathsOfLengthN, Mol, RWMol

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
_ORDERS: Final = {BondType.SINGLE: 0.60, BondType.DOUBLE: 0.35, BondType.TRIPLE: 0.05}
_APPENDED: Final = {BondType.SINGLE: "C N O F S Cl Br", BondType.DOUBLE: "C N O", BondType.TRIPLE: "C N"}
_INSERTED: Final = {BondType.SINGLE: "C N O S", BondType.DOUBLE: "C N", BondType.TRIPLE: "C"}
_ELEMENTS: Final = {"C": 0.15, "N": 0.15, "O": 0.14, "F": 0.14, "S": 0.14, "Cl": 0.14, "Br": 0.14}
_RINGS: Final = {3: 0.05, 4: 0.05, 5: 0.45, 6: 0.45}
_EXTRA: Final = {BondType.SINGLE: 0, BondType.DOUBLE: 1, BondType.TRIPLE: 2}  # hydrogens that a bond more takes

Results = Iterator[Mol | None]
Choice = TypeVar("Choice")


def mutated(molecule: Mol, rng: random.Random) -> Mol | None:
    """The molecule after one change at a random place; None where ten kinds in turn found no place for theirs."""
    plain = kekulised(molecule)
    for _ in range(_TRIES):
        (kind,) = rng.choices(list(MUTATIONS), list(MUTATIONS.values()))
        for result in kind(plain, rng):
            if result is not None and fits(result, rng) and rings_are_common(result):
                return result
    return None


def append_atom(molecule: Mol, rng: random.Random) -> Results:
    """A new atom in place of hydrogens: one for a single bond, two for a double one, all of a CH3 for a triple one."""
    order = _drawn(_ORDERS, rng)
    element = rng.choice(_APPENDED[order].split())
    for atom in in_random_order(list(molecule.GetAtoms()), rng):
        hydrogens, needed = atom.GetTotalNumHs(), _EXTRA[order] + 1
        if hydrogens == needed or (hydrogens > needed and order != BondType.TRIPLE):
            edited, place = RWMol(molecule), atom.GetIdx()
            edited.AddBond(place, edited.AddAtom(Atom(element)), order)
            yield _done(edited, place)


def insert_atom(molecule: Mol, rng: random.Random) -> Results:
    """A new atom within a bond; its other bond is single, and the first may be double or triple."""
    order = _drawn(_ORDERS, rng)
    element = rng.choice(_INSERTED[order].split())
    for begin, end in in_random_order(_both_ways(molecule), rng):
        if _has_room(molecule, begin, order):
            edited = RWMol(molecule)
            edited.RemoveBond(begin, end)
            new = edited.AddAtom(Atom(element))
            edited.AddBond(begin, new, order)
            edited.AddBond(new, end, BondType.SINGLE)
            yield _done(edited, begin, end)


def change_bond_order(molecule: Mol, rng: random.Random) -> Results:
    """A bond becomes single, double or triple."""
    kind = _drawn({"single": 0.45, "double": 0.45, "triple to double": 0.05, "triple": 0.05}, rng)
    for begin, end in in_random_order(_both_ways(molecule), rng):
        before = molecule.GetBondBetweenAtoms(begin, end).GetBondType()
        hydrogens = min(molecule.GetAtomWithIdx(place).GetTotalNumHs() for place in (begin, end))
        after = {
            "single": BondType.SINGLE if before != BondType.SINGLE else None,
            "double": BondType.DOUBLE if before == BondType.SINGLE and hydrogens else None,
            "triple to double": BondType.DOUBLE if before == BondType.TRIPLE else None,
            "triple": BondType.TRIPLE if _has_room(molecule, begin, BondType.TRIPLE) and before != BondType.TRIPLE
            else None,
        }[kind]  # fmt: skip
        if after is not None:
            edited = RWMol(molecule)
            edited.GetBondBetweenAtoms(begin, end).SetBondType(after)
            yield _done(edited, begin, end)


def delete_ring_bond(molecule: Mol, rng: random.Random) -> Results:
    """A ring is opened."""
    for bond in in_random_order([ends(bond) for bond in molecule.GetBonds() if bond.IsInRing()], rng):
        edited = RWMol(molecule)
        edited.RemoveBond(*bond)
        yield _done(edited, *bond)


def add_ring(molecule: Mol, rng: random.Random) -> Results:
    """A row of 3 to 6 atoms is closed by a single bond; in a row of 5 or 6 the third and fourth may be of a ring."""
    size = _drawn(_RINGS, rng)
    found = [tuple(path) for path in FindAllPathsOfLengthN(molecule, size, useBonds=False)]
    for path in in_random_order([*found, *(path[::-1] for path in found)], rng):
        atoms = [molecule.GetAtomWithIdx(place) for place in path]
        outside = [*atoms[:2], *atoms[4:]] if size > 4 else atoms  # noqa: PLR2004 - the third and fourth
        if atoms[0].GetTotalNumHs() and atoms[-1].GetTotalNumHs() and not any(atom.IsInRing() for atom in outside):
            edited = RWMol(molecule)
            edited.AddBond(path[0], path[-1], BondType.SINGLE)
            yield _done(edited, path[0], path[-1])


def delete_atom(molecule: Mol, rng: random.Random) -> Results:
    """An atom of one to four neighbours; these are joined in a row, or, of four, all to one of them."""
    neighbours, star = _drawn(
        {(1, False): 0.25, (2, False): 0.25, (3, False): 0.25, (4, False): 0.1875, (4, True): 0.0625}, rng
    )
    for atom in in_random_order([atom for atom in molecule.GetAtoms() if atom.GetDegree() == neighbours], rng):
        around = [other.GetIdx() for other in atom.GetNeighbors()]
        for row in in_random_order(list(permutations(around)), rng):
            joins = [(row[0], other) for other in row[1:]] if star else list(pairwise(row))
            edited = RWMol(molecule)
            for place in row:
                edited.RemoveBond(atom.GetIdx(), place)
            if _hydrogens_suffice(molecule, joins) and all(edited.GetBondBetweenAtoms(*join) is None for join in joins):
                for join in joins:
                    edited.AddBond(*join, BondType.SINGLE)
                yield _done(edited, *row)


def change_atom(molecule: Mol, rng: random.Random) -> Results:
    """All bonds stay, and an atom becomes one of another element, without a charge."""
    present = {atom.GetSymbol() for atom in molecule.GetAtoms()} & _ELEMENTS.keys()
    if not present:
        return
    before = _drawn({element: share for element, share in _ELEMENTS.items() if element in present}, rng)
    after = _drawn({element: share for element, share in _ELEMENTS.items() if element != before}, rng)
    for atom in in_random_order([atom for atom in molecule.GetAtoms() if atom.GetSymbol() == before], rng):
        edited = RWMol(molecule)
        changed = edited.GetAtomWithIdx(atom.GetIdx())
        changed.SetAtomicNum(Atom(after).GetAtomicNum())
        changed.SetFormalCharge(0)
        changed.SetIsotope(0)
        yield _done(edited, atom.GetIdx())


MUTATIONS: Final[dict[Callable[[Mol, random.Random], Results], float]] = {
    insert_atom: 0.15,
    change_bond_order: 0.14,
    delete_ring_bond: 0.14,
    add_ring: 0.14,
    delete_atom: 0.14,
    change_atom: 0.14,
    append_atom: 0.15,
}
"""The seven kinds and how often each is drawn."""


def _done(edited: RWMol, *places: int) -> Mol | None:
    """The whole molecule after a change at these atoms."""
    open_valences(edited, *places)
    return finished(edited, places[0])


def _has_room(molecule: Mol, place: int, order: BondType) -> bool:
    """Whether a bond of an atom may be raised to this order (an atom of a ring has no triple bond)."""
    atom = molecule.GetAtomWithIdx(place)
    return atom.GetTotalNumHs() >= _EXTRA[order] and not (order == BondType.TRIPLE and atom.IsInRing())


def _hydrogens_suffice(molecule: Mol, joins: list[tuple[int, int]]) -> bool:
    """Whether each atom, which has lost a bond, has a hydrogen for every new one after the first."""
    counts = {place: sum(place in join for join in joins) for join in joins for place in join}
    return all(molecule.GetAtomWithIdx(place).GetTotalNumHs() >= count - 1 for place, count in counts.items())


def _both_ways(molecule: Mol) -> list[tuple[int, int]]:
    """Every bond as its two ends, in either order."""
    bonds = [ends(bond) for bond in molecule.GetBonds()]
    return [*bonds, *((end, begin) for begin, end in bonds)]


def _drawn(shares: dict[Choice, float], rng: random.Random) -> Choice:
    return rng.choices(list(shares), list(shares.values()))[0]
