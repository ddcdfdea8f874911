"""An oracle in Python: a function of RDKit molecules, or a class that is made with settings."""

from rdkit.Chem import Mol


def carbon_share(molecules: list[Mol]) -> list[float]:
    """Carbons as a share of the heavy atoms."""
    return [_carbons(molecule) / molecule.GetNumHeavyAtoms() for molecule in molecules]


class ShareOf:
    """Atoms of one element as a share of the heavy atoms."""

    def __init__(self, element: str) -> None:
        self.element = element

    def __call__(self, molecules: list[Mol]) -> list[float]:
        """One value a molecule; raise, or give NaN, where there is none."""
        return [_count(molecule, self.element) / molecule.GetNumHeavyAtoms() for molecule in molecules]


def _carbons(molecule: Mol) -> int:
    return _count(molecule, "C")


def _count(molecule: Mol, element: str) -> int:
    return sum(atom.GetSymbol() == element for atom in molecule.GetAtoms())
