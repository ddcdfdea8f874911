"""Properties of a molecule's shape in space: volume, moments of inertia, likeness to a reference's shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Final, Literal
from weakref import WeakKeyDictionary

import numpy as np
from rdkit.Chem import AddHs, Mol, RemoveHs, rdDistGeom, rdMolDescriptors, rdShapeAlign
from rdkit.Chem.AllChem import ComputeMolVolume
from rdkit.Chem.rdForceFieldHelpers import MMFFHasAllMoleculeParams, MMFFOptimizeMoleculeConfs

from chemmara.molecules.chem import parse
from chemmara.molecules.quiet import QUIET


@dataclass(frozen=True)
class SpatialRow:
    """One property of a conformer."""

    compute: Callable[[Mol], float]
    definition: str
    unit: str = ""
    high: float = inf


SPATIAL: Final[dict[str, SpatialRow]] = {
    "volume": SpatialRow(ComputeMolVolume, "van der Waals volume", "cubic angstrom"),
    "pmi1": SpatialRow(rdMolDescriptors.CalcPMI1, "smallest principal moment of inertia", "g/mol square angstrom"),
    "pmi2": SpatialRow(rdMolDescriptors.CalcPMI2, "middle principal moment of inertia", "g/mol square angstrom"),
    "pmi3": SpatialRow(rdMolDescriptors.CalcPMI3, "largest principal moment of inertia", "g/mol square angstrom"),
    "npr1": SpatialRow(rdMolDescriptors.CalcNPR1, "pmi1 / pmi3: 0 rod, 0.5 disc, 1 sphere", high=1.0),
    "npr2": SpatialRow(rdMolDescriptors.CalcNPR2, "pmi2 / pmi3: 1 rod, 0.5 disc, 1 sphere", high=1.0),
}
"""Every property that `oracle = "<name>"` computes from a conformer."""

if TYPE_CHECKING:
    SpatialName = str
else:
    SpatialName = Literal[tuple(SPATIAL)]

_embedded: WeakKeyDictionary[Mol, dict[tuple[int, int], Mol]] = WeakKeyDictionary()  # goes with the molecule


def conformers(molecule: Mol, number: int, seed: int) -> Mol:
    """A copy with hydrogens and `number` ETKDGv3 conformers relaxed by MMFF94; ValueError where none can be made."""
    made = _embedded.setdefault(molecule, {})
    if (number, seed) not in made:
        with QUIET:
            copy = AddHs(molecule)
            settings = rdDistGeom.ETKDGv3()
            settings.randomSeed = seed
            if not len(rdDistGeom.EmbedMultipleConfs(copy, number, settings)):
                settings.useRandomCoords = True
                rdDistGeom.EmbedMultipleConfs(copy, number, settings)
            if not copy.GetNumConformers():
                raise ValueError("no conformer could be made")
            if MMFFHasAllMoleculeParams(copy):
                MMFFOptimizeMoleculeConfs(copy)
        made[number, seed] = copy
    return made[number, seed]


@dataclass(frozen=True)
class SpatialOracle:
    """One property of a seeded conformer."""

    name: SpatialName
    seed: int = 42
    low: float = 0.0

    @property
    def high(self) -> float:
        """Largest value of the property."""
        return SPATIAL[self.name].high

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        compute = SPATIAL[self.name].compute
        return np.array([compute(conformers(molecule, 1, self.seed)) for molecule in molecules], dtype=float)


@cache
def _reference(smiles: str, number: int, seed: int) -> Mol:
    molecule = parse(smiles)
    assert molecule is not None  # noqa: S101 - refused when the objective was read
    return RemoveHs(conformers(molecule, number, seed))


@dataclass(frozen=True)
class ShapeSimilarity:
    """Shape Tanimoto to a reference: volume shared over volume of both, best over the pairs of conformers; 0 to 1.

    Aligned by RDKit's ShapeAlign (PubChem shape), which optimises the shape's overlap; `colour` is the weight of the
    overlap of pharmacophoric features in what is optimised and in the value.
    """

    reference: str  # SMILES
    conformers: int = 5
    colour: float = 0.0
    seed: int = 42
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Similarities (n,)."""
        return np.array([self._best_overlap(molecule) for molecule in molecules], dtype=float)

    def _best_overlap(self, molecule: Mol) -> float:
        reference = _reference(self.reference, self.conformers, self.seed)
        probe = RemoveHs(conformers(molecule, self.conformers, self.seed))
        best = 0.0
        for here in reference.GetConformers():
            for there in probe.GetConformers():
                shape, colour = rdShapeAlign.AlignMol(
                    reference,
                    Mol(probe),
                    refConfId=here.GetId(),
                    probeConfId=there.GetId(),
                    useColors=self.colour > 0,
                    opt_param=1.0 - self.colour,
                )
                best = max(best, (1.0 - self.colour) * shape + self.colour * colour)
        return min(best, 1.0)
