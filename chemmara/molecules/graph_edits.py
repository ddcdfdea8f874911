"""What crossover and mutation of molecular graphs share: sites in random order, and which results are acceptable.

The operators follow the graph-based genetic algorithm of Jensen (doi 10.1039/C8SC05372C). They change molecules whose
aromatic rings are written with single and double bonds, and give sanitised molecules.
"""

import random
from collections.abc import Sequence
from typing import Final, TypeVar

from rdkit.Chem import BondType, ChiralType, GetMolFrags, Kekulize, Mol, RWMol, SanitizeFlags, SanitizeMol

from chemmara.molecules.quiet import QUIET

Item = TypeVar("Item")

_FEWEST: Final = 6  # heavy atoms
_MEAN_LIMIT: Final = 39.15  # heavy atoms: each new molecule has to be smaller than a draw of a normal distribution
_SPREAD: Final = 3.5  # its standard deviation
LARGEST_RING: Final = 6
"""Atoms in the largest ring that is common."""
SMALL_RINGS: Final = (3, 4)
"""Atoms in a ring that takes no double bond between two of them."""


def kekulised(molecule: Mol) -> Mol:
    """A copy without aromatic bonds; a ring is written with single and double bonds."""
    copy = Mol(molecule)
    Kekulize(copy, clearAromaticFlags=True)
    return copy


def open_valences(edited: RWMol, *atoms: int) -> None:
    """Let the hydrogens of these atoms follow their bonds again, and drop the stereo centre that they may be."""
    for index in atoms:
        atom = edited.GetAtomWithIdx(index)
        atom.SetNoImplicit(False)
        atom.SetNumExplicitHs(0)
        atom.SetNumRadicalElectrons(0)
        atom.SetChiralTag(ChiralType.CHI_UNSPECIFIED)


def finished(edited: RWMol, atom: int) -> Mol | None:
    """The sanitised fragment that holds an atom; None where a valence is exceeded or a ring cannot be aromatic."""
    kept = next(fragment for fragment in GetMolFrags(edited) if atom in fragment)
    edited.BeginBatchEdit()
    for index in set(range(edited.GetNumAtoms())) - set(kept):
        edited.RemoveAtom(index)
    edited.CommitBatchEdit()
    molecule = edited.GetMol()
    with QUIET:
        flag = SanitizeMol(molecule, catchErrors=True)
    return molecule if flag == SanitizeFlags.SANITIZE_NONE else None


def fits(molecule: Mol, rng: random.Random) -> bool:
    """Whether there are more than five heavy atoms, and fewer than a draw of N(39.15, 3.5): a new draw each time."""
    return size_fits(molecule.GetNumHeavyAtoms(), rng)


def size_fits(heavy_atoms: int, rng: random.Random) -> bool:
    """As `fits`, of a molecule that is still to be made."""
    return _FEWEST <= heavy_atoms < rng.gauss(_MEAN_LIMIT, _SPREAD)


def rings_are_common(molecule: Mol) -> bool:
    """No ring of more than six atoms, no allene in a ring, no double bond between atoms of rings of three or four."""
    rings = molecule.GetRingInfo()
    if any(len(ring) > LARGEST_RING for ring in rings.AtomRings()):
        return False
    doubles = [bond for bond in molecule.GetBonds() if bond.GetBondType() == BondType.DOUBLE]
    in_rings = [end for bond in doubles for end in ends(bond) if _both_in_rings(bond)]
    if len(in_rings) > len(set(in_rings)):
        return False
    return not any(all(rings.MinAtomRingSize(end) in SMALL_RINGS for end in ends(bond)) for bond in doubles)


def in_random_order(items: Sequence[Item], rng: random.Random) -> list[Item]:
    """The same items, in any order as likely as in any other."""
    return rng.sample(items, len(items))


def ends(bond: object) -> tuple[int, int]:
    """The indices of the two atoms of a bond."""
    return bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()  # type: ignore[attr-defined]


def _both_in_rings(bond: object) -> bool:
    return bond.GetBeginAtom().IsInRing() and bond.GetEndAtom().IsInRing()  # type: ignore[attr-defined]
