"""A map on which molecules that resemble each other lie near each other."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from rdkit.Chem import Mol

from chemmara.molecules.fingerprint_blocks import packed_fingerprints

MOST: Final = 2_000
"""Molecules on a map; more take longer than they tell."""
_FEWEST: Final = 5
_DIMENSIONS: Final = 50  # of the principal components that t-SNE begins with
_NEIGHBOURS: Final = 30.0  # t-SNE's perplexity


def mapped(molecules: Sequence[Mol]) -> np.ndarray | None:
    """Places (n, 2), 0 to 1, of molecules by t-SNE; None below five, or where all are alike.

    t-SNE (van der Maaten & Hinton 2008) of the first 50 principal components of Morgan fingerprints, radius 2, 2048
    bits; perplexity 30, or less for few molecules. Near neighbours mean likeness, far distances mean little. The same
    molecules have the same map on the same kind of processor.
    """
    if len(molecules) < _FEWEST:
        return None
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    bits = np.unpackbits(packed_fingerprints(molecules), axis=1).astype(np.float32)
    if not (bits != bits[0]).any():
        return None
    solver = PCA(min(_DIMENSIONS, len(molecules) - 1), svd_solver="randomized", random_state=0)
    perplexity = min(_NEIGHBOURS, (len(molecules) - 1) / 3)
    places = TSNE(2, init="pca", random_state=0, perplexity=perplexity, max_iter=500).fit_transform(
        solver.fit_transform(bits)
    )
    low, high = places.min(axis=0), places.max(axis=0)
    return (places - low) / np.maximum(high - low, 1e-9)
