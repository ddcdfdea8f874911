"""How different the molecules of a set are. docs/metrics.md repeats these definitions with their sources."""

from collections.abc import Sequence

import numpy as np
from rdkit import DataStructs
from rdkit.SimDivFilters.rdSimDivPickers import LeaderPicker

from chemmara.molecules.chem import fingerprint, generic_scaffold, parse, scaffold

_BITS = 2048
_BLOCK = 512  # rows of the similarity matrix held at a time: 512 x 100,000 floats are 200 MB


def scaffolds(smiles: Sequence[str]) -> set[str]:
    """Distinct Bemis-Murcko scaffolds; all acyclic molecules count as one, the empty scaffold."""
    return {scaffold(molecule) for molecule in map(parse, smiles) if molecule is not None}


def generic_scaffolds(smiles: Sequence[str]) -> set[str]:
    """Distinct Bemis-Murcko frameworks: scaffolds with every atom carbon and every bond single."""
    return {generic_scaffold(molecule) for molecule in map(parse, smiles) if molecule is not None}


def fingerprints(smiles: Sequence[str]) -> np.ndarray:
    """Morgan fingerprints (n, 2048) as 0/1 float32; every SMILES must be valid."""
    rows = np.zeros((len(smiles), _BITS), dtype=np.float32)
    for row, molecule in zip(rows, map(parse, smiles), strict=True):
        if molecule is None:
            raise ValueError("a SMILES is not a molecule; leave invalid ones out first")
        DataStructs.ConvertToNumpyArray(fingerprint(molecule), row)
    return rows


def internal_diversity(smiles: Sequence[str]) -> float:
    """IntDiv1: mean Tanimoto distance over all pairs of different rows (Morgan 2, 2048 bits); NaN below two.

    Not a figure to rank methods by when it stands alone: a hundred near-copies of two molecules score well.
    """
    n = len(smiles)
    if n < 2:  # noqa: PLR2004 - a pair
        return float("nan")
    bits = fingerprints(smiles)
    counts = bits.sum(axis=1)
    total = 0.0
    for first in range(0, n, _BLOCK):
        block = bits[first : first + _BLOCK]
        common = block @ bits.T
        union = counts[first : first + _BLOCK, None] + counts - common
        # Without atoms' environments (never for a real molecule) two fingerprints would be equal, hence similar.
        total += float(np.divide(common, union, out=np.ones_like(common), where=union > 0).sum(dtype=np.float64))
    return 1.0 - (total - n) / (n * (n - 1))


def circles(smiles: Sequence[str], distance: float = 0.75) -> int:
    """#Circles: molecules picked greedily, in the given order, each farther than `distance` from all picked before.

    Source: arXiv 2210.12759. Tanimoto distance of Morgan 2, 2048 bits. A lower bound of the largest such set; put the
    best molecules first.
    """
    vectors = [fingerprint(molecule) for molecule in map(parse, smiles) if molecule is not None]
    if not vectors:
        return 0
    # The picker leaves out what lies nearer than the threshold; ours leaves out what lies as near as it, too.
    return len(LeaderPicker().LazyBitVectorPick(vectors, len(vectors), np.nextafter(distance, 1.0)))
