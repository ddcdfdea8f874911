"""Why a trained policy prefers one molecule to another: what the prior says, what the score adds, what is observed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chemmara.checkpoint import Prior, load_prior
from chemmara.chem import canonical_smiles, parse, randomised
from chemmara.errors import ChemmaraError
from chemmara.ledger import Ledger
from chemmara.rl.rewards import mara_rewards
from chemmara.run_folder import RunFolder
from chemmara.running import saved_settings
from chemmara.sampling import log_likelihood

_TEXTS = 64  # SMILES over which a molecule's probability is summed


@dataclass(frozen=True)
class Explanation:
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
        likes, other = ("A", "B") if self.observed >= 0 else ("B", "A")
        expected = "A" if self.predicted > 0 else "B" if self.predicted < 0 else "neither"
        agrees = "as the optimum would" if expected == likes else f"where the optimum would prefer {expected}"
        return (
            f"the policy prefers {likes} to {other} by {abs(self.observed):.1f} nats, {agrees}"
            f" ({abs(self.predicted):.1f}): the prior's preference for A is {self.prior:+.1f}, the score's"
            f" {self.score:+.1f}, MARA's {self.lift:+.1f}"
        )


def explain(folder: Path, first: str, second: str) -> Explanation:
    """Of two molecules that a run has scored; ChemmaraError if one is not in its ledger.

    A molecule's probability is summed over its canonical and 64 randomised SMILES: a lower bound that hits most of it.
    """
    settings, place = saved_settings(folder), RunFolder(folder)
    if not (place.policy / "weights.safetensors").exists():
        raise ChemmaraError(f"{folder}: has no trained policy yet; let it end (chemmara resume {folder})")
    with Ledger.open(place.ledger) as ledger:
        known = {call.smiles: call.score for call in ledger.calls()}
        steps = ledger.steps()
    smiles = [_known(one, known, folder) for one in (first, second)]
    scores = np.array([known[one] for one in smiles])
    tau = float(steps["threshold"].iloc[-1])
    prior, policy = load_prior(settings.prior), load_prior(str(place.policy))
    prior_logp = np.array([_molecule_logp(prior, one) for one in smiles])
    policy_logp = np.array([_molecule_logp(policy, one) for one in smiles])
    beta = settings.method.beta
    earned = scores
    if settings.method.rewards in {"mara", "mara-2"}:
        earned = mara_rewards(scores, prior_logp, threshold=tau, beta=beta)
    return Explanation(
        smiles[0], smiles[1], (float(scores[0]), float(scores[1])), settings.method.rewards, beta, tau,
        prior=_apart(prior_logp), score=_apart(scores) / beta, lift=_apart(earned - scores) / beta,
        observed=_apart(policy_logp),
    )  # fmt: skip


def _apart(pair: np.ndarray) -> float:
    return float(pair[0] - pair[1])


def _known(text: str, known: dict[str, float], folder: Path) -> str:
    """Canonical SMILES of a molecule with a score in the ledger."""
    smiles = canonical_smiles(text)
    if smiles is None:
        raise ChemmaraError(f"{text}: is no molecule")
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
    logp = log_likelihood(model.model, rows).double().numpy()
    return float(np.logaddexp.reduce(logp))
