"""Gobbi's 2D pharmacophore fingerprint, bit for bit RDKit's, some ten times sooner."""

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from rdkit.Chem import Mol, rdmolops
from rdkit.Chem.Pharm2D import Gobbi_Pharm2D
from rdkit.DataStructs import SparseBitVect

_NEAREST, _FARTHEST = 2, 100  # bonds: the ends of Gobbi's distance bins


@cache
def _families() -> tuple[str, ...]:
    return tuple(Gobbi_Pharm2D.factory.GetFeatFamilies())


@cache
def _bit(families: tuple[int, ...], distances: tuple[int, ...]) -> int:
    """RDKit's own numbering of a pair or triangle, looked up once for each."""
    return int(Gobbi_Pharm2D.factory.GetBitIdx(list(families), list(distances), sortIndices=False))


def gobbi(molecule: Mol) -> SparseBitVect:
    """Which pairs and triangles of pharmacophoric points a molecule has, by the bonds between them; 39,972 bits.

    As `Pharm2D.Generate.Gen2DFingerprint(molecule, Gobbi_Pharm2D.factory)` gives it. That goes through every
    combination of features for each of 156 kinds of pair and triangle; here each combination of points is met once.
    Every one of Gobbi's features is a single atom (Gobbi and Poppinger 1998), which the distances rely on.
    """
    features: Any = Gobbi_Pharm2D.factory.featFactory  # type: ignore[attr-defined]
    points = [
        (number, feature.GetAtomIds()[0])
        for number, family in enumerate(_families())
        for feature in features.GetFeaturesForMol(molecule, includeOnly=family)
    ]
    points = sorted(set(points))
    kinds = [kind for kind, _ in points]
    atoms = [atom for _, atom in points]
    bonds = rdmolops.GetDistanceMatrix(molecule)[np.ix_(atoms, atoms)] if atoms else np.zeros((0, 0))
    bonds = np.where((bonds >= _NEAREST) & (bonds < _FARTHEST), bonds, 0).astype(int).tolist()
    found = set()
    for i, j in combinations(range(len(points)), 2):
        near = bonds[i][j]
        if not near:
            continue
        found.add(_bit((kinds[i], kinds[j]), (near,)))
        from_i, from_j = bonds[i], bonds[j]
        for k in range(j + 1, len(points)):
            if from_i[k] and from_j[k]:
                found.add(_bit((kinds[i], kinds[j], kinds[k]), (near, from_i[k], from_j[k])))
    bits = SparseBitVect(Gobbi_Pharm2D.factory.GetSigSize())
    bits.SetBitsFromList(sorted(found))
    return bits
