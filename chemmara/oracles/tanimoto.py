"""A Gaussian process on counts with Tanimoto's kernel, small enough to be read."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

_NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)  # variance of the noise, relative to that of the targets


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum min(x, y) / sum max(x, y) for every row x of `a` (n, d) and y of `b` (m, d), which hold counts; (n, m).

    min(x, y) of counts is the number of levels 1, 2, ... that both reach, so one sparse product a level does.
    """
    shared = np.zeros((len(a), len(b)), dtype=np.float64)
    for level in range(1, int(max(a.max(initial=0), b.max(initial=0))) + 1):
        left, right = csr_matrix(a >= level, dtype=np.float32), csr_matrix(b >= level, dtype=np.float32)
        if not (left.nnz and right.nnz):
            break
        shared += (left @ right.T).toarray()
    either = a.sum(axis=1)[:, None] + b.sum(axis=1)[None, :] - shared
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


@dataclass(frozen=True)
class TanimotoProcess:
    """Posterior mean of a Gaussian process: mean + k(x, molecules) @ weights (Rasmussen and Williams 2006, eq 2.25)."""

    counts: np.ndarray  # (n, d) float32, those learned from
    weights: np.ndarray  # (n,) float64
    mean: float

    @classmethod
    def fit(cls, counts: np.ndarray, targets: np.ndarray) -> "TanimotoProcess":
        """Noise by the largest marginal likelihood (eq 2.30) over five sizes."""
        mean, spread = float(targets.mean()), float(targets.std()) or 1.0
        residual = (targets - mean) / spread
        covariance = kernel(counts, counts)
        best, weights = -np.inf, residual
        for noise in _NOISES:
            factor = cho_factor(covariance + noise * np.eye(len(counts)), lower=True)
            solved = cho_solve(factor, residual)
            likelihood = -0.5 * residual @ solved - np.log(np.diag(factor[0])).sum()
            if likelihood > best:
                best, weights = likelihood, solved
        return cls(counts.astype(np.float32), weights * spread, mean)

    def predict(self, counts: np.ndarray) -> np.ndarray:
        """Means (n,) for counts (n, d)."""
        return self.mean + kernel(counts, self.counts) @ self.weights
