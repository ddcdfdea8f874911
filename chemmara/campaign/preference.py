"""Why a trained policy prefers one molecule to another: what the prior says, what the score adds, what is observed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chemmara.campaign.settings import saved_settings
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import log_likelihood
from chemmara.molecules.chem import canonical_smiles, parse, randomised
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.rl.rewards import REWARDS

_TEXTS = 64  # SMILES over which a molecule's probability is summed
_ALIKE = 0.05  # nats: a smaller preference is called none


@dataclass(frozen=True)
class Preference:
    """Log ratios of A to B, in nats."""

    first: str  # canonical SMILES
    second: str
    scores: tuple[float, float]
    rewards: str  # vanilla, mara, ...
    beta: float
    tau: float
    prior: float  # of the prior's probabilities
    score: float  # the score difference over beta
    lift: float  # what MARA adds to that
    observed: float  # of the policy's probabilities

    @property
    def predicted(self) -> float:
        """Of the optimum (eq. 7)."""
        return self.prior + self.score + self.lift

    def words(self) -> str:
        """The answer in a sentence."""
        return (
            f"the policy {_in_words(self.observed)}; the optimum {_in_words(self.predicted)}: the prior's"
            f" preference for A is {self.prior:+.1f}, the score's {self.score:+.1f}, MARA's {self.lift:+.1f}"
        )


def preference(folder: Path, first: str, second: str) -> Preference:
    """Of two molecules that a run has scored; ChemmaraError if one is not in its ledger.

    A molecule's probability is summed over its canonical and 64 randomised SMILES: a lower bound that hits most of it.
    The lift is that of the two alone; the diversity filter and the equal mass of clusters are left out.
    """
    settings, place = saved_settings(folder), RunFolder(folder)
    if not (place.policy / "weights.safetensors").exists():
        raise ChemmaraError(f"{folder}: has no trained policy yet; let it end (chemmara resume {folder})")
    with Ledger.open(place.ledger) as ledger:
        known = {call.smiles: call.score for call in ledger.calls()}
        steps = ledger.steps()
    smiles = [_known(text, known, folder) for text in (first, second)]
    scores = np.array([known[text] for text in smiles])
    tau = float(steps["tau"].iloc[-1])
    prior, policy = load_prior(settings.prior), load_prior(str(place.policy))
    prior_logp = np.array([_molecule_logp(prior, text) for text in smiles])
    policy_logp = np.array([_molecule_logp(policy, text) for text in smiles])
    beta = settings.method.beta
    rewards = np.asarray(REWARDS[settings.method.rewards](scores, prior_logp, threshold=tau, beta=beta))
    return Preference(
        smiles[0], smiles[1], (float(scores[0]), float(scores[1])), settings.method.rewards, beta, tau,
        prior=_apart(prior_logp), score=_apart(scores) / beta, lift=_apart(rewards - scores) / beta,
        observed=_apart(policy_logp),
    )  # fmt: skip


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
        raise ChemmaraError(f"{text}: is an invalid SMILES")
    if smiles not in known or np.isnan(known[smiles]):
        raise ChemmaraError(f"{folder}: has no score of {text}; choose molecules from its ledger or hits.csv")
    return smiles


def _molecule_logp(model: Prior, smiles: str) -> float:
    """Log-probability of a molecule: of its distinct SMILES together."""
    molecule = parse(smiles)
    texts = {smiles} if molecule is None else {smiles, *(randomised(molecule, seed) for seed in range(_TEXTS))}
    rows = [model.tokenizer.encode_smiles(text) for text in sorted(texts) if model.tokenizer.knows(text)]
    if not rows:
        raise ChemmaraError(f"{smiles}: has a token that the vocabulary of {model.name} lacks")
    logp = to_numpy(log_likelihood(model.model, rows)).astype(np.float64)
    return float(np.logaddexp.reduce(logp))
