"""How good a model is on molecules, or on scaffolds, that it did not learn from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import spearmanr, t

from chemmara.qsar.data import Activities, Task

Split = Literal["scaffold", "random"]
Interval = tuple[float, float, float]  # mean, and both ends of its 95 % interval


@dataclass(frozen=True)
class Validation:
    """What folds held out say."""

    figures: dict[str, Interval]
    predictions: np.ndarray  # (n,) for each molecule, by a model that did not see it (of the first repeat)


def folds(activities: Activities, split: Split, number: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to judge by, `number` times; every row is judged once.

    A scaffold lies in one fold as a whole. Classes are shared out evenly.
    """
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

    rows = np.arange(len(activities.targets))
    classes = activities.targets.astype(int) if activities.task == "classification" else np.zeros(len(rows), dtype=int)
    if split == "scaffold":
        _, groups = np.unique(activities.scaffolds, return_inverse=True)
        return StratifiedGroupKFold(number, shuffle=True, random_state=seed).split(rows, classes, groups)
    made = StratifiedKFold if activities.task == "classification" else KFold
    return made(number, shuffle=True, random_state=seed).split(rows, classes)


def validate(
    activities: Activities,
    split: Split,
    learn: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    number: int = 5,
    repeats: int = 1,
    seed: int = 0,
    tell: Callable[[], None] = lambda: None,
) -> Validation:
    """Cross-validation; `learn` is given rows to learn from and rows to predict, `tell` is called after each fold."""
    measured: list[dict[str, float]] = []
    kept = np.full(len(activities.targets), np.nan)
    for repeat in range(repeats):
        predictions = np.full(len(kept), np.nan)
        for known, held in folds(activities, split, number, seed + repeat):
            predictions[held] = learn(known, held)
            measured.append(judge(activities.targets[held], predictions[held], activities.task))
            tell()
        kept = predictions if repeat == 0 else kept
    names = measured[0]
    return Validation({name: interval([one[name] for one in measured]) for name in names}, kept)


def judge(targets: np.ndarray, predictions: np.ndarray, task: Task) -> dict[str, float]:
    """Figures of predictions (n,); NaN where one class alone leaves a figure undefined."""
    from sklearn.metrics import average_precision_score, brier_score_loss, matthews_corrcoef, r2_score, roc_auc_score

    if task == "regression":
        rank: Any = spearmanr(targets, predictions)[0]
        rmse = float(np.sqrt(np.mean((targets - predictions) ** 2)))
        return {"RMSE": rmse, "R2": float(r2_score(targets, predictions)), "Spearman": float(rank)}
    if len(set(targets)) == 1:
        return dict.fromkeys(("ROC-AUC", "PR-AUC", "MCC", "calibration error", "Brier"), np.nan)
    return {
        "ROC-AUC": float(roc_auc_score(targets, predictions)),
        "PR-AUC": float(average_precision_score(targets, predictions)),
        "MCC": float(matthews_corrcoef(targets, predictions >= 0.5)),  # noqa: PLR2004 - the usual cut
        "calibration error": calibration_error(targets, predictions),
        "Brier": float(brier_score_loss(targets, predictions)),
    }


def calibration_error(targets: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Mean over molecules of |share of actives - mean probability| in their tenth of the probability's range."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs((targets - probabilities)[place == one].sum()) for one in range(bins)]
    return float(sum(gaps) / len(targets))


def interval(values: list[float]) -> Interval:
    """Mean and its 95 % interval by Student's t; folds share data, so it is a little narrow."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return (np.nan, np.nan, np.nan)
    mean = float(known.mean())
    half = float(t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else np.nan
    return (mean, mean - half, mean + half)
