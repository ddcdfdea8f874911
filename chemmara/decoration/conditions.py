"""What a molecule with given parts must be: the parts, with pieces of the right size at their places, and no more.

The same question is put to every molecule, whoever proposes it: a policy, a genetic algorithm or a library.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rdkit.Chem import BondType, Mol, SubstructMatchParameters

from chemmara.molecules.chem import parse
from chemmara.oracles.substructure import core_query

_MATCHES: Final = 10_000  # ways that a part lies in a molecule, at most so many are looked at


@dataclass(frozen=True)
class Piece:
    """A group or a linker: what is bound to places, by a single bond to each of them, and to nothing else."""

    joins: tuple[tuple[int, int], ...]  # places, as the number of a part, from 0, and that of its place
    least: int  # heavy atoms
    most: int
    optional: bool = False  # whether its place may stay hydrogen


class _Found(NamedTuple):
    """A piece of a molecule: all atoms that hang together outside the parts."""

    atoms: int  # heavy ones
    bound_to: Counter[tuple[int, int]]  # how often to which atom of which part's query


@dataclass(frozen=True)
class Conditions:
    """Parts, and the ways in which pieces may be bound to their places."""

    queries: tuple[Mol, ...]  # of the parts, as `chemmara.oracles.substructure.core_query` makes them
    places: tuple[dict[int, int], ...]  # for each part: the query's atom that each of its places is at
    arrangements: tuple[tuple[Piece, ...], ...]  # the pieces are those of one of them
    heavy: int  # heavy atoms of all parts

    @classmethod
    def of(cls, parts: Sequence[str], arrangements: Sequence[Sequence[Piece]]) -> "Conditions":
        """The conditions of parts that are written as SMILES with places `[1*]`, `[2*]`, ..."""
        read = [query_and_places(text) for text in parts]
        return cls(
            tuple(query for query, _, _ in read),
            tuple(places for _, places, _ in read),
            tuple(tuple(pieces) for pieces in arrangements),
            sum(heavy for _, _, heavy in read),
        )

    def hold(self, molecule: Mol) -> bool:
        """Whether a molecule consists of the parts and of the pieces of an arrangement, at least one of these.

        >>> methyls = [Piece(((0, 1),), 1, 1), Piece(((0, 2),), 1, 2, optional=True)]
        >>> conditions = Conditions.of(["[1*]c1ccnc([2*])c1"], [methyls])
        >>> [conditions.hold(parse(text)) for text in ("Cc1ccnc(CC)c1", "Cc1ccncc1", "CCc1ccncc1", "Cc1ccncc1C")]
        [True, True, False, False]
        """
        most = max(sum(piece.most for piece in pieces) for pieces in self.arrangements)
        if not 0 < molecule.GetNumHeavyAtoms() - self.heavy <= most:
            return False
        if not all(molecule.HasSubstructMatch(query) for query in self.queries):
            return False
        return any(
            self._fits(pieces, found) for found in self._readings(molecule) for pieces in self.arrangements if found
        )

    def _readings(self, molecule: Mol) -> Iterator[list[_Found]]:
        """The pieces of a molecule, for each way in which the parts lie in it side by side."""
        settings = SubstructMatchParameters()
        settings.uniquify, settings.maxMatches = False, _MATCHES
        ways = [molecule.GetSubstructMatches(query, settings) for query in self.queries]
        for owner in side_by_side(ways):
            found = self._pieces(molecule, owner)
            if found is not None:
                yield found

    def _pieces(self, molecule: Mol, owner: dict[int, tuple[int, int]]) -> list[_Found] | None:
        """The pieces outside the parts; None where a bond is neither a part's own nor a single bond to a piece."""
        for bond in molecule.GetBonds():
            ends = [owner.get(bond.GetBeginAtomIdx()), owner.get(bond.GetEndAtomIdx())]
            first, second = ends
            if first is None and second is None:
                continue
            if first is None or second is None:
                if bond.GetBondType() != BondType.SINGLE:
                    return None
            elif first[0] != second[0] or self.queries[first[0]].GetBondBetweenAtoms(first[1], second[1]) is None:
                return None
        return list(_loose_pieces(molecule, owner))

    def _fits(self, pieces: Sequence[Piece], found: list[_Found]) -> bool:
        """Whether each piece that was found is one of an arrangement, and only optional ones are missing."""
        if not found:
            return all(piece.optional for piece in pieces)
        first, *others = found
        return any(
            piece.least <= first.atoms <= piece.most
            and first.bound_to == Counter((part, self.places[part][place]) for part, place in piece.joins)
            and self._fits([*pieces[:at], *pieces[at + 1 :]], others)
            for at, piece in enumerate(pieces)
        )


def query_and_places(text: str) -> tuple[Mol, dict[int, int], int]:
    """The query of a part, the query's atom at each of its places, and the part's heavy atoms."""
    molecule, query = parse(text), core_query(text)
    if molecule is None or query is None:
        raise ValueError(f"{text}: is no part")
    kept = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum()]
    places = {
        atom.GetIsotope(): kept.index(atom.GetNeighbors()[0].GetIdx())
        for atom in molecule.GetAtoms()
        if not atom.GetAtomicNum()
    }
    return query, places, molecule.GetNumHeavyAtoms()


def side_by_side(ways: Sequence[Sequence[tuple[int, ...]]]) -> Iterator[dict[int, tuple[int, int]]]:
    """Every choice of one way for each part that shares no atom: atom of the molecule -> part, and its query's atom."""

    def choices(part: int, owner: dict[int, tuple[int, int]]) -> Iterator[dict[int, tuple[int, int]]]:
        if part == len(ways):
            yield owner
            return
        for way in ways[part]:
            if owner.keys().isdisjoint(way):
                yield from choices(part + 1, owner | {atom: (part, at) for at, atom in enumerate(way)})

    return choices(0, {})


def _loose_pieces(molecule: Mol, owner: dict[int, tuple[int, int]]) -> Iterator[_Found]:
    """What hangs together outside the parts, piece by piece."""
    seen = set(owner)
    for atom in molecule.GetAtoms():
        if atom.GetIdx() not in seen:
            yield _piece(molecule, atom.GetIdx(), owner, seen)


def _piece(molecule: Mol, start: int, owner: dict[int, tuple[int, int]], seen: set[int]) -> _Found:
    """The piece around an atom, whose atoms join those that were seen."""
    heavy, bound_to, waiting = 0, Counter[tuple[int, int]](), [start]
    seen.add(start)
    while waiting:
        atom = molecule.GetAtomWithIdx(waiting.pop())
        heavy += atom.GetAtomicNum() > 1
        for neighbour in atom.GetNeighbors():
            at = neighbour.GetIdx()
            if at in owner:
                bound_to[owner[at]] += 1
            elif at not in seen:
                seen.add(at)
                waiting.append(at)
    return _Found(heavy, bound_to)
