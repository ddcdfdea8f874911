"""What training did to a prior: the likelihood of its molecules before and after, and warnings where that is odd."""

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from chemmara.language_model.checkpoint import Prior
from chemmara.molecules.chem import canonical_smiles
from chemmara.pretraining.evaluate import held_out_nll, sampled_smiles
from chemmara.pretraining.train import Corpus

_MOLECULES = 1000  # of each set, for the likelihood
_SAMPLES = 500  # for the share of copies
_SMALL = 0.1  # nats a molecule that count as no change
_MANY_COPIES = 0.2


@dataclass(frozen=True)
class Fit:
    """Mean negative log-likelihood, in nats a molecule."""

    train: float
    held_out: float


def fit_of(prior: Prior, corpus: Corpus) -> Fit:
    """How likely the prior finds the first 1,000 training molecules and the first 1,000 held-out ones."""
    return Fit(*(held_out_nll(prior, part.head(_MOLECULES)) for part in (corpus.train, corpus.valid)))


def canonical_fit_of(prior: Prior, corpus: Corpus) -> float:
    """Nats of the first 1,000 held-out molecules as canonical SMILES; NaN where training reads those anyway."""
    canonical = corpus.valid_canonical
    return math.nan if canonical is None else held_out_nll(prior, canonical.head(_MOLECULES))


def share_of_copies(prior: Prior, known: AbstractSet[str]) -> float:
    """Share of 500 samples (temperature 1, seed 0) whose canonical SMILES is among the known ones."""
    samples = sampled_smiles(prior, _SAMPLES, seed=0)
    return sum(canonical_smiles(smiles) in known for smiles in samples) / len(samples)


def concerns(before: Fit, after: Fit, copies: float) -> list[str]:
    """Sentences on what went wrong: nothing was learned, or only the training molecules themselves; often none.

    >>> concerns(Fit(40.0, 41.0), Fit(39.95, 41.0), copies=0.0)[0][:22]
    'nothing was learned: a'
    >>> concerns(Fit(40.0, 41.0), Fit(30.0, 33.0), copies=0.01)
    []
    """
    found = []
    if math.isnan(before.train):  # a run of an older version, resumed
        pass
    elif not after.train < before.train - _SMALL:
        found.append(
            f"nothing was learned: a training molecule took {before.train:.2f} nats before and {after.train:.2f} after;"
            " try more --epochs, or a higher --learning-rate"
        )
    elif not after.held_out < before.held_out - _SMALL:
        found.append(
            f"what was learned does not carry over: a held-out molecule took {before.held_out:.2f} nats before and"
            f" {after.held_out:.2f} after; the set may be too small or too varied"
        )
    memorised = []
    if copies > _MANY_COPIES:
        memorised.append(f"{copies:.0%} of {_SAMPLES} samples are training molecules")
    if after.train < after.held_out / 2:
        memorised.append(
            f"a training molecule takes {after.train:.2f} nats, less than half of a held-out one's {after.held_out:.2f}"
        )
    if memorised:
        found.append(f"the set is memorised: {' and '.join(memorised)}; try fewer --epochs, or more molecules")
    return found
