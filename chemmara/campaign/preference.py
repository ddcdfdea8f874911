"""Why a trained policy prefers one molecule to another: what the prior says, what the score adds, what is observed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chemmara.campaign.settings import saved_settings
from chemmara.campaign.strings import ENOUGH, Strings, drawn_strings
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.molecules.chem import canonical_smiles
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.rl.clusters import Clusters, EqualMass
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import REWARDS

_ALIKE = 0.05  # nats: a smaller preference is called none
_PRIOR_UNDONE = {"mara", "prior-undone"}  # rewards under which the good strings of a molecule are equally likely


@dataclass(frozen=True)
class Drawn:
    """What was drawn of a molecule's strings, and how many nats its sums are thought to lack."""

    strings: int  # different ones
    draws: int
    new: float  # chance that the next random SMILES is a new string (Good-Turing)
    prior_missing: float  # nats, of the log-probability under the prior
    policy_missing: float  # nats, under the policy
    strings_missing: float  # nats, of the log of the number of strings
    saturated: bool  # whether drawing twice as many would add less than 0.05 nats to any of these

    @classmethod
    def of(cls, strings: Strings) -> "Drawn":
        """A summary of strings."""
        prior, policy, number = (float(nats) for nats in strings.missing)
        return cls(len(strings), strings.draws, strings.new, prior, policy, number, strings.saturated)

    def words(self) -> str:
        """How many, and what is missing."""
        counted = f"{self.strings:,} different of {self.draws:,} random ones"
        if self.saturated:
            return f"{counted}; saturated: less than {ENOUGH:g} nats are missing"
        return (
            f"{counted}; NOT saturated: the next is new with probability {self.new:.2g}, about {self.prior_missing:.1f}"
            f" nats of the prior's sum, {self.policy_missing:.1f} of the policy's and {self.strings_missing:.1f} of the"
            " log of the number are missing"
        )


@dataclass(frozen=True)
class Preference:
    """Log ratios of A to B, in nats; prior, score, lift, strings and clusters add up to the optimum's (`predicted`)."""

    first: str  # canonical SMILES
    second: str
    scores: tuple[float, float]
    rewards: str  # vanilla, mara, ...
    equal_mass: EqualMass
    beta: float
    tau: float
    prior: float  # of the prior's probabilities, summed over strings
    score: float  # the score difference over beta
    lift: float  # what the rewards of the good strings add to that, MARA's above all
    strings: float  # of the numbers of strings, where MARA makes strings equally likely
    clusters: float  # of what equal mass for molecules, scaffolds or niches takes off; 0 for strings
    observed: float  # of the policy's probabilities, summed over strings
    drawn: tuple[Drawn, Drawn]

    @property
    def predicted(self) -> float:
        """Of the optimum (eq. 7)."""
        return self.prior + self.score + self.lift + self.strings + self.clusters

    @property
    def observed_range(self) -> tuple[float, float]:
        """Observed, less what B is thought to lack, and with what A is."""
        return self.observed - self.drawn[1].policy_missing, self.observed + self.drawn[0].policy_missing

    def words(self) -> str:
        """The answer in a sentence."""
        counted = f", that of the numbers of SMILES {self.strings:+z.1f}" if self.strings else ""
        evened = f", that of equal mass for each {self.equal_mass} {self.clusters:+z.1f}" if self.clusters else ""
        return (
            f"the policy {_in_words(self.observed)}; the optimum {_in_words(self.predicted)}: the prior's"
            f" preference for A is {self.prior:+z.1f}, the score's {self.score:+z.1f}, the lift's {self.lift:+z.1f}"
            f"{counted}{evened}"
        )


def preference(folder: Path, first: str, second: str, advance: Callable[[int], None] = lambda _: None) -> Preference:
    """Of two molecules that a run has scored, as SMILES or by the names of hits.csv (call-151), by its last tau.

    `advance` is called with the number of random SMILES drawn.

    Raises:
        ChemmaraError: a molecule is not in the ledger or has no score, or the run has no policy yet.
    """
    settings, place = saved_settings(folder), RunFolder(folder)
    if not (place.policy / "weights.safetensors").exists():
        raise ChemmaraError(f"{folder}: has no trained policy yet; let it end (chemmara resume {folder})")
    with Ledger.open(place.ledger) as ledger:
        last = ledger.stages
        calls = list(ledger.calls())
        known = {call.smiles: call.score for call in calls if call.stage == last}
        tau = float(ledger.steps()["tau"].iloc[-1])
    names = {f"call-{call.call}": call.smiles for call in calls}
    first, second = names.get(first, first), names.get(second, second)
    smiles = _known(first, known, folder), _known(second, known, folder)
    prior, policy = load_prior(settings.prior), load_prior(str(place.policy))
    if prior.tokenizer != policy.tokenizer:
        raise ChemmaraError(f"{settings.prior}: has another vocabulary than the policy of {folder}; it was replaced")
    crowds = _members(settings.method.equal_mass, known, tau, smiles)
    scores = known[smiles[0]], known[smiles[1]]
    return preference_between(smiles, scores, prior, policy, settings.method, tau=tau, crowds=crowds, advance=advance)


