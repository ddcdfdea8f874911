"""What happened in a run, step by step and call by call, as curves with a sentence each."""

from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.report.embedded import rounded
from chemmara.report.wording import LOGGED
from chemmara.scoring.saved import component_name

_POINTS: Final = 120  # of a curve
_WINDOWS: Final = 60  # of calls, over which the values of a component are summed up

_NAMED: Final = 3  # cores or fragments that a sentence names
_TECHNICAL: Final = {
    "mean_filtered_score",
    "mean_reward",
    "loss",
    "later_loss",
    "grad_norm",
    "clipped",
    "anchor_prior_logp",
    "niche",
    "restarts",
}


def step_curves(steps: pd.DataFrame) -> list[dict[str, Any]]:
    """A curve for everything that was logged of the steps and is not missing throughout; [] for a run without steps."""
    if steps.empty:
        return []
    steps = _with_derived(steps)
    others = [key for key in steps.columns if key not in {"step", "calls", *LOGGED}]
    screening = [key for key in steps.columns if key.startswith("screen")]
    keys = [
        *(key for key in LOGGED if key in steps and key not in screening),
        *(key for key in [*LOGGED, *others] if key in screening),
        *(key for key in others if key not in screening),
    ]
    rows = np.array_split(np.arange(len(steps)), min(_POINTS, len(steps)))
    x = [int(steps["calls"].iloc[part[-1]]) for part in rows]
    curves = []
    for key in keys:
        values = steps[key].to_numpy(dtype=float)
        means = [_mean(values[part]) for part in rows]
        if np.isfinite(means).any():
            title, sentence = LOGGED.get(
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


def stage_starts(calls: pd.DataFrame) -> list[int]:
    """The first call of each stage but the first; [] where there are no stages."""
    if "stage" not in calls:
        return []
    _, rows = np.unique(calls["stage"].to_numpy(), return_index=True)
    return [int(calls["call"].iloc[row]) for row in rows[1:]]


def stages_in_words(settings: dict[str, Any], calls: pd.DataFrame) -> list[str]:
    """A sentence for each stage that has calls: which ones, and what was measured; [] where there are no stages."""
    if "stage" not in calls:
        return []
    objectives = [*(stage["objective"] for stage in settings["stage"]), settings["objective"]]
    sentences = []
    for number, objective in enumerate(objectives, start=1):
        own = calls["call"].to_numpy()[calls["stage"].to_numpy() == number]
        if not len(own):
            continue
        names = ", ".join(component_name(part) for part in objective["component"])
        last = "; a hit of this run is a hit of this stage" if number == len(objectives) else ""
        sentences.append(f"Stage {number}, calls {own.min():,} to {own.max():,}, measured {names}{last}.")
    if int(calls["stage"].to_numpy().max(initial=0)) < len(objectives):
        sentences.append("The last stage has not begun: there are no hits yet.")
    return sentences


def start_in_words(start: dict[str, Any], given: int = 0) -> list[str]:
    """Sentences on what a run began with besides its prior, by its settings; [] where that is nothing.

    `given`: how many of its hits are seeds.

    >>> start_in_words({"core": ["*c1ccccc1"], "seeds": "actives.csv", "seed_scores": None})
    ['Every molecule holds the core *c1ccccc1.', 'It began with the seeds of actives.csv, measured first, in step 0.']
    """
    sentences = []
    if cores := start.get("core"):
        sentences.append(
            f"Every molecule holds {'the core' if len(cores) == 1 else 'one of the cores'} {_some(cores)}."
        )
    if fragments := start.get("link"):
        sentences.append(f"Every molecule holds {_some(fragments)}, linked.")
    if start.get("like"):
        sentences.append(f"Every molecule is an analogue of {start['like']}.")
    if start.get("seeds"):
        how = "with scores of its own" if start.get("seed_scores") else "measured first, in step 0"
        sentences.append(f"It began with the seeds of {start['seeds']}, {how}.")
    if given:
        known = "One hit is a seed" if given == 1 else f"{given:,} hits are seeds"
        sentences.append(
            f"{known}: the filter 'found in step', from 1 on, leaves {'it' if given == 1 else 'them'} out."
        )
    return sentences


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return ", ".join(texts[:_NAMED]) + more


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


def headline_charts(course: pd.DataFrame, scores: np.ndarray, hit_threshold: float) -> list[dict[str, Any]]:
    """Hits, scaffolds and the ten best against oracle calls (`course`: `Summary.curves`), and how often which score."""
    x = course["calls"].tolist()
    found = [{"name": name, "x": x, "y": rounded(course[name], 9)} for name in ("hits", "scaffolds")]
    best = {"x": x, "y": rounded(course["top10"])}
    titles = {
        "Hits and their scaffolds": "Both should keep rising; where scaffolds level off, the run repeats itself.",
        "Mean score of the ten best": "How good the best molecules are so far.",
    }
    (first, about_first), (second, about_second) = titles.items()
    return [
        {"title": first, "about": about_first, "group": "headline", "lines": found},
        {"title": second, "about": about_second, "group": "headline", "lines": [best], "from": 0, "to": 1},
        {
            "title": "Scores of all calls",
            "about": "How many calls had which score; the line is the hit threshold.",
            "group": "headline",
            "counts": np.histogram(scores[np.isfinite(scores)], bins=40, range=(0.0, 1.0))[0].tolist(),
            "threshold": hit_threshold,
        },
    ]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
