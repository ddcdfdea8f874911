"""A Gaussian process on what atoms and environments molecules share and how near their properties are.

Rasmussen and Williams 2006, chapter 2; the kernel is 0.4 x Tanimoto similarity of counts + 0.6 x a Gaussian of the
distance between the properties, of which two standard deviations are the width (docs/lab-notes.md, 2026-11-26).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.sparse import csr_array

from chemmara.screening.features import Features, Scale, closeness, tanimoto

_SHARED: Final = 0.4  # weight of the Tanimoto similarity; the properties have the rest
_WIDTH: Final = 2.0  # in standard deviations of the properties
_NOISE: Final = 0.01  # variance of the noise, relative to that of the targets
_JITTER: Final = 1e-6
_BLOCK: Final = 250  # rows of the kernel that are computed at once


@dataclass(frozen=True)
class GaussianPosterior:
    """Mean and covariance of the values given those learned from (equations 2.25 and 2.26)."""

    known: Features  # those learned from
    scale: Scale
    factor: np.ndarray  # (n, n) lower Cholesky factor of kernel + noise
    weights: np.ndarray  # (n,)
    mean: float
    spread: float

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (n,), in the targets' unit."""
        across, explained = self._explained(features)
        variance = np.maximum(1.0 - np.einsum("ij,ij->j", explained, explained), 0.0)
        return self.mean + self.spread * (across @ self.weights), self.spread * np.sqrt(variance)

    def draw(self, features: Features, rng: np.random.Generator) -> np.ndarray:
        """One draw (n,) from the joint posterior."""
        across, explained = self._explained(features)
        covariance = self._kernel(features, features) - explained.T @ explained
        root = cholesky(covariance + _JITTER * np.eye(len(features)), lower=True, check_finite=False)
        return self.mean + self.spread * (across @ self.weights + root @ rng.standard_normal(len(features)))

    def _explained(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """The kernel to those learned from (n, m), and its part of the covariance as a root (m, n)."""
        across = self._kernel(features, self.known)
        return across, solve_triangular(self.factor, across.T, lower=True, check_finite=False)

    def _kernel(self, a: Features, b: Features) -> np.ndarray:
        return _mixed(tanimoto(a.bits, b.bits), self.scale(a), self.scale(b))


class GaussianProcess:
    """Fits the process; the similarities that it computed for the same molecules before are used again."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}  # of the rows of bits learned from last
        self._similarity = np.zeros((0, 0), dtype=np.float32)

    def fit(self, features: Features, targets: np.ndarray) -> GaussianPosterior:
        """Targets (n,) are standardised; the noise is 0.01 of their variance."""
        mean, spread = float(targets.mean()), float(targets.std()) or 1.0
        self._similarity = self._extended(features.bits)
        scale = Scale.of(features)
        noisy = _upper(self._similarity, scale(features))
        noisy[np.diag_indices(len(features))] += _NOISE
        factor = cholesky(noisy.T, lower=True, overwrite_a=True, check_finite=False)  # turned round, it is not copied
        weights = cho_solve((factor, True), (targets - mean) / spread, check_finite=False)
        return GaussianPosterior(features, scale, factor, weights, mean, spread)

    def _extended(self, bits: csr_array) -> np.ndarray:
        """Similarities of these rows, of which those known from the last fit are copied: to the bit the same."""
        texts = [row.tobytes() for row in np.split(bits.indices, bits.indptr[1:-1])]
        before = np.array([self._places.get(text, -1) for text in texts])
        self._places = {text: place for place, text in enumerate(texts)}
        new = np.flatnonzero(before < 0)
        if len(new) == len(texts):
            return tanimoto(bits, bits)
        kernel = self._similarity.take(before, axis=0, mode="clip").take(before, axis=1, mode="clip")
        if len(new):  # what was taken for them is any row; it is written over
            kernel[new] = tanimoto(bits[new], bits)
            kernel[:, new] = kernel[new].T
        return kernel


def _upper(similarity: np.ndarray, scaled: np.ndarray) -> np.ndarray:
    """The kernel (n, n) among molecules, float64: its upper triangle, and what of the lower its blocks hold; 0 beyond.

    The factor is made of a triangle, and half of a kernel takes half the time.
    """
    kernel = np.zeros(similarity.shape)
    for start in range(0, len(scaled), _BLOCK):
        rows = slice(start, start + _BLOCK)
        kernel[rows, start:] = _mixed(similarity[rows, start:], scaled[rows], scaled[start:])
    return kernel


def _mixed(similarity: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The kernel (n, m), float64, from similarities (n, m) and scaled properties (n, k) and (m, k)."""
    kernel = closeness(a, b, _WIDTH)
    kernel *= 1.0 - _SHARED
    kernel += _SHARED * similarity
    return kernel.astype(np.float64)
