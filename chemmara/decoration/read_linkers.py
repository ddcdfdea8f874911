"""Linkers: what joins the fragments that all molecules hold."""

from collections.abc import Iterator, Sequence
from itertools import islice, product

from rdkit.Chem import BondType, FragmentOnBonds, GetMolFrags, Mol, MolToSmiles

from chemmara.decoration.places import Part, read_part
from chemmara.molecules.chem import canonical
from chemmara.oracles.substructure import core_query

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
    parts = [read_part(text, "fragment") for text in fragments]
    queries = [core_query(canonical(part.molecule)) for part in parts]
    labels = [_labels(part, number, len(parts)) for number, part in enumerate(parts, 1)]
    return [_linker([query for query in queries if query is not None], labels, molecule) for molecule in molecules]


def _labels(part: Part, number: int, of: int) -> list[int]:
    """What a bond to each atom of a fragment is called: the fragment's number; of a single one the place's."""
    spelled = read_part(canonical(part.molecule), "fragment").molecule
    kept = [atom for atom in spelled.GetAtoms() if atom.GetAtomicNum()]
    places = [[near.GetIsotope() for near in atom.GetNeighbors() if not near.GetAtomicNum()] for atom in kept]
    return [number if of > 1 else min(found, default=0) for found in places]


def _linker(queries: Sequence[Mol], labels: Sequence[Sequence[int]], molecule: Mol) -> str:
    for held in islice(_placed(queries, labels, molecule), _MATCHES):
        if rest := _between(molecule, held):
            return ".".join(rest)
    return ""


def _placed(queries: Sequence[Mol], labels: Sequence[Sequence[int]], molecule: Mol) -> Iterator[dict[int, int]]:
    """The label of each atom that the fragments are, for each way in which they do not overlap."""
    ways = product(*(molecule.GetSubstructMatches(query, maxMatches=_MATCHES) for query in queries))
    for way in ways:
        named = (zip(match, label, strict=True) for match, label in zip(way, labels, strict=True))
        held = {atom: label for match in named for atom, label in match}
        if len(held) == sum(map(len, way)):
            yield held


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
