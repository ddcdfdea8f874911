"""The strings of a molecule and their log-probabilities, drawn until more of them would change no sum."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.sampling import log_likelihood
from chemmara.molecules.chem import parse, randomised

FIRST: Final = 128  # random SMILES drawn before the first look
MOST: Final = 2**13  # random SMILES drawn at most
ENOUGH: Final = 0.05  # nats: a sum that grew by less, and is thought to lack less, has saturated

_Row = tuple[int, ...]  # the tokens of a string, end token included


@dataclass(frozen=True)
class Strings:
    """Different strings of a molecule; row i of every array is the same string."""

    prior_logp: np.ndarray  # (n,) nats
    policy_logp: np.ndarray  # (n,) nats
    times: np.ndarray  # (n,) how often each was drawn; 0 for the canonical SMILES, which is known beforehand
    draws: int
    before: np.ndarray  # (3,) the sums at half of the draws

    def __len__(self) -> int:
        return len(self.times)

    @cached_property
    def sums(self) -> np.ndarray:
        """(3,) log-probability under the prior and under the policy, in nats, and the log of the number of strings."""
        return np.array([np.logaddexp.reduce(logs) for logs in self._logs])

    @cached_property
    def missing(self) -> np.ndarray:
        """(3,) nats that each sum is thought to lack.

        Where f1 strings were drawn once and f2 twice, f1 (f1 - 1) / (2 (f2 + 1)) are thought to be undrawn (Chao 1987,
        a lower bound), each as likely as those drawn once are on average. No molecule's probability exceeds 1.
        """
        once = self.times == 1
        undrawn = once.sum() * (once.sum() - 1) / (2 * ((self.times == 2).sum() + 1))  # noqa: PLR2004 - drawn twice
        if not undrawn:
            return np.zeros(3)
        undrawn_logs = [np.logaddexp.reduce(logs[once]) + np.log(undrawn / once.sum()) for logs in self._logs]
        most = [*np.maximum(0.0, -self.sums[:2]), np.inf]
        return np.minimum(np.logaddexp(self.sums, undrawn_logs) - self.sums, most)

    @property
    def new(self) -> float:
        """Probability that the next random SMILES was not drawn before (Good-Turing)."""
        return float((self.times == 1).sum() / self.draws)

    @property
    def saturated(self) -> bool:
        """Whether the last doubling of the draws added less than 0.05 nats to each sum, and less is thought missing."""
        return bool((self.sums - self.before < ENOUGH).all() and (self.missing < ENOUGH).all())

    @property
    def _logs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.prior_logp, self.policy_logp, np.zeros(len(self))


def drawn_strings(smiles: str, prior: Prior, policy: Prior, advance: Callable[[int], None] = lambda _: None) -> Strings:
    """The canonical SMILES of a molecule and random ones (RDKit's, of atoms in random order), until they saturate.

    The number of draws is doubled from 128 to 8,192 at most. A SMILES that the prior cannot write, for want of a token
    or because sampling would cut it, is not among the strings. The seeds are 0, 1, 2, ...: the answer is always the
    same. `advance` is called with numbers of SMILES drawn.

    Raises:
        ChemmaraError: the SMILES is invalid, or the prior can write none of the drawn SMILES of its molecule.
    """
    molecule = parse(smiles)
    if molecule is None:
        raise ChemmaraError(f"{smiles}: is an invalid SMILES")
    canonical = _written(prior, smiles)
    times: Counter[_Row] = Counter(dict.fromkeys(canonical, 0))
    logp: dict[_Row, tuple[float, float]] = {}
    draws, goal, before = 0, FIRST, np.full(3, -np.inf)
    while True:
        times.update(row for seed in range(draws, goal) for row in _written(prior, randomised(molecule, seed)))
        advance(goal - draws)
        if not times:
            prior.encode(smiles)  # raises where a token is unknown
            raise ChemmaraError(f"{smiles}: longer than the {prior.config.max_length} tokens that {prior.name} samples")
        fresh = [row for row in times if row not in logp]
        likelihoods = [log_likelihood(model.model, fresh).tolist() for model in (prior, policy)]
        logp.update(zip(fresh, zip(*likelihoods, strict=True), strict=True))
        prior_logp, policy_logp = np.array([logp[row] for row in times]).T
        counts = np.array([0 if row in canonical else number for row, number in times.items()])
        found = Strings(prior_logp, policy_logp, counts, goal, before)
        if found.saturated or goal >= MOST:
            return found
        draws, goal, before = goal, 2 * goal, found.sums


def _written(prior: Prior, smiles: str) -> list[_Row]:
    """The tokens of a SMILES; none where the prior cannot write it, or sampling would cut it."""
    try:
        row = prior.encode(smiles)
    except TokenError:
        return []
    return [tuple(row)] if len(row) <= prior.config.max_length else []
