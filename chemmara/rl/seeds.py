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
    learner.augmentation.visits.of_batch(scores.smiles, scores.total)
    earned = scores.total
    if learner.diversity_filter:
        earned = learner.diversity_filter.filtered_scores(scores.smiles, earned)
    if learner.breeding:
        learner.breeding.add(scores.smiles, earned)
    if learner.screening:
        learner.screening.learn(scores)
    if learner.restarts:
        learner.restarts.given = dict(zip(scores.smiles, earned.tolist(), strict=True))
    held = np.array([not smiles or learner.proposals.keeps(smiles) for smiles in scores.smiles], dtype=bool)
    learned = np.where(held, earned, np.nan)
    rows = canonically_written(learner.prior, scores.smiles, learned, device_of(learner.policy))
    if learner.replay:
        learner.replay.add(rows)
    written = set(rows.smiles)
    return [smiles for smiles in scores.smiles if smiles and smiles not in written]
