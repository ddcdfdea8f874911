"""Molecules as short texts from which page.js draws structures and writes SD files: atoms, coordinates and bonds.

The text of a molecule holds only letters, digits, "-" and "_", so that nothing in it needs escaping. In order:

    unit        1 character: coordinates are counted in so many hundredths of an angstrom, less one
    atoms       2 characters: how many
    each atom   its kind (1 character, or "_" and 2), x (2 characters), y (2 characters)
    each bond   its kind (like an atom's), its two atoms (1 character each, 2 where the molecule has more than 64 atoms)

A character stands for its position in `ALPHABET`, two for 64 times the first plus the second. What the kinds of atoms
and bonds are stands once a page, in `Kinds`.
"""

import string
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import Mol, rdDepictor

from chemmara.molecules.chem import parse

ALPHABET: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_BASE: Final = len(ALPHABET)
_MOST_ATOMS: Final = 999  # of a V2000 block
_CLOSEST: Final = 0.6  # angstrom between two atoms of a drawing; bonds have 1.5
_SIDES: Final = {
    Chem.BondStereo.STEREOZ: True, Chem.BondStereo.STEREOCIS: True, Chem.BondStereo.STEREOE: False,
    Chem.BondStereo.STEREOTRANS: False,
}  # fmt: skip
"""Whether the two stereo atoms of a double bond lie on the same side."""
_RADICAL: Final = {1: 2, 2: 3}  # unpaired electrons: the code of an SD file


@dataclass
class Kinds:
    """The kinds of atoms and bonds met so far, in the order of their numbers."""

    atoms: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """(symbol, hydrogens, charge, isotope, radical code, valence field): number."""
    bonds: dict[tuple[int, int], int] = field(default_factory=dict)
    """(bond type, stereo), both as in an SD file: number."""

    def listed(self) -> dict[str, list[list[Any]]]:
        """As page.js wants them."""
        return {"atoms": [list(kind) for kind in self.atoms], "bonds": [list(kind) for kind in self.bonds]}


def laid_out(smiles: str, core: Mol | None = None) -> Mol | None:
    """The molecule with coordinates for drawing, its part `core` drawn as there; None for an invalid SMILES."""
    molecule = parse(smiles)
    if molecule is not None:
        lay_out(molecule, core)
    return molecule


def lay_out(molecule: Mol, *cores: Mol | None) -> None:
    """Give a molecule coordinates for drawing: on the first of the cores that can be, drawn as there; or by itself."""
    if not any(core is not None and _lay_out_on(molecule, core) for core in cores):
        rdDepictor.Compute2DCoords(molecule)


def _lay_out_on(molecule: Mol, core: Mol) -> bool:
    """Draw a molecule with its atoms of a core where those of the core lie; whether that makes a drawing of it.

    It makes none where the molecule lacks the core, where atoms come to lie on each other, or where a double bond would
    be shown as its other isomer.
    """
    if not (match := molecule.GetSubstructMatch(core)):
        return False
    rdDepictor.GenerateDepictionMatching2DStructure(molecule, core, list(enumerate(match)))
    places = molecule.GetConformer().GetPositions()[:, :2]
    apart = np.linalg.norm(places[:, None] - places[None, :], axis=-1)
    np.fill_diagonal(apart, np.inf)
    return bool(apart.min() >= _CLOSEST) and all(_keeps_sides(bond, places) for bond in molecule.GetBonds())


def _keeps_sides(bond: Chem.Bond, places: np.ndarray) -> bool:
    """Whether the substituents of a double bond lie on the sides that its stereo says."""
    sides = list(bond.GetStereoAtoms())
    if bond.GetStereo() not in _SIDES or not sides:
        return True
    begin, end = places[bond.GetBeginAtomIdx()], places[bond.GetEndAtomIdx()]
    along, (first, second) = end - begin, places[sides] - begin
    alike = (along[0] * first[1] - along[1] * first[0]) * (along[0] * second[1] - along[1] * second[0]) > 0
    return alike == _SIDES[bond.GetStereo()]


def depiction(molecule: Mol, kinds: Kinds) -> str:
    """The text of a molecule with coordinates; "" for one of more than 999 atoms, which is too large to draw."""
    count = molecule.GetNumAtoms()
    if count > _MOST_ATOMS:
        return ""
    lines = Chem.MolToMolBlock(molecule).split("\n")  # kekulised, with wedges, as every program reads it
    atoms, bonds = lines[4 : 4 + count], lines[4 + count : 4 + count + molecule.GetNumBonds()]
    places = molecule.GetConformer().GetPositions()[:, :2]
    places = places - places.min(axis=0)
    unit = min(1 + int(100 * places.max() / _BASE**2), _BASE)
    parts = [ALPHABET[unit - 1], _two(count)]
    for atom, line, (x, y) in zip(molecule.GetAtoms(), atoms, np.rint(100 * places / unit).astype(int), strict=True):
        electrons = atom.GetNumRadicalElectrons()
        kind = (
            line[31:34].strip(), atom.GetTotalNumHs(), atom.GetFormalCharge(), atom.GetIsotope(),
            _RADICAL.get(electrons, 0), int(line[48:51]),
        )  # fmt: skip
        parts += (_one(kinds.atoms.setdefault(kind, len(kinds.atoms))), _two(x), _two(y))
    end = _two if count > _BASE else ALPHABET.__getitem__
    for line in bonds:
        kind = (int(line[6:9]), int(line[9:12]))
        parts.append(_one(kinds.bonds.setdefault(kind, len(kinds.bonds))))
        parts += (end(int(line[:3]) - 1), end(int(line[3:6]) - 1))
    return "".join(parts)


def _two(number: int) -> str:
    high, low = divmod(min(int(number), _BASE**2 - 1), _BASE)
    return ALPHABET[high] + ALPHABET[low]


def _one(number: int) -> str:
    return ALPHABET[number] if number < _BASE - 1 else "_" + _two(number)
