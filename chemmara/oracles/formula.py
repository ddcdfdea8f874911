"""Nearness to a molecular formula, as the isomer tasks of GuacaMol and PMO count it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rdkit.Chem import Mol

from chemmara.molecules.chem import given_smiles

_ELEMENT = re.compile(r"([A-Z][a-z]*)(\d*)")

AtomCount = Literal["atoms", "atoms-and-dummies", "smiles-text"]


def elements(text: str) -> Counter[str]:
    """Atoms of each element of a formula.

    >>> elements("C7H8N2O2")["H"]
    8
    """
    counts: Counter[str] = Counter()
    for element, number in _ELEMENT.findall(text):
        counts[element] += int(number) if number else 1
    return counts


def _atoms(molecule: Mol) -> Counter[str]:
    """Atoms of each element, hydrogens included; dummies under "*"."""
    counts: Counter[str] = Counter()
    for atom in molecule.GetAtoms():
        counts[atom.GetSymbol()] += 1
        counts["H"] += atom.GetTotalNumHs()
    return counts


@dataclass(frozen=True)
class Isomer:
    """Geometric mean of exp(-(n - wanted)^2 / 2) over the formula's elements and exp(-(N - all wanted)^2 / 8).

    n counts the atoms of an element, N those of the molecule: all but dummies (`atoms`, as PyTDC since 0.3.7), dummies
    too (`atoms-and-dummies`, as GuacaMol), or what the formula's pattern finds in the SMILES text (`smiles-text`, as
    the older PyTDC behind PMO's published tables: wrong, kept to be compared with).
    """

    formula: str
    count: AtomCount = "atoms"
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Nearness of each molecule (n,)."""
        return np.array([self._nearness(molecule) for molecule in molecules], dtype=float)

    def _nearness(self, molecule: Mol) -> float:
        wanted, found = elements(self.formula), _atoms(molecule)
        exponents = [0.5 * (found[element] - number) ** 2 for element, number in wanted.items()]
        exponents.append(0.125 * (self._total(molecule, found) - wanted.total()) ** 2)
        # Each part by itself, then their mean: a part that underflows to 0 makes the whole 0, as in the references.
        parts = np.exp(-np.array(exponents))
        return float(np.prod(parts ** (1 / len(parts))))

    def _total(self, molecule: Mol, found: Counter[str]) -> int:
        if self.count == "smiles-text":
            return elements(given_smiles(molecule)).total()
        return found.total() - (found["*"] if self.count == "atoms" else 0)
