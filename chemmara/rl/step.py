"""What one step of reinforcement learning was: a plain value, for the log and for tests."""

from dataclasses import dataclass

import numpy as np

from chemmara.language_model.sampling import Rollout
from chemmara.rl.rewards import Anchor
from chemmara.rl.rows import Rows
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import Choice


@dataclass(frozen=True)
class Update:
    """What one update of the policy saw; row i of every field is the same sequence."""

    rows: Rows  # those that have a score
    rewards: np.ndarray  # (rows,)
    policy_logp: np.ndarray  # (rows,) before the update, nats
    loss: float  # mean over the rows; NaN where there were none
    grad_norm: float  # before clipping; NaN where there were no rows
    clipped: bool


@dataclass(frozen=True)
class Step:
    """One turn of the loop."""

    rollout: Rollout
    scores: Scores
    filtered_scores: np.ndarray  # (batch,) after repeats and diversity filter; 0 for an invalid SMILES, NaN: no score
    tau: float  # score from which a sample was good
    anchor: Anchor | None  # that every update lifted its good rows to; None where none was good
    updates: list[Update]  # from the sampled batch first, then the rounds of replay
    batch: Rows  # the sampled rows that have a score
    from_batch: int  # updates that learned from the sampled batch
    children: list[Rows]  # of the best molecules, one generation after the other; those that the prior can write
    choice: Choice | None  # what was screened; None without screening
    correlation: float  # rank correlation of what screening predicted and what was measured; NaN without
    restarts: int | None  # so far, before the step; None where the method has none
    niche: int  # number of the niche that was worked on; 0 where the method has none
