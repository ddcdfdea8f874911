"""Bayesian linear regression on counts as bits and properties: a Gaussian process whose kernel is their product."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from chemmara.screening.features import Features, Scale

_NOISE: Final = 0.1  # variance of the noise, relative to that of the targets
_JITTER: Final = 1e-6


@dataclass(frozen=True)
class LinearPosterior:
    """Mean and covariance of a linear function of bits and properties."""

    columns: np.ndarray  # (n, k) float32, those learned from, centred and scaled
    properties: Scale
    centre: np.ndarray  # (k,)
    scale: float
    factor: np.ndarray  # (n, n)
    weights: np.ndarray  # (n,)
    mean: float
    spread: float

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (n,), in the targets' unit."""
        own, across, explained = self._explained(features)
        prior = np.einsum("ij,ij->i", own, own).astype(np.float64)
        variance = np.maximum(prior - np.einsum("ij,ij->j", explained, explained), 0.0)
        return self.mean + self.spread * (across @ self.weights), self.spread * np.sqrt(variance)

    def draw(self, features: Features, rng: np.random.Generator) -> np.ndarray:
        """One draw (n,) from the joint posterior."""
        own, across, explained = self._explained(features)
        covariance = (own @ own.T).astype(np.float64) - explained.T @ explained
        root = cholesky(covariance + _JITTER * np.eye(len(own)) * np.trace(covariance), lower=True, check_finite=False)
        return self.mean + self.spread * (across @ self.weights + root @ rng.standard_normal(len(own)))

    def _explained(self, features: Features) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns (n, k), products with those learned from (n, m), their part of the covariance as a root (m, n)."""
        own = (_columns(features, self.properties) - self.centre) * self.scale
        across = (own @ self.columns.T).astype(np.float64)
        return own, across, solve_triangular(self.factor, across.T, lower=True, check_finite=False)


class BayesianLinear:
    """Fits the regression in its dual form, which is quicker for fewer molecules than bits."""

    def fit(self, features: Features, targets: np.ndarray) -> LinearPosterior:
        """Columns are centred, and scaled so that a molecule's value varies by one on average; targets standardised."""
        mean, spread = float(targets.mean()), float(targets.std()) or 1.0
        properties = Scale.of(features)
        own = _columns(features, properties)
        centre = own.mean(axis=0)
        own -= centre
        scale = float(1.0 / np.sqrt(np.einsum("ij,ij->", own, own) / len(own)) or 1.0)
        own *= scale
        factor = cholesky((own @ own.T).astype(np.float64) + _NOISE * np.eye(len(own)), lower=True, check_finite=False)
        weights = cho_solve((factor, True), (targets - mean) / spread, check_finite=False)
        return LinearPosterior(own, properties, centre, scale, factor, weights, mean, spread)


def _columns(features: Features, properties: Scale) -> np.ndarray:
    return np.hstack([features.bits.toarray(), properties(features)], dtype=np.float32)
