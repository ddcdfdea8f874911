"""The molecule that a row is about: its main fragment without charges; and as a prior should learn it, or why not."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import PositiveInt
from rdkit.Chem import AssignStereochemistry, GetMolFrags, Mol, MolToSmiles, RemoveHs, RemoveHsParameters
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.rdMolDescriptors import CalcExactMolWt

from chemmara.config import Strict
from chemmara.molecules.chem import canonical, canonical_smiles, parse, without_stereo
from chemmara.molecules.counter_ions import COMMON
from chemmara.molecules.headers import Row
from chemmara.molecules.library import Library, open_library
from chemmara.molecules.notation import Smiles
from chemmara.molecules.quiet import QUIET

COLUMN: Final = "standardised"
"""Name of the column that `standardised` adds to a library."""
CHARGED = re.compile(r"\[[^\]]*[+-]")
"""Finds a charge in a SMILES."""

_ELEMENTS: Final = ("H", "B", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")


class StandardiseConfig(Strict):
    """What becomes of a molecule, and which are left out."""

    charges: Literal["neutralise", "keep"] = "neutralise"
    """Take charges off where adding or removing hydrogen can, or leave them as they are."""
    stereo: Literal["keep", "drop"] = "keep"
    """Keep stereo centres and double-bond stereo, or drop them."""
    isotopes: Literal["keep", "drop"] = "drop"
    """Keep isotopes, which a prior would learn as tokens of their own, or take every atom for its usual mixture."""
    elements: tuple[str, ...] = _ELEMENTS
    """Elements allowed."""
    min_atoms: PositiveInt = 10
    """Fewest heavy atoms."""
    max_atoms: PositiveInt = 50
    """Most heavy atoms."""
    max_length: PositiveInt = 100
    """Most SMILES tokens (a bracket atom, Cl, Br and %nn are one each)."""


def standardise(smiles: str, config: StandardiseConfig) -> tuple[str, str]:
    """Canonical SMILES of the main fragment, and ""; or "" and the reason for leaving the molecule out."""
    molecule = parse(smiles)
    if molecule is None:
        return "", "invalid SMILES"
    molecule = parent_fragment(molecule)
    if config.charges == "neutralise":
        molecule = _neutralised(molecule, smiles)
    if config.isotopes == "drop":
        molecule = _without_isotopes(molecule)
    if config.stereo == "drop":
        molecule = without_stereo(molecule)
    if foreign := {atom.GetSymbol() for atom in molecule.GetAtoms()} - set(config.elements):
        return "", f"element {min(foreign)}"
    atoms = molecule.GetNumHeavyAtoms()
    if not config.min_atoms <= atoms <= config.max_atoms:
        return "", "too few atoms" if atoms < config.min_atoms else "too many atoms"
    text = canonical(molecule)
    if len(Smiles().split(text)) > config.max_length:
        return "", "too many tokens"
    # A SMILES that RDKit writes but does not read would be learned as an invalid one.
    return (text, "") if parse(text) is not None else ("", "not readable once standardised")


def parent_smiles(smiles: str) -> str:
    """Canonical SMILES of the main fragment, charges taken off where hydrogen can; an invalid text as it is.

    >>> parent_smiles("CC(=O)Oc1ccccc1C(=O)[O-].NCCCC[C@H]([NH3+])C(=O)O")  # aspirin with lysine
    'CC(=O)Oc1ccccc1C(=O)O'
    """
    molecule = parse(smiles)
    if molecule is None:
        return smiles
    text = canonical(_neutralised(parent_fragment(molecule), smiles))
    return text if parse(text) is not None else smiles


def is_mixture(smiles: str) -> bool:
    """Whether a SMILES is valid and has several fragments: a salt, a solvate, a mixture."""
    return "." in smiles and "." in (canonical_smiles(smiles) or "")


def standardised(library: Library) -> Library:
    """The library with a last column `standardised` (`parent_smiles` of each row), which is then its SMILES column.

    Its other columns stay as they are; one of that name is replaced. Like any library it can be gone through once.
    """
    given = library.columns.index(library.smiles_column)
    kept = [place for place, name in enumerate(library.columns) if name != COLUMN]
    rows = (
        ([*(cells[place] for place in kept), parent_smiles(cells[given])], reason) for cells, reason in library.rows
    )
    return Library(library.source, COLUMN, [*(library.columns[place] for place in kept), COLUMN], rows)


def open_molecules(source: str | Path, smiles_column: str | None = None, *, main_fragments: bool = False) -> Library:
    """A library as `open_library` reads it; with `main_fragments`, of every salt the drug, as `standardised` says."""
    library = open_library(source, smiles_column)
    return standardised(library) if main_fragments else library


def without_duplicates(library: Library) -> Library:
    """The library without rows of a molecule that an earlier row has, by its canonical SMILES; invalid rows stay."""
    place, seen = library.columns.index(library.smiles_column), set[str]()

    def rows() -> Iterator[Row]:
        for cells, reason in library.rows:
            text = canonical_smiles(cells[place])
            if text is None or text not in seen:
                seen.update(() if text is None else (text,))
                yield cells, reason

    return Library(library.source, library.smiles_column, library.columns, rows())


def parent_fragment(molecule: Mol) -> Mol:
    """The fragment that is the compound itself, without counter-ions and solvents; the molecule, if it has one alone.

    One of several atoms that is no common counter-ion, salt former or solvent before one that is; then an organic one
    (with carbon) before an inorganic one; then the one with most heavy atoms, the heaviest, the first by its SMILES.
    """
    fragments = GetMolFrags(molecule, asMols=True)
    if len(fragments) == 1:
        return molecule

    def rank(fragment: Mol) -> tuple[bool, bool, int, float, str]:
        common = fragment.GetNumAtoms() == 1 or _flat_and_neutral(fragment) in _common()
        organic = any(atom.GetSymbol() == "C" for atom in fragment.GetAtoms())
        return common, not organic, -fragment.GetNumHeavyAtoms(), -CalcExactMolWt(fragment), canonical(fragment)

    return min(fragments, key=rank)


def _neutralised(molecule: Mol, smiles: str) -> Mol:
    """The molecule with its charges taken off where adding or removing hydrogen can."""
    if not CHARGED.search(smiles):
        return molecule
    with QUIET:
        return rdMolStandardize.Uncharger().uncharge(molecule)


def _without_isotopes(molecule: Mol) -> Mol:
    """The molecule itself, or where it has isotopes a copy without; a centre that only they made is none any more."""
    if not any(atom.GetIsotope() for atom in molecule.GetAtoms()):
        return molecule
    plain = Mol(molecule)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    heavy_only = RemoveHsParameters()
    heavy_only.removeDefiningBondStereo = True
    with QUIET:
        plain = RemoveHs(plain, heavy_only)
    AssignStereochemistry(plain, cleanIt=True, force=True)
    return plain


def _flat_and_neutral(fragment: Mol) -> str:
    with QUIET:
        return MolToSmiles(rdMolStandardize.Uncharger().uncharge(fragment), isomericSmiles=False)


@cache
def _common() -> frozenset[str]:
    return frozenset(_flat_and_neutral(molecule) for molecule in map(parse, COMMON) if molecule is not None)
