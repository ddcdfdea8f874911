"""What one step looked like, as numbers for the log. docs/methods/mara.md explains each."""

import numpy as np

from chemmara.rl.finetune import Step


def step_values(step: Step) -> dict[str, float]:
    """Figures of a step; NaN where there is nothing to take a mean of."""
    scores, anchor, first = step.scores, step.anchor, step.updates[0]
    distinct = {smiles for smiles in scores.smiles if smiles}
    good = step.filtered_scores >= step.tau
    sampled = int((~np.isnan(step.filtered_scores)).sum())  # rows of the first update; what joined them comes after
    return {
        "loss": first.loss,
        "valid": float(scores.valid.mean()),
        "unique": len(distinct) / max(1, int(scores.valid.sum())),
        "mean_score": _mean(scores.total[scores.valid]),
        "mean_filtered_score": _mean(step.filtered_scores),
        "mean_reward": _mean(first.rewards[:sampled]),
        "tau": step.tau,
        "good": float(good.mean()),
        "kl": _mean((first.policy_logp - first.rows.prior_logp)[:sampled]),
        "anchor_score": anchor.score if anchor else float("nan"),
        "anchor_prior_logp": anchor.prior_logp if anchor else float("nan"),
        "later_loss": _mean(np.array([update.loss for update in step.updates[1:]])),
        "grad_norm": _mean(np.array([update.grad_norm for update in step.updates])),
        "clipped": float(np.mean([update.clipped for update in step.updates])),
    }


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