def preference_between(
    smiles: tuple[str, str], scores: tuple[float, float], prior: Prior, policy: Prior, method: MethodConfig, *,
    tau: float, crowds: tuple[int, int] = (1, 1), advance: Callable[[int], None] = lambda _: None,
) -> Preference:  # fmt: skip
    """Of two canonical SMILES with their scores.

    The optimum's probability of a molecule is the sum over its strings y of prior(y) exp(reward(y) / beta) (eq. 2). The
    anchor is the likeliest good string of the two; what diversity filter and niching do is left out.

    Args:
        smiles: A and B.
        scores: their scores, 0 to 1.
        prior: the run's.
        policy: the trained one, with the prior's vocabulary.
        method: its rewards, beta and equal mass.
        tau: score from which a molecule is good.
        crowds: good molecules known in the scaffold or niche of each, for a method that gives these equal mass.
        advance: called with the number of random SMILES drawn.
    """
    pair = drawn_strings(smiles[0], prior, policy, advance), drawn_strings(smiles[1], prior, policy, advance)
    values, beta = np.array(scores), method.beta
    prior_logp, policy_logp, log_number = np.array([strings.sums for strings in pair]).T
    good = values >= tau
    strings = np.where(good & (method.rewards in _PRIOR_UNDONE), log_number, 0.0)
    optimum = _optimum_logp(pair, values, method, tau)
    crowd = {"string": np.zeros(2), "molecule": log_number}.get(method.equal_mass, np.log(crowds))
    return Preference(
        *smiles, scores, method.rewards, method.equal_mass, beta, tau,
        prior=_apart(prior_logp), score=_apart(values) / beta,
        lift=_apart(optimum - prior_logp - values / beta - strings), strings=_apart(strings),
        clusters=_apart(np.where(good, -crowd, 0.0)), observed=_apart(policy_logp),
        drawn=(Drawn.of(pair[0]), Drawn.of(pair[1])),
    )  # fmt: skip


def _optimum_logp(pair: tuple[Strings, Strings], scores: np.ndarray, method: MethodConfig, tau: float) -> np.ndarray:
    """(2,) log-probability at the optimum up to a constant, over the strings of each; no equal mass of clusters."""
    row_of = np.repeat([0, 1], [len(strings) for strings in pair])
    prior_logp = np.concatenate([strings.prior_logp for strings in pair])
    rewards = np.asarray(REWARDS[method.rewards](scores[row_of], prior_logp, threshold=tau, beta=method.beta))
    logp = prior_logp + rewards / method.beta
    return np.array([np.logaddexp.reduce(logp[row_of == row]) for row in (0, 1)])


def _members(kind: EqualMass, known: dict[str, float], tau: float, smiles: tuple[str, str]) -> tuple[int, int]:
    """Good molecules of the ledger in the scaffold or niche of each; 1 where it is not good, or kind is another."""
    clusters = Clusters.of(kind) if kind in {"scaffold", "niche"} else None
    if clusters is None:
        return 1, 1
    found = list(known)
    sizes = dict(zip(found, clusters.sizes(found, found, np.array(list(known.values())) >= tau), strict=True))
    return int(sizes[smiles[0]]), int(sizes[smiles[1]])


def _in_words(nats: float) -> str:
    if abs(nats) < _ALIKE:
        return "likes both alike"
    return f"prefers {'A to B' if nats > 0 else 'B to A'} by {abs(nats):.1f} nats"


def _apart(pair: np.ndarray) -> float:
    return float(pair[0] - pair[1])


def _known(text: str, known: dict[str, float], folder: Path) -> str:
    """Canonical SMILES of a molecule with a score in the ledger."""
    smiles = canonical_smiles(text)
    if smiles is None:
        raise ChemmaraError(f"{text}: is an invalid SMILES, and no name of {folder} (as call-151)")
    if smiles not in known or np.isnan(known[smiles]):
        raise ChemmaraError(
            f"{folder}: has no score of {text} in its last stage; choose molecules, or their names, from its hits.csv"
        )
    return smiles
