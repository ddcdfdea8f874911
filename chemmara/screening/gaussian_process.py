"""A Gaussian process with Tanimoto's kernel (Rasmussen and Williams 2006, chapter 2)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from chemmara.screening.fingerprints import tanimoto

_NOISE: Final = 0.01  # variance of the noise, relative to that of the targets
_JITTER: Final = 1e-6


@dataclass(frozen=True)
class GaussianPosterior:
    """Mean and covariance of the values given those learned from (equations 2.25 and 2.26)."""

    bits: np.ndarray  # (n, 4096), those learned from
    factor: np.ndarray  # (n, n) lower Cholesky factor of kernel + noise
    weights: np.ndarray  # (n,)
    mean: float
    spread: float

    def predict(self, bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (n,), in the targets' unit."""
        across = tanimoto(bits, self.bits)
        explained = solve_triangular(self.factor, across.T, lower=True, check_finite=False)
        variance = np.maximum(1.0 - np.einsum("ij,ij->j", explained, explained), 0.0)
        return self.mean + self.spread * (across @ self.weights), self.spread * np.sqrt(variance)

    def draw(self, bits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One draw (n,) from the joint posterior."""
        across = tanimoto(bits, self.bits)
        explained = solve_triangular(self.factor, across.T, lower=True, check_finite=False)
        covariance = tanimoto(bits, bits) - explained.T @ explained
        root = cholesky(covariance + _JITTER * np.eye(len(bits)), lower=True, check_finite=False)
        return self.mean + self.spread * (across @ self.weights + root @ rng.standard_normal(len(bits)))


class GaussianProcess:
    """Fits the process; what it computed of the kernel for the same molecules before is used again."""

    def __init__(self) -> None:
        self._bits = np.zeros((0, 0), dtype=np.uint8)
        self._kernel = np.zeros((0, 0))

    def fit(self, bits: np.ndarray, targets: np.ndarray) -> GaussianPosterior:
        """Targets (n,) are standardised; the noise is 0.01 of their variance."""
        mean, spread = float(targets.mean()), float(targets.std()) or 1.0
        self._kernel, self._bits = self._extended(bits), bits
        noisy = self._kernel + _NOISE * np.eye(len(bits))
        factor = cholesky(noisy, lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve((factor, True), (targets - mean) / spread, check_finite=False)
        return GaussianPosterior(bits, factor, weights, mean, spread)

    def _extended(self, bits: np.ndarray) -> np.ndarray:
        """The kernel of these rows, of which those known from the last fit are copied: to the bit the same numbers."""
        places = {row.tobytes(): place for place, row in enumerate(self._bits)}
        before = np.array([places.get(row.tobytes(), -1) for row in bits])
        known, new = np.flatnonzero(before >= 0), np.flatnonzero(before < 0)
        kernel = np.empty((len(bits), len(bits)))
        kernel[np.ix_(known, known)] = self._kernel[np.ix_(before[known], before[known])]
        if len(new):
            kernel[new] = tanimoto(bits[new], bits)
            kernel[:, new] = kernel[new].T
        return kernel
