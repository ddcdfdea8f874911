"""How good a model is on molecules, or on scaffolds, that it did not learn from."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from scipy.stats import spearmanr, t

from chemmara.qsar.data import Activities, Task

Split = Literal["scaffold", "random"]
Interval = tuple[float, float, float]  # mean, and both ends of its 95 % interval

FIGURES: Final[dict[Task, tuple[str, ...]]] = {
    "classification": ("ROC-AUC", "PR-AUC", "MCC", "calibration error", "Brier"),
    "regression": ("RMSE", "R2", "Spearman"),
}


@dataclass(frozen=True)
class Validation:
    """Figures and predictions of molecules that were held out."""

    figures: dict[str, Interval]  # NaN where no fold defines a figure
    predictions: np.ndarray  # (n,) by a model that did not see the molecule (of the first repeat); NaN without one
    notes: list[str] = field(default_factory=list)  # where the folds are not those that were wanted

    @property
    def judged(self) -> np.ndarray:
        """Which molecules (n,) have a prediction."""
        return ~np.isnan(self.predictions)


def folds(activities: Activities, split: Split, number: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to judge by, up to `number` times; every row is judged once.

    A scaffold lies in one fold as a whole: there are no more folds than scaffolds, and none at all of one scaffold.
    Classes are shared out as evenly as their numbers allow.
    """
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

    rows = np.arange(len(activities.targets))
    classes = activities.targets.astype(int) if activities.task == "classification" else np.zeros(len(rows), dtype=int)
    _, groups = np.unique(activities.scaffolds, return_inverse=True)
    number = min(number, len(set(groups)) if split == "scaffold" else len(rows) // 2)
    if number < 2:  # noqa: PLR2004 - one to learn from, one to judge by
        return []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class in y")  # some folds lack it: judged so
        if split == "scaffold":
            made = list(StratifiedGroupKFold(number, shuffle=True, random_state=seed).split(rows, classes, groups))
        else:
            splitter = StratifiedKFold if activities.task == "classification" else KFold
            made = list(splitter(number, shuffle=True, random_state=seed).split(rows, classes))
    return [(known, held) for known, held in made if len(known) and len(held)]


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
    """Cross-validation; `learn` is given rows to learn from and rows to predict, `tell` is called after each fold.

    A fold that leaves one class alone to learn from is not judged: its molecules have no prediction.
    """
    figures: list[dict[str, float]] = []
    kept = np.full(len(activities.targets), np.nan)
    made, passed_over = 0, 0
    for repeat in range(repeats):
        predictions = np.full(len(kept), np.nan)
        for known, held in folds(activities, split, number, seed + repeat):
            made += 1
            if activities.task == "classification" and len(set(activities.targets[known])) == 1:
                passed_over += 1
            else:
                predictions[held] = learn(known, held)
                figures.append(judge(activities.targets[held], predictions[held], activities.task))
            tell()
        kept = predictions if repeat == 0 else kept
    names = FIGURES[activities.task]
    intervals = {name: interval([fold[name] for fold in figures]) for name in names}
    return Validation(intervals, kept, _notes(activities, split, number * repeats, made, passed_over))


def _notes(activities: Activities, split: Split, wanted: int, made: int, passed_over: int) -> list[str]:
    notes = []
    if not made:
        notes.append(f"the {split} split has no figures: all molecules have one scaffold")
    elif made < wanted:
        scaffolds = len(set(activities.scaffolds))
        why = (
            f"there are {scaffolds} scaffolds"
            if split == "scaffold"
            else f"there are {len(activities.smiles)} molecules"
        )
        notes.append(f"the {split} split has {made} folds instead of {wanted}: {why}")
    if passed_over:
        notes.append(
            f"{passed_over} of {made} folds of the {split} split would learn from one class alone and are left out"
        )
    return notes


def judge(targets: np.ndarray, predictions: np.ndarray, task: Task) -> dict[str, float]:
    """Figures of predictions (n,), one molecule or more; NaN for one that is not defined.

    Not defined are ranks and R2 where all targets are equal, and ranks where all predictions are.
    """
    if task == "regression":
        return _regression_figures(targets, predictions)
    from sklearn.metrics import average_precision_score, matthews_corrcoef, roc_auc_score

    figures = dict.fromkeys(FIGURES["classification"], np.nan) | {
        "calibration error": calibration_error(targets, predictions),
        "Brier": float(np.mean((targets - predictions) ** 2)),
    }
    if len(set(targets)) > 1:
        figures["ROC-AUC"] = float(roc_auc_score(targets, predictions))
        figures["PR-AUC"] = float(average_precision_score(targets, predictions))
        figures["MCC"] = float(matthews_corrcoef(targets, predictions >= 0.5))  # noqa: PLR2004 - the usual cut
    return figures


def _regression_figures(targets: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    squared = (targets - predictions) ** 2
    figures = {"RMSE": float(np.sqrt(squared.mean())), "R2": np.nan, "Spearman": np.nan}
    if len(set(targets)) > 1:
        figures["R2"] = float(1.0 - squared.sum() / ((targets - targets.mean()) ** 2).sum())
        if len(set(predictions)) > 1:
            rank: Any = spearmanr(targets, predictions)[0]
            figures["Spearman"] = float(rank)
    return figures


def calibration_error(targets: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> float:
    """Mean over molecules of |share of actives - mean probability| in their tenth of the probability's range."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs((targets - probabilities)[place == tenth].sum()) for tenth in range(bins)]
    return float(sum(gaps) / len(targets))


def interval(values: list[float]) -> Interval:
    """Mean and its 95 % interval by Student's t; folds share data, so it is a little narrow."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return (np.nan, np.nan, np.nan)
    mean = float(known.mean())
    half = float(t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else np.nan
    return (mean, mean - half, mean + half)
