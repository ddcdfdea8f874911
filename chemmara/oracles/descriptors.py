"""Properties that RDKit computes from a molecule's graph: a table of them, and the oracle that looks one up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from rdkit.Chem import QED, Crippen, Descriptors, HybridizationType, Mol, SpacialScore, rdMolDescriptors, rdmolops

from chemmara.oracles.contributed import np_score, sa_score


@dataclass(frozen=True)
class Descriptor:
    """One row of the table: how a property is computed, what it means and which values it takes."""

    compute: Callable[[Mol], float]
    definition: str
    unit: str = ""
    low: float = 0.0
    high: float = inf
    cost: float = 0.1  # about, milliseconds a molecule


def _hybrid(kind: HybridizationType) -> Callable[[Mol], float]:
    return lambda molecule: sum(
        atom.GetAtomicNum() > 1 and atom.GetHybridization() == kind for atom in molecule.GetAtoms()
    )


def _longest_path(molecule: Mol) -> float:
    bonds = rdmolops.GetDistanceMatrix(molecule)
    return float(bonds[bonds < molecule.GetNumAtoms()].max())  # fragments lie 1e8 bonds apart


def _largest_ring(molecule: Mol) -> float:
    return max((len(ring) for ring in molecule.GetRingInfo().AtomRings()), default=0)


_untyped: Any = (Crippen, Descriptors, QED, SpacialScore)
_crippen, _descriptors, _qed, _spacial = _untyped

DESCRIPTORS: Final[dict[str, Descriptor]] = {
    "qed": Descriptor(_qed.qed, "quantitative estimate of drug-likeness (Bickerton 2012)", high=1.0, cost=2.0),
    "sa_score": Descriptor(
        sa_score, "synthetic accessibility, 1 easy to 10 hard (Ertl 2009)", low=1.0, high=10.0, cost=0.4
    ),
    "np_score": Descriptor(
        np_score, "likeness to natural products, about -5 to 5 (Ertl 2008)", low=-inf, high=inf, cost=0.3
    ),
    "spacial_score": Descriptor(
        _spacial.SPS, "spacial score, complexity a heavy atom (Krzyzanowski 2023)", low=0.0, cost=1.0
    ),
    "crippen_logp": Descriptor(
        _crippen.MolLogP, "octanol-water partition coefficient, log10 (Wildman-Crippen 1999)", low=-inf, cost=0.2
    ),
    "tpsa": Descriptor(rdMolDescriptors.CalcTPSA, "topological polar surface area (Ertl 2000)", "square angstrom"),
    "molecular_weight": Descriptor(_descriptors.MolWt, "average molecular weight, hydrogens included", "g/mol"),
    "heavy_atoms": Descriptor(Mol.GetNumHeavyAtoms, "atoms other than hydrogen"),
    "hetero_atoms": Descriptor(rdMolDescriptors.CalcNumHeteroatoms, "atoms other than carbon and hydrogen"),
    "hbd": Descriptor(rdMolDescriptors.CalcNumHBD, "hydrogen-bond donors"),
    "hba": Descriptor(rdMolDescriptors.CalcNumHBA, "hydrogen-bond acceptors"),
    "rotatable_bonds": Descriptor(
        rdMolDescriptors.CalcNumRotatableBonds, "rotatable bonds (RDKit's strict definition)", cost=0.2
    ),
    "fraction_sp3": Descriptor(
        rdMolDescriptors.CalcFractionCSP3, "carbons that are sp3, as a share of all carbons", high=1.0
    ),
    "sp_atoms": Descriptor(_hybrid(HybridizationType.SP), "heavy atoms with sp hybridisation"),
    "sp2_atoms": Descriptor(_hybrid(HybridizationType.SP2), "heavy atoms with sp2 hybridisation"),
    "sp3_atoms": Descriptor(_hybrid(HybridizationType.SP3), "heavy atoms with sp3 hybridisation"),
    "rings": Descriptor(rdMolDescriptors.CalcNumRings, "rings of the smallest set of smallest rings"),
    "aromatic_rings": Descriptor(rdMolDescriptors.CalcNumAromaticRings, "aromatic rings"),
    "aliphatic_rings": Descriptor(rdMolDescriptors.CalcNumAliphaticRings, "rings with a bond that is not aromatic"),
    "largest_ring": Descriptor(_largest_ring, "atoms of the largest ring; 0 without rings"),
    "stereo_centres": Descriptor(
        rdMolDescriptors.CalcNumAtomStereoCenters, "atoms that are stereo centres, assigned or not", cost=0.2
    ),
    "charge": Descriptor(rdmolops.GetFormalCharge, "formal charge of the molecule", "elementary charge", low=-inf),
    "longest_path": Descriptor(_longest_path, "bonds between the two atoms that lie farthest apart", "bonds"),
}
"""Every property that `oracle = "<name>"` may name. (RDKit's 217 others: `oracle = "descriptor"`.)"""

if TYPE_CHECKING:
    DescriptorName = str
    RdkitName = str
else:
    DescriptorName = Literal[tuple(DESCRIPTORS)]
    RdkitName = Literal[tuple(name for name, _ in Descriptors.descList)]


@dataclass(frozen=True)
class DescriptorOracle:
    """Looks one property up in the table, molecule by molecule.

    >>> from chemmara.molecules.chem import parse
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


@dataclass(frozen=True)
class RdkitDescriptor:
    """Any descriptor of RDKit's own list, by RDKit's name.

    >>> from chemmara.molecules.chem import parse
    >>> RdkitDescriptor("NumSaturatedRings")([parse("C1CC1")])
    array([1.])
    """

    name: RdkitName
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        compute = dict(Descriptors.descList)[self.name]
        return np.array([compute(molecule) for molecule in molecules], dtype=float)
