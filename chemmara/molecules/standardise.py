"""One molecule of a raw file, as a prior should learn it, or the reason for leaving it out."""

import re
from typing import Final, Literal

from pydantic import PositiveInt
from rdkit import rdBase
from rdkit.Chem import Mol
from rdkit.Chem.MolStandardize import rdMolStandardize

from chemmara.config import Strict
from chemmara.molecules.chem import canonical, parse, without_stereo
from chemmara.molecules.notation import Smiles

_ELEMENTS: Final = ("H", "B", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")


class StandardiseConfig(Strict):
    """What becomes of a molecule, and which are left out."""

    charges: Literal["neutralise", "keep"] = "neutralise"
    """Take charges off where adding or removing hydrogen can, or leave them as they are."""
    stereo: Literal["keep", "drop"] = "keep"
    """Keep stereo centres and double-bond stereo, or drop them."""
    elements: tuple[str, ...] = _ELEMENTS
    """Elements allowed."""
    min_atoms: PositiveInt = 10
    """Fewest heavy atoms."""
    max_atoms: PositiveInt = 50
    """Most heavy atoms."""
    max_length: PositiveInt = 100
    """Most SMILES tokens (a bracket atom, Cl, Br and %nn are one each)."""


def standardise(smiles: str, config: StandardiseConfig) -> tuple[str, str]:
    """Canonical SMILES of the largest fragment, and ""; or "" and the reason for leaving the molecule out."""
    molecule = parse(smiles)
    if molecule is None:
        return "", "not a molecule"
    with rdBase.BlockLogs():
        molecule = _largest_fragment(molecule) if "." in smiles else molecule
        if config.charges == "neutralise" and re.search(r"[+-]\d*\]", smiles):
            molecule = rdMolStandardize.Uncharger().uncharge(molecule)
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


def parent_fragment(molecule: Mol) -> Mol:
    """The fragment of a molecule that is its active part: what is left once counter-ions and solvents are taken off."""
    return _largest_fragment(molecule)


def _largest_fragment(molecule: Mol) -> Mol:
    return rdMolStandardize.LargestFragmentChooser().choose(molecule)
