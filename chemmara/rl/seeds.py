"""Seeds: known molecules that a campaign begins with, remembered as if it had found them itself."""

import numpy as np

from chemmara.language_model.device import device_of
from chemmara.rl.finetune import Learner
from chemmara.rl.row_sources import canonically_written
from chemmara.scoring.scores import Scores


def take_seeds(learner: Learner, scores: Scores) -> list[str]:
    """Have a learner know scored molecules before its first step; the SMILES of those that it cannot learn from.

    They fill the replay and can be parents, teach the model of screening, count in the diversity filter, and are
    repeats when the policy samples them. What the prior cannot write, or does not hold the given parts, is known, but
    not learned from.
    """
    earned = scores.total
    if learner.diversity_filter:
        earned = learner.diversity_filter.filtered_scores(scores.smiles, earned)
    if learner.screening:
        learner.screening.learn(scores)
    if learner.restarts:
        learner.restarts.given = dict(zip(scores.smiles, earned.tolist(), strict=True))
    return remember_seeds(learner, scores.smiles, earned)


def remember_seeds(learner: Learner, smiles: list[str], earned: np.ndarray) -> list[str]:
    """Make repeats, parents and replay of seeds that earn so much (n,); the SMILES of those not learned from."""
    learner.augmentation.visits.of_batch(smiles, earned)
    if learner.breeding:
        learner.breeding.add(smiles, earned)
    held = np.array([not text or learner.proposals.keeps(text) for text in smiles], dtype=bool)
    learned = np.where(held, earned, np.nan)
    rows = canonically_written(learner.prior, smiles, learned, device_of(learner.policy))
    if learner.replay:
        learner.replay.add(rows)
    written = set(rows.smiles)
    return [text for text in smiles if text and text not in written]
