"""What happened in a run, step by step and call by call, as curves with a sentence each."""

from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.report.embedded import rounded

_POINTS: Final = 120  # of a curve
_WINDOWS: Final = 60  # of calls, over which the values of a component are summed up

# key: (title, sentence); in the order of the page
_LOGGED: Final = {
    "mean_score": ("Mean score of a batch", "How good the molecules were that the model wrote; it should rise."),
    "valid": ("Validity", "Share of the written texts that are molecules; above 0.9 is usual, a fall is a warning."),
    "unique": ("Uniqueness", "Share of different molecules among the valid ones of a batch; a fall means repetition."),
    "kl": ("Distance from the prior (KL)", "How far the model has moved from where it began, in nats. It rises quickly at first and should level off."),
    "good": ("Good share", "Share of a batch that scored at least tau, after repeats and crowded molecules were set to 0: what the model learns to make more of."),
    "tau": ("Tau", "Score from which a molecule counts as good for MARA."),
    "anchor_score": ("Score of the anchor", "The good molecule that the prior likes best. MARA lifts the reward of the other good ones to its level."),
    "anchor_prior_logp": ("Anchor, log-probability under the prior", "In nats; the closer to 0, the more usual the anchor is for the prior."),
    "lifted": ("What MARA lifted", "Mean reward less mean filtered score of a batch: what MARA added, so that rarer good molecules are learned, too. 0 without MARA."),
    "taken": ("What the diversity filter took", "Mean score of a batch, lost because molecules were repeats or resembled too many earlier ones."),
    "mean_filtered_score": ("Mean score after the filter", "Mean score of a batch once repeats and crowded molecules are set to 0; an invalid text counts 0."),
    "mean_reward": ("Mean reward", "What the model was trained on: the filtered score with MARA's lift."),
    "loss": ("Loss", "Mean error of the training step; its size depends on the estimator, so look at its course only."),
    "later_loss": ("Loss of replayed rounds", "The same, for the molecules that were learned from again."),
    "grad_norm": ("Length of the gradient", "How hard a step pulled at the model; sudden peaks mean unrest."),
    "clipped": ("Clipped steps", "Share of the updates that were shortened because their gradient was too long."),
    "screen_active": ("Screening at work", "1 where a model of the scores chose what was measured, 0 where it was too poor a guide or had too few scores to learn from."),
    "screen_candidates": ("Candidates of a step", "Molecules among which the model chose the batch that was measured."),
    "screen_correlation": ("How well screening predicts", "Rank correlation of the scores that the model predicted and those that were measured then; 1 is perfect, 0 is chance."),
    "screen_predicted": ("Predicted score of what was chosen", "Mean of the model's predictions for the molecules of a batch; compare it with the mean score."),
    "screen_children": ("Chosen from children", "Share of a batch that was bred from the best molecules so far."),
    "screen_library": ("Chosen from the library", "Share of a batch that came from the library that was given."),
}  # fmt: skip
_TECHNICAL: Final = {
    "mean_filtered_score",
    "mean_reward",
    "loss",
    "later_loss",
    "grad_norm",
    "clipped",
    "anchor_prior_logp",
}


def step_curves(steps: pd.DataFrame) -> list[dict[str, Any]]:
    """A curve for everything that was logged of the steps and is not missing throughout; [] for a run without steps."""
    if steps.empty:
        return []
    steps = _with_derived(steps)
    others = [key for key in steps.columns if key not in {"step", "calls", *_LOGGED}]
    screening = [key for key in steps.columns if key.startswith("screen")]
    keys = [
        *(key for key in _LOGGED if key in steps and key not in screening),
        *(key for key in [*_LOGGED, *others] if key in screening),
        *(key for key in others if key not in screening),
    ]
    rows = np.array_split(np.arange(len(steps)), min(_POINTS, len(steps)))
    x = [int(steps["calls"].iloc[part[-1]]) for part in rows]
    curves = []
    for key in keys:
        values = steps[key].to_numpy(dtype=float)
        means = [_mean(values[part]) for part in rows]
        if np.isfinite(means).any():
            title, sentence = _LOGGED.get(
                key, (key.replace("_", " "), "Logged by the run under this name; see docs/methods.")
            )
            group = "screening" if key in screening else "technical" if key in _TECHNICAL or key in others else "main"
            curves.append({"title": title, "about": sentence, "group": group, "lines": [{"x": x, "y": rounded(means)}]})
    return curves


def _with_derived(steps: pd.DataFrame) -> pd.DataFrame:
    """With what MARA added and what the filter took, where the run logged what they follow from."""
    derived = {}
    if {"mean_reward", "mean_filtered_score"} <= set(steps.columns):
        derived["lifted"] = steps["mean_reward"] - steps["mean_filtered_score"]
    if {"mean_score", "valid", "mean_filtered_score"} <= set(steps.columns):
        derived["taken"] = (steps["mean_score"] * steps["valid"] - steps["mean_filtered_score"]).clip(lower=0.0)
    return steps.assign(**derived)


def component_curves(calls: pd.DataFrame, components: list[str]) -> list[dict[str, Any]]:
    """The course of each component's raw value: mean of the calls of a window, and the range of the middle 80 %."""
    windows = [
        part for part in np.array_split(np.arange(len(calls)), min(_WINDOWS, max(1, len(calls) // 5))) if len(part)
    ]
    x = [int(calls["call"].iloc[part[-1]]) for part in windows]
    curves = []
    for name in [*components, "score"]:
        values = calls[name].to_numpy(dtype=float)
        parts = [known for part in windows for known in [values[part][np.isfinite(values[part])]]]
        if not any(len(part) for part in parts):
            continue
        low, high = ([float(np.quantile(part, q)) if len(part) else np.nan for part in parts] for q in (0.1, 0.9))
        curves.append(
            {
                "title": name, "about": "", "group": "component",
                "lines": [{"x": x, "y": rounded(map(_mean, parts)), "low": rounded(low), "high": rounded(high)}],
            }
        )  # fmt: skip
    return curves


def headline_curves(course: pd.DataFrame) -> list[dict[str, Any]]:
    """Hits, scaffolds and the ten best against oracle calls, from the run's `Summary.curves`."""
    x = course["calls"].tolist()
    return [
        {
            "title": "Hits and their scaffolds", "about": "Both should keep rising; where scaffolds level off, the run repeats itself.",
            "group": "headline",
            "lines": [{"name": name, "x": x, "y": rounded(course[name], 9)} for name in ("hits", "scaffolds")],
        },
        {
            "title": "Mean score of the ten best", "about": "How good the best molecules are so far.", "group": "headline",
            "from": 0, "to": 1, "lines": [{"x": x, "y": rounded(course["top10"])}],
        },
    ]  # fmt: skip


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
