"""Surrogates: models of a value, from the molecules measured so far, with what they do not know."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import numpy as np

from chemmara.oracles.python import contents_of
from chemmara.screening.features import Features
from chemmara.screening.forest import RandomForest
from chemmara.screening.gaussian_process import GaussianProcess
from chemmara.screening.linear import BayesianLinear
from chemmara.screening.own import OwnSurrogate, refuse_no_surrogate


class Posterior(Protocol):
    """What a fitted surrogate says of molecules."""

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (n,), of n molecules."""
        ...

    def draw(self, features: Features, rng: np.random.Generator) -> np.ndarray:
        """One joint draw (n,) of the values of these molecules."""
        ...


class Surrogate(Protocol):
    """Learns a value of molecules."""

    def fit(self, features: Features, targets: np.ndarray) -> Posterior:
        """Learn from n molecules and targets (n,), without NaN."""
        ...


SURROGATES: Final[dict[str, Callable[[], Surrogate]]] = {
    "gaussian-process": GaussianProcess,
    "random-forest": RandomForest,
    "linear": BayesianLinear,
}


def surrogate_of(name: str) -> Callable[[], Surrogate]:
    """What makes a bundled surrogate, or one of the user's own class as its file is now; ChemmaraError for none."""
    if name in SURROGATES:
        return SURROGATES[name]
    contents = contents_of(name)
    refuse_no_surrogate(name, contents)
    return partial(OwnSurrogate, name, contents)
