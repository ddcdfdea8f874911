"""What one step looked like, as numbers for the log. docs/methods/mara.md explains each."""

import numpy as np

from chemmara.rl.step import Step
from chemmara.screening.screening import Choice


def step_values(step: Step, *, held: bool = False) -> dict[str, float]:
    """Figures of a step; NaN where there is nothing to take a mean of.

    `held`: every molecule holds given parts. Such a batch is not drawn from the policy as it is, and says nothing of
    the KL, which is then NaN.
    """
    scores, anchor = step.scores, step.anchor
    first = step.updates[0] if step.from_batch else None
    distinct = {smiles for smiles in scores.smiles if smiles}
    good = step.filtered_scores >= step.tau
    sampled = int((~np.isnan(step.filtered_scores)).sum())  # rows of the first update; what joined them comes after
    figures = {
        "loss": first.loss if first else float("nan"),
        "valid": _mean(scores.valid),
        "unique": len(distinct) / max(1, int(scores.valid.sum())),
        "mean_score": _mean(scores.total[scores.valid]),
        "mean_filtered_score": _mean(step.filtered_scores),
        "mean_reward": _mean(first.rewards[:sampled]) if first else float("nan"),
        "tau": step.tau,
        "good": _mean(good),
        "kl": float("nan") if held else _mean(step.batch.behaviour_logp - step.batch.prior_logp),
        "anchor_score": anchor.score if anchor else float("nan"),
        "anchor_prior_logp": anchor.prior_logp if anchor else float("nan"),
        "later_loss": _mean(np.array([update.loss for update in step.updates[min(step.from_batch, 1) :]])),
        "grad_norm": _mean(np.array([update.grad_norm for update in step.updates])),
        "clipped": _mean(np.array([update.clipped for update in step.updates], dtype=np.float64)),
    }
    figures |= {} if step.restarts is None else {"restarts": float(step.restarts)}
    figures |= {"niche": float(step.niche)} if step.niche else {}
    return figures | (_screened(step.choice, step.correlation) if step.choice else {})


def _screened(choice: Choice, correlation: float) -> dict[str, float]:
    """What screening did."""
    number = max(1, len(choice.smiles))
    return {
        "screen_active": float(choice.active),
        "screen_candidates": float(len(choice.candidates)),
        "screen_correlation": correlation,
        "screen_predicted": _mean(choice.predicted),
        "screen_children": choice.sources.count("children") / number,
        "screen_library": choice.sources.count("library") / number,
    }


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def choice_in_words(step: Step) -> str:
    """What screening did in a step, and after how many restarts or in which niche, for the live display; or ""."""
    begun = f"niche {step.niche}" if step.niche > 1 else f"restart {step.restarts}" if step.restarts else ""
    return ", ".join(words for words in (begun, _screening_in_words(step)) if words)


def _screening_in_words(step: Step) -> str:
    choice = step.choice
    if choice is None or (not choice.active and np.isnan(choice.predicted).all()):
        return ""
    if not choice.active:
        return "not screened: the model predicts nothing"
    agreement = "" if np.isnan(step.correlation) else f", rank correlation {step.correlation:.2f}"
    return f"{len(choice.smiles)} of {len(choice.candidates)} candidates{agreement}"
