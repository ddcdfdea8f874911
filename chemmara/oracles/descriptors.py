"""Properties that RDKit computes from a molecule's graph: a table of them, and the oracle that looks one up."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from rdkit import RDConfig
from rdkit.Chem import QED, Crippen, Descriptors, Mol, rdMolDescriptors


@dataclass(frozen=True)
class Descriptor:
    """One row of the table: how a property is computed, what it means and which values it takes."""

    compute: Callable[[Mol], float]
    definition: str
    unit: str = ""
    low: float = 0.0
    high: float = inf


@cache
def _sascorer() -> Any:
    """RDKit's SA_Score, which its wheel ships among the contributions."""
    folder = str(Path(RDConfig.RDContribDir) / "SA_Score")
    sys.path.append(folder)
    try:
        import sascorer  # type: ignore[import-not-found]
    finally:
        sys.path.remove(folder)
    return sascorer


def _synthetic_accessibility(molecule: Mol) -> float:
    return float(_sascorer().calculateScore(molecule))


_qed: Callable[[Mol], float] = QED.qed  # type: ignore[assignment]
_crippen: Callable[[Mol], float] = Crippen.MolLogP  # type: ignore[attr-defined]
_weight: Callable[[Mol], float] = Descriptors.MolWt  # type: ignore[attr-defined]

DESCRIPTORS: Final[dict[str, Descriptor]] = {
    "qed": Descriptor(_qed, "quantitative estimate of drug-likeness (Bickerton 2012)", high=1.0),
    "crippen_logp": Descriptor(_crippen, "octanol-water partition coefficient, log10 (Wildman-Crippen 1999)", low=-inf),
    "molecular_weight": Descriptor(_weight, "average molecular weight, hydrogens included", "g/mol"),
    "tpsa": Descriptor(rdMolDescriptors.CalcTPSA, "topological polar surface area (Ertl 2000)", "square angstrom"),
    "sa_score": Descriptor(
        _synthetic_accessibility, "synthetic accessibility, 1 easy to 10 hard (Ertl 2009)", low=1.0, high=10.0
    ),
    "heavy_atoms": Descriptor(Mol.GetNumHeavyAtoms, "atoms other than hydrogen"),
    "rings": Descriptor(rdMolDescriptors.CalcNumRings, "rings of the smallest set of smallest rings"),
    "aromatic_rings": Descriptor(rdMolDescriptors.CalcNumAromaticRings, "aromatic rings"),
    "hbd": Descriptor(rdMolDescriptors.CalcNumHBD, "hydrogen-bond donors"),
    "hba": Descriptor(rdMolDescriptors.CalcNumHBA, "hydrogen-bond acceptors"),
    "rotatable_bonds": Descriptor(
        rdMolDescriptors.CalcNumRotatableBonds, "rotatable bonds (RDKit's strict definition)"
    ),
}
"""Every property that `oracle = "<name>"` may ask for."""

DescriptorName = Literal[
    "qed", "crippen_logp", "molecular_weight", "tpsa", "sa_score", "heavy_atoms", "rings", "aromatic_rings",
    "hbd", "hba", "rotatable_bonds",
]  # fmt: skip


@dataclass(frozen=True)
class DescriptorOracle:
    """Looks one property up in the table, molecule by molecule.

    >>> from chemmara.chem import parse
    >>> DescriptorOracle("rings")([parse("c1ccccc1"), parse("CC")])
    array([1., 0.])
    """

    name: DescriptorName

    @property
    def low(self) -> float:
        """Smallest value of the property."""
        return DESCRIPTORS[self.name].low

    @property
    def high(self) -> float:
        """Largest value of the property."""
        return DESCRIPTORS[self.name].high

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        compute = DESCRIPTORS[self.name].compute
        return np.array([compute(molecule) for molecule in molecules], dtype=float)
