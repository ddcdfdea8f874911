"""Acquisition: which candidates are preferred, and the greedy choice of different ones among them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from chemmara.oracles.python import contents_of
from chemmara.screening.own import own_acquisition
from chemmara.screening.taken import Taken

_LEAST_SPREAD: Final = 0.02  # of a score: a model is never surer than that of a hit
_FAR_FROM_HITS: Final = 0.001  # weight of the mean, which orders candidates where no hit is in sight
_EXPONENTS: Final = tuple(12.0 * (2 / 3) ** power for power in range(12))  # that are tried, 12 to 0.14
_LEAST: Final = 1e-12  # of a preference, so that similarity orders what the model thinks nothing of


@dataclass(frozen=True)
class Forecast:
    """What the model says of the scores of candidates; row i of every field is the same candidate."""

    mean: np.ndarray  # (n,)
    spread: np.ndarray  # (n,) standard deviation
    draw: Callable[[], np.ndarray]  # one joint draw (n,)


def chance_of_a_hit(mean: np.ndarray, spread: np.ndarray, threshold: float) -> np.ndarray:
    """Probability (n,) that scores of such means and standard deviations reach the threshold."""
    return ndtr((mean - threshold) / np.maximum(spread, _LEAST_SPREAD))


def probability_of_a_hit(forecast: Forecast, threshold: float, rng: np.random.Generator) -> np.ndarray:
    """Probability (n,) that the score reaches the threshold, and a thousandth of the mean where none does."""
    del rng
    return chance_of_a_hit(forecast.mean, forecast.spread, threshold) + _FAR_FROM_HITS * forecast.mean


def upper_confidence_bound(forecast: Forecast, threshold: float, rng: np.random.Generator) -> np.ndarray:
    """Mean + b sd (n,), with one b = 10^U(-2, 0) for the step (GP BO of the PMO benchmark, arXiv 2206.12411)."""
    del threshold
    return forecast.mean + 10 ** rng.uniform(-2.0, 0.0) * forecast.spread


def thompson(forecast: Forecast, threshold: float, rng: np.random.Generator) -> np.ndarray:
    """One joint draw of the scores (n,)."""
    del threshold, rng
    return forecast.draw()


Acquisition = Callable[[Forecast, float, np.random.Generator], np.ndarray]
ACQUISITIONS: Final[dict[str, Acquisition]] = {
    "hit": probability_of_a_hit,
    "ucb": upper_confidence_bound,
    "thompson": thompson,
}


def acquisition_of(name: str) -> Acquisition:
    """A bundled preference, or the user's own function as its file is now; ChemmaraError for none."""
    if name in ACQUISITIONS:
        return ACQUISITIONS[name]
    own = own_acquisition(name, contents_of(name))
    return lambda forecast, threshold, rng: own(forecast.mean, forecast.spread, threshold, rng)


def different(
    preference: np.ndarray, packed: np.ndarray, taken: Taken, *, price: float, count: int, own: np.ndarray, others: int,
    under_way: Taken | None = None,
) -> list[int]:  # fmt: skip
    """Up to `count` candidates, chosen one after the other: each time the largest preference x (1 - s)^a.

    s is the largest similarity to what is taken and to the candidates already chosen. The exponent a is the first
    of 12, 8, 5.3, ..., 0.14 and 0 with which the preferences of all chosen sum to at least 1 - price of the largest sum
    that there is: what is new is worth that much and no more.

    Args:
        preference: (n,) a negative one counts as 0.
        packed: (n, 256) fingerprints.
        taken: what candidates should not be like.
        price: 0 to 1; 0 leaves similarity out, and nothing is compared.
        count: how many to choose.
        own: (n,) bool, whether a candidate is the policy's own sample.
        others: the most to choose of those that are not.
        under_way: molecules that count as `taken` ones do; None without any.
    """
    value = np.maximum(preference, _LEAST)
    best = _chosen(value, count, own, others)
    if not price:
        return best
    near = taken.nearest(packed)
    if under_way is not None:
        near = np.maximum(near, under_way.nearest(packed))
    alike, least = _Alike.of(packed, near), (1.0 - price) * value[best].sum()
    for exponent in _EXPONENTS:
        rows = _chosen(value, count, own, others, alike, exponent)
        if value[rows].sum() >= least:
            return rows
    return best


def _chosen(
    value: np.ndarray, count: int, own: np.ndarray, others: int, alike: "_Alike | None" = None, exponent: float = 0.0
) -> list[int]:
    """The greedy choice; `alike`: None where similarity plays no part."""
    chosen, near = list[int](), alike.near if alike else np.zeros(len(value))
    for _ in range(min(count, len(value))):
        worth = value * (1.0 - near) ** exponent
        worth[chosen] = -1.0
        if others <= 0:
            worth[~own] = -1.0
        best = int(worth.argmax())
        if worth[best] < 0:
            break
        chosen.append(best)
        others -= not own[best]
        if alike:
            near = np.maximum(near, alike.to(best))
    return chosen


@dataclass(frozen=True)
class _Alike:
    """Tanimoto similarities of candidates to what is taken, and to one of them, each computed once."""

    near: np.ndarray  # (n,) the largest to what is taken
    bits: np.ndarray  # (n, 2048) float32
    sizes: np.ndarray  # (n,)
    known: dict[int, np.ndarray]

    @classmethod
    def of(cls, packed: np.ndarray, near: np.ndarray) -> "_Alike":
        bits = np.unpackbits(packed, axis=1, bitorder="little").astype(np.float32)
        return cls(near, bits, bits.sum(axis=1), {})

    def to(self, row: int) -> np.ndarray:
        if row not in self.known:
            common = self.bits @ self.bits[row]
            self.known[row] = common / (self.sizes + self.sizes[row] - common)
        return self.known[row]
