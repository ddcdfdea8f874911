"""Linkers: what joins the fragments that all molecules hold."""

from collections.abc import Sequence
from itertools import islice

from rdkit.Chem import BondType, FragmentOnBonds, GetMolFrags, Mol, MolToSmiles

from chemmara.decoration.conditions import query_and_places, side_by_side
from chemmara.decoration.places import read_part
from chemmara.molecules.chem import canonical

_MATCHES = 200  # ways that a fragment, and that all of them, lie in a molecule; so many are looked at


def linkers(fragments: Sequence[str], molecules: Sequence[Mol]) -> list[str]:
    """For each molecule the SMILES of what joins the fragments, `[1*]` where it is bound to the first, and so on.

    Where a single fragment is made a ring, the numbers are those of its places, as in `chemmara sample --link`. Several
    linkers, as of three fragments in a row, stand with a dot between them. A molecule without all fragments, or whose
    fragments are bound to each other, has "".

    Args:
        fragments: SMILES with a dummy at each place where a linker begins, as of a campaign's `start.link`; they may be
            substituted nowhere else.
        molecules: those that a campaign found.

    >>> from chemmara.molecules.chem import parse
    >>> linkers(["*c1ccncc1", "*C(N)=O"], [parse("NC(=O)CCNc1ccncc1"), parse("NC(=O)CCc1ccccc1")])
    ['[1*]NCC[2*]', '']
    """
    read = [query_and_places(canonical(read_part(text, "fragment").molecule)) for text in fragments]
    queries = [query for query, _, _ in read]
    places = {atom: place for place, atom in sorted(read[0][1].items(), reverse=True)} if len(read) == 1 else None
    return [_linker(queries, places, molecule) for molecule in molecules]


def _linker(queries: Sequence[Mol], places: dict[int, int] | None, molecule: Mol) -> str:
    """The linker of a molecule; `places`: of a single fragment, the place at each of its query's atoms that has one."""
    ways = [molecule.GetSubstructMatches(query, maxMatches=_MATCHES) for query in queries]
    for owner in islice(side_by_side(ways), _MATCHES):
        held = {atom: part + 1 if places is None else places.get(at, 0) for atom, (part, at) in owner.items()}
        if rest := _between(molecule, held):
            return ".".join(rest)
    return ""


def _between(molecule: Mol, held: dict[int, int]) -> list[str]:
    """SMILES of the parts that are bound to held atoms, with the labels of these at the bonds."""
    cut, labels = list[int](), list[tuple[int, int]]()
    for bond in molecule.GetBonds():
        first, second = held.get(bond.GetBeginAtomIdx()), held.get(bond.GetEndAtomIdx())
        if (first is None) != (second is None):
            if bond.GetBondType() != BondType.SINGLE:
                return []
            cut.append(bond.GetIdx())
            label = first or second or 0
            labels.append((label, label))
    if not cut:
        return []
    atoms: list[tuple[int, ...]] = []
    parts = GetMolFrags(
        FragmentOnBonds(molecule, cut, dummyLabels=labels), asMols=True, sanitizeFrags=False, fragsMolAtomMapping=atoms
    )
    return sorted(MolToSmiles(part) for part, of in zip(parts, atoms, strict=True) if held.keys().isdisjoint(of))
