"""What one step looked like, as numbers for the log. docs/methods/mara.md explains each."""

import numpy as np

from chemmara.rl.finetune import Step


def step_values(step: Step) -> dict[str, float]:
    """Figures of a step; NaN where there is nothing to take a mean of."""
    scores, anchor = step.scores, step.update.anchor
    distinct = {smiles for smiles in scores.smiles if smiles}
    good = step.filtered_scores >= step.tau
    return {
        "loss": step.update.loss,
        "valid": float(scores.valid.mean()),
        "unique": len(distinct) / max(1, int(scores.valid.sum())),
        "mean_score": _mean(scores.total[scores.valid]),
        "mean_filtered_score": _mean(step.filtered_scores),
        "mean_reward": _mean(step.update.rewards.numpy()),
        "tau": step.tau,
        "good": float(good.mean()),
        "kl": _mean((step.update.policy_logp - step.update.prior_logp).numpy()),
        "anchor_score": anchor.score if anchor else float("nan"),
        "anchor_prior_logp": anchor.prior_logp if anchor else float("nan"),
        "replay_loss": _mean(np.array([update.loss for update in step.replayed])),
    }


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
