"""What chemists search by: functional groups by their everyday names, and ring systems."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from rdkit import Chem
from rdkit.Chem import BondType, Mol, RWMol

from chemmara.molecules.chem import canonical, parse, parse_pattern

GROUPS: Final = {
    "acetal or ketal": "[OX2;!$(OC=O)][CX4;!$(C(O)(O)O)][OX2;!$(OC=O)]",
    "aldehyde": "[CX3H1](=O)[#6,#1]",
    "alkene": "[CX3;!a]=[CX3;!a]",
    "alkyne": "[CX2]#[CX2]",
    "amide": "[NX3;!$(N(C=O)C=O);!$(NC(=O)[N,O])][CX3](=[OX1])[#6,#1]",
    "amidine or guanidine": "[NX3][CX3]=[NX2]",
    "aromatic amine": "[NX3;!$(N[C,S]=[O,S,N])]c",
    "boronic acid or ester": "[B]([OX2])[OX2]",
    "bromine": "[Br]",
    "carbamate": "[NX3][CX3](=[OX1])[OX2]",
    "carboxylic acid": "[CX3](=O)[OX2H1,OX1-]",
    "chlorine": "[Cl]",
    "epoxide or aziridine": "[C;r3]1[C;r3][O,N;r3]1",
    "ester": "[#6,#1][CX3](=O)[OX2][#6;!$(C=O)]",
    "ether": "[OX2;!$(O[C,S,P]=[O,S,N])]([#6;!$(C([OX2])[OX2])])[#6]",
    "fluorine": "[F]",
    "hydrazine": "[NX3;!$(NC=O)][NX3;!$(NC=O)]",
    "hydroxamic acid": "[CX3](=O)[NX3][OX2H1]",
    "hydroxyl (alcohol)": "[OX2H1][CX4]",
    "imide": "[NX3]([CX3]=O)[CX3]=O",
    "imine": "[CX3;!$(C(N)=N)]=[NX2;!$(N[N,O])]",
    "iodine": "[I]",
    "ketone": "[#6][CX3](=O)[#6]",
    "lactam": "[N;R;!$(N(C=O)C=O)][C;R](=O)",
    "nitrile": "[CX2]#[NX1]",
    "nitro": "[NX3+](=O)[O-]",
    "oxime": "[CX3]=[NX2][OX2]",
    "phenol": "[OX2H1]c",
    "phosphorus": "[#15]",
    "primary amine": "[NX3H2,NX4H3+;!$(N[C,S]=[O,S,N]);!$(Nc)][CX4]",
    "secondary amine": "[NX3H1,NX4H2+;!$(N[C,S]=[O,S,N]);!$(Nc)]([CX4])[CX4]",
    "sulfonamide": "[SX4](=O)(=O)[NX3]",
    "sulfone": "[#6][SX4](=O)(=O)[#6]",
    "sulfoxide": "[#6][SX3](=O)[#6]",
    "tertiary amine": "[NX3H0,NX4H1+;!$(N[C,S]=[O,S,N]);!$(Nc)]([CX4])([CX4])[CX4]",
    "thioamide or thiourea": "[NX3][CX3]=[SX1]",
    "thioether": "[SX2]([#6])[#6]",
    "thiol": "[SX2H1][#6]",
    "trifluoromethyl": "[CX4](F)(F)F",
    "urea": "[NX3][CX3](=[OX1])[NX3]",
}
"""Functional group: SMARTS."""


@cache
def _queries() -> dict[str, Mol]:
    return {name: query for name, smarts in GROUPS.items() if (query := parse_pattern(smarts)) is not None}


def groups(molecule: Mol) -> list[str]:
    """The functional groups of a molecule, in the order of `GROUPS`.

    >>> groups(parse("CC(=O)Nc1ccc(O)cc1"))
    ['amide', 'phenol']
    """
    return [name for name, query in _queries().items() if molecule.HasSubstructMatch(query)]


def ring_systems(molecule: Mol) -> list[str]:
    """Rings that share atoms, taken together, with what is doubly bonded to them: canonical SMILES, each once.

    >>> ring_systems(parse("O=c1cccc(C2CC2)n1Cc1ccc2[nH]ccc2c1"))
    ['C1CC1', 'O=c1cccc[nH]1', 'c1ccc2[nH]ccc2c1']
    """
    found = {text for atoms in _systems(molecule) if (text := _cut_out(molecule, atoms))}
    return sorted(found)


def _systems(molecule: Mol) -> Iterator[set[int]]:
    """The atoms of each ring system."""
    systems: list[set[int]] = []
    for ring in map(set, molecule.GetRingInfo().AtomRings()):
        apart = [system for system in systems if not system & ring]
        systems = [*apart, ring.union(*(system for system in systems if system & ring))]
    yield from systems


def _cut_out(molecule: Mol, ring: set[int]) -> str:
    """SMILES of a ring system by itself, hydrogen in place of what was cut off; "" where that is no molecule."""
    kept, opened = set(ring), set[int]()
    for index in ring:
        for bond in molecule.GetAtomWithIdx(index).GetBonds():
            other = bond.GetOtherAtomIdx(index)
            if other not in ring:
                (kept if bond.GetBondType() == BondType.DOUBLE else opened).add(
                    other if bond.GetBondType() == BondType.DOUBLE else index
                )
    part = RWMol(molecule)
    for index in opened:
        atom = part.GetAtomWithIdx(index)
        if atom.GetIsAromatic() and atom.GetAtomicNum() != 6 and not atom.GetFormalCharge():  # noqa: PLR2004 - carbon
            atom.SetNumExplicitHs(1)
    for index in reversed(range(molecule.GetNumAtoms())):
        if index not in kept:
            part.RemoveAtom(index)
    again = parse(Chem.MolToSmiles(part, isomericSmiles=False))
    return "" if again is None else canonical(again)
