"""What a model of activity sees of a molecule."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from rdkit.Chem import Mol, rdFingerprintGenerator

from chemmara.oracles.descriptors import DESCRIPTORS

SIZE: Final = 2048
PROPERTIES: Final = (
    "crippen_logp", "tpsa", "molecular_weight", "heavy_atoms", "hetero_atoms", "hbd", "hba", "rotatable_bonds",
    "fraction_sp3", "rings", "aromatic_rings", "charge",
)  # fmt: skip
_COUNTS = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=SIZE)


def features(molecules: Sequence[Mol], *, properties: bool) -> np.ndarray:
    """Counts of Morgan environments (radius 2) folded to 2,048, perhaps twelve properties; (n, ...) float32."""
    counts = np.zeros((len(molecules), SIZE), dtype=np.float32)
    for row, molecule in zip(counts, molecules, strict=True):
        for bit, number in _COUNTS.GetCountFingerprint(molecule).GetNonzeroElements().items():
            row[bit] = number
    if not properties:
        return counts
    columns = [[DESCRIPTORS[name].compute(molecule) for molecule in molecules] for name in PROPERTIES]
    return np.hstack([counts, np.array(columns, dtype=np.float32).T])
