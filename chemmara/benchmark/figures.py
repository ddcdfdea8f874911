"""The figures that a benchmark can judge runs by, each computed from a run's ledger alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import pandas as pd

from chemmara.metrics.diversity import internal_diversity
from chemmara.metrics.modes import Mode, effective_modes, modes
from chemmara.metrics.quality import auc_top, top_mean
from chemmara.records.summary import Summary, summarise


@dataclass(frozen=True)
class RunRecord:
    """What a run left behind, and what its figures need to know."""

    calls: pd.DataFrame  # the ledger's frame
    steps: pd.DataFrame  # the ledger's steps
    hit_threshold: float
    budget: int
    references: Mapping[str, str]  # SMILES of known chemotypes by name; {} where the task has none
    similarity: float  # from which a hit belongs to a reference

    @property
    def scores(self) -> np.ndarray:
        """Scores (calls,) in the order of the calls; NaN for no score."""
        return self.calls["score"].to_numpy(dtype=float)

    @cached_property
    def summary(self) -> Summary:
        """The figures that every report has."""
        return summarise(self.calls, self.hit_threshold, self.budget)

    @cached_property
    def modes(self) -> list[Mode]:
        """What was found of each reference."""
        smiles = self.calls["smiles"].tolist()
        return modes(smiles, self.scores, self.hit_threshold, self.references, self.similarity)


@dataclass(frozen=True)
class Figure:
    """A figure of a run: its heading, which way it is better, and how it is computed."""

    heading: str
    better: Literal["larger", "smaller", "neither"]
    value: Callable[[RunRecord], float]


def _of_summary(key: str) -> Callable[[RunRecord], float]:
    return lambda run: float(run.summary.figures[key])


def _auc(k: int) -> Callable[[RunRecord], float]:
    return lambda run: auc_top(run.scores, k, budget=run.budget)


def _top(k: int) -> Callable[[RunRecord], float]:
    return lambda run: top_mean(run.scores, k)


def _diversity_of_the_best(run: RunRecord) -> float:
    """IntDiv1 of the 100 best molecules, whether hits or not; equal scores in the order they were found."""
    order = np.argsort(-run.scores, kind="stable")
    best = order[np.isfinite(run.scores[order])][:100]
    return internal_diversity([str(smiles) for smiles in run.calls["smiles"].to_numpy()[best]])


def _validity(run: RunRecord) -> float:
    """Mean over the steps of the share of sampled SMILES that are valid."""
    return float(run.steps["valid"].to_numpy(dtype=float).mean()) if len(run.steps) else float("nan")


def _calls_to_all_modes(run: RunRecord) -> float:
    """Number of the call by which every reference was found; NaN where one was not."""
    return float(np.max([mode.first_call for mode in run.modes]))


FIGURES: Final[dict[str, Figure]] = {
    "auc_top1": Figure("AUC top-1", "larger", _auc(1)),
    "auc_top10": Figure("AUC top-10", "larger", _auc(10)),
    "auc_top100": Figure("AUC top-100", "larger", _auc(100)),
    "top1": Figure("top-1", "larger", _top(1)),
    "top10": Figure("top-10", "larger", _top(10)),
    "top100": Figure("top-100", "larger", _top(100)),
    "top100_intdiv": Figure("IntDiv1 of the top 100", "neither", _diversity_of_the_best),
    "hits": Figure("hits", "larger", _of_summary("hits")),
    "ob1": Figure("calls to the first hit", "smaller", _of_summary("ob1")),
    "ob100": Figure("calls to 100 hits", "smaller", _of_summary("ob100")),
    "scaffolds": Figure("scaffolds", "larger", _of_summary("scaffolds")),
    "generic_scaffolds": Figure("generic scaffolds", "larger", _of_summary("generic_scaffolds")),
    "circles75": Figure("#Circles .75", "larger", _of_summary("circles75")),
    "circles70": Figure("#Circles .70", "larger", _of_summary("circles70")),
    "intdiv1": Figure("IntDiv1 of the hits", "neither", _of_summary("intdiv1")),
    "validity": Figure("validity", "neither", _validity),
    "calls": Figure("calls made", "neither", lambda run: float(len(run.calls))),
    "modes": Figure("modes found", "larger", lambda run: float(sum(mode.found for mode in run.modes))),
    "effective_modes": Figure("effective modes", "larger", lambda run: effective_modes(run.modes)),
    "calls_to_all_modes": Figure("calls to all modes", "smaller", _calls_to_all_modes),
}
"""Every figure by the name that a suite uses."""

NEED_REFERENCES: Final = frozenset({"modes", "effective_modes", "calls_to_all_modes"})
"""Figures of tasks that have references."""
