"""What one step looked like, as numbers for the log. docs/methods/mara.md explains each."""

import numpy as np
import torch

from chemmara.rl.finetune import Step, Update


def step_values(step: Step) -> dict[str, float]:
    """Figures of a step; NaN where there is nothing to take a mean of."""
    scores = step.scores
    distinct = {smiles for smiles in scores.smiles if smiles}
    good = step.earned >= step.tau
    return {
        "loss": step.update.loss,
        "valid": float(scores.valid.mean()),
        "unique": len(distinct) / max(1, int(scores.valid.sum())),
        "mean_score": _mean(scores.total[scores.valid]),
        "mean_earned": _mean(step.earned),
        "mean_reward": _mean(step.update.rewards.numpy()),
        "threshold": step.tau,
        "good": float(good.mean()),
        "kl": _mean((step.update.policy_logp - step.update.prior_logp).numpy()),
        "anchor_prior_logp": _anchor(step.update, step.tau),
        "replay_loss": _mean(np.array([update.loss for update in step.replayed])),
    }


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _anchor(update: Update, tau: float) -> float:
    """Log-probability under the prior of the good sample that it likes best; NaN without a good sample."""
    good = torch.from_numpy(update.earned >= tau)
    return float(update.prior_logp[good].max()) if good.any() else float("nan")
