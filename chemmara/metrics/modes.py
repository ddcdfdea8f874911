"""Which of several known chemotypes a run has found, how soon, and how its hits are shared out among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chemmara.molecules.chem import parse
from chemmara.oracles.similarity import Similarity


@dataclass(frozen=True)
class Mode:
    """What a run found of one chemotype."""

    name: str
    hits: int  # hits that belong to it
    first_call: float  # number of the oracle call of the first of them; NaN if there is none
    mass: float  # its share of all the run's hits; NaN without a hit

    @property
    def found(self) -> bool:
        """Whether at least one hit belongs to it."""
        return self.hits > 0


def modes(
    smiles: Sequence[str], scores: np.ndarray, hit_threshold: float, references: Mapping[str, str], similarity: float
) -> list[Mode]:
    """What a run found of each chemotype, in the order of the references.

    A hit (score >= hit_threshold) belongs to the reference that it is most similar to, if that similarity is at least
    `similarity`; the earlier of two equally similar references has it. Tanimoto similarity of unfolded ECFP4 counts,
    as the oracle `similarity` has it. A reference counts as found once a hit belongs to it.

    Args:
        smiles: (calls,) unique valid SMILES in the order of the oracle calls.
        scores: (calls,), NaN for no score.
        hit_threshold: 0 to 1.
        references: SMILES of the chemotypes by name.
        similarity: 0 to 1.

    >>> found = modes(["CCO", "c1ccccc1C", "CCCO"], np.array([0.9, 0.8, 0.1]), 0.5, {"a": "CCO", "b": "CCC"}, 0.5)
    >>> [(mode.name, mode.hits, mode.first_call, mode.mass) for mode in found]
    [('a', 1, 1.0, 0.5), ('b', 0, nan, 0.0)]
    """
    calls = np.flatnonzero(scores >= hit_threshold)
    molecules = [molecule for call in calls if (molecule := parse(smiles[int(call)])) is not None]
    if len(molecules) < len(calls):
        raise ValueError("a SMILES is not valid; leave invalid ones out first")
    alike = np.array([Similarity((reference,))(molecules) for reference in references.values()])  # (modes, hits)
    nearest = alike.argmax(axis=0) if len(calls) else np.zeros(0, dtype=int)
    belongs = alike.max(axis=0) >= similarity if len(calls) else np.zeros(0, dtype=bool)
    return [_mode(name, calls, (nearest == row) & belongs) for row, name in enumerate(references)]


def _mode(name: str, calls: np.ndarray, own: np.ndarray) -> Mode:
    """A mode from the indices of all hits (hits,) and which of them belong to it."""
    number = int(own.sum())
    first = float(calls[own][0] + 1) if number else float("nan")
    return Mode(name, number, first, number / len(calls) if len(calls) else float("nan"))


def effective_modes(found: Sequence[Mode]) -> float:
    """How many equally large modes would share the hits as evenly: exp of the entropy of their shares.

    0 if none is found. Hits that belong to no mode are left out. Between 1 and the number of modes found.

    >>> effective_modes([Mode("a", 50, 1.0, 0.5), Mode("b", 50, 2.0, 0.5), Mode("c", 0, float("nan"), 0.0)])
    2.0
    """
    hits = np.array([mode.hits for mode in found if mode.hits], dtype=float)
    if not len(hits):
        return 0.0
    shares = hits / hits.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
