"""Surrogates and acquisitions in the user's own Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.oracles.python import load_object, users_code
from chemmara.screening.features import Features


def refuse_no_surrogate(call: str, contents: str) -> None:
    """ChemmaraError where a call is no class of the user's with `fit` and `predict`, or none of it can be made."""
    if not callable(load_object(call, contents)):
        raise ChemmaraError(f"{call}: is no surrogate: a class is needed")
    model = _made(call, contents)
    if missing := [name for name in ("fit", "predict") if not callable(getattr(model, name, None))]:
        raise ChemmaraError(f"{call}: is no surrogate: it has no {' and no '.join(missing)}")


@dataclass(frozen=True)
class OwnPosterior:
    """What the user's model says of molecules, once it has learned."""

    call: str
    model: Any

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations, each (n,); ChemmaraError for anything else, and where the code fails."""
        with users_code(self.call, "its predict failed"):
            answer = self.model.predict(features.smiles.tolist())
            try:
                means, spreads = answer
            except (TypeError, ValueError):
                raise ChemmaraError(f"{self.call}: its predict has to give means, and standard deviations") from None
        means = _numbers(self.call, "means", means, len(features))
        spreads = _numbers(self.call, "standard deviations", spreads, len(features))
        if (spreads < 0).any():
            raise ChemmaraError(f"{self.call}: its predict gave a standard deviation below 0 ({spreads.min():g})")
        return means, spreads

    def draw(self, features: Features, rng: np.random.Generator) -> np.ndarray:
        """One draw of the values (n,), each by itself: the model says nothing of how they hang together."""
        means, spreads = self.predict(features)
        return means + spreads * rng.standard_normal(len(means))


@dataclass(frozen=True)
class OwnSurrogate:
    """A class in the user's Python, of which a new object learns in every step, so that a run is resumed exactly.

    Its `fit(smiles, values)` learns from a list of n canonical SMILES and values (n,); its `predict(smiles)` gives
    means and standard deviations, each (n,).
    """

    call: str
    contents: str  # of its file when the run began: a change does not reach into it

    def fit(self, features: Features, targets: np.ndarray) -> OwnPosterior:
        """Learn from n molecules and targets (n,); ChemmaraError where the user's code fails."""
        model = _made(self.call, self.contents)
        with users_code(self.call, "its fit failed"):
            model.fit(features.smiles.tolist(), targets.copy())
        return OwnPosterior(self.call, model)


def own_acquisition(
    call: str, contents: str
) -> Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]:
    """A function in the user's Python: preferences (n,) for means, standard deviations, hit threshold, generator.

    ChemmaraError where there is no such function.
    """
    if not callable(load_object(call, contents)):
        raise ChemmaraError(f"{call}: is no acquisition: a function is needed")

    def preference(means: np.ndarray, spreads: np.ndarray, threshold: float, rng: np.random.Generator) -> np.ndarray:
        with users_code(call, "failed"):
            answer = load_object(call, contents)(means.copy(), spreads.copy(), threshold, rng)
        return _numbers(call, "preferences", answer, len(means))

    return preference


def _made(call: str, contents: str) -> Any:
    """A new object of the user's class, of a file with these contents."""
    with users_code(call, "cannot be made"):
        return load_object(call, contents)()


def _numbers(call: str, what: str, values: Any, count: int) -> np.ndarray:
    """Values (an array, a list, a tensor) as numbers (n,); ChemmaraError where there are others, or not as many."""
    with users_code(call, f"{what} have to be numbers"):
        plain = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
        if plain.dtype.kind == "c":
            raise ChemmaraError(f"{call}: {what} have to be real numbers")
        numbers = plain.astype(float)
    if numbers.shape != (count,):
        raise ChemmaraError(f"{call}: {count} {what} are needed, of shape ({count},); it gave {numbers.shape}")
    if not np.isfinite(numbers).all():
        raise ChemmaraError(f"{call}: {what} have to be finite (one is {numbers[~np.isfinite(numbers)][0]})")
    return numbers
