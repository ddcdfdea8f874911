"""Several runs on one page: figures and curves side by side, shared and own hits, and the molecules of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.metrics.diversity import diversity
from chemmara.records.summary import Summary
from chemmara.report.embedded import rounded
from chemmara.report.hits import BEST, WHOLE, Explorer, best_in_words
from chemmara.report.objective import AGGREGATION, components
from chemmara.report.page import component_meanings, render
from chemmara.report.wording import FIGURES, number

_POINTS: Final = 60  # of a curve
_PICTURED: Final = 6  # molecules that only one group found, drawn for each


@dataclass(frozen=True)
class RunRecord:
    """A finished run, as it is compared with others."""

    name: str
    group: str  # what it is compared as: its method where several seeds belong together, else its own name
    settings: dict[str, Any]
    calls: pd.DataFrame
    summary: Summary


def side_by_side_page(name: str, runs: Sequence[RunRecord], tables: dict[str, pd.DataFrame]) -> str:
    """The page of several runs, which need not have the same objective.

    Args:
        name: heading of the page.
        runs: at least one; those of one group are drawn as one curve, from the lowest to the highest.
        tables: text cells to show first, by what their rows are; where there are none, the figures of each run.
    """
    groups = list(dict.fromkeys(run.group for run in runs))
    union = _union(runs, groups)
    shown, own = _on_the_page(union, groups, sum(len(run.calls) for run in runs))
    explorer = Explorer(
        table=shown.drop(columns=["run", "groups"]),
        names=[f"call-{call} {run}" for run, call in zip(shown["run"], shown["call"], strict=True)],
        scaffolds={smiles: core for run in runs for smiles, core in run.summary.diversity.scaffolds.items()},
        about={key: value for run in runs for key, value in component_meanings(run.settings["objective"]).items()},
        picks=diversity(shown["smiles"].tolist(), (0.75,)).circles[0.75],
        every=union,
    )
    objectives = [run.settings["objective"] for run in runs]
    alike = all(objective == objectives[0] for objective in objectives)
    thresholds = sorted({run.settings["hit_threshold"] for run in runs})
    calls = pd.concat([run.calls for run in runs], ignore_index=True)
    is_hit = np.concatenate([run.calls["score"].to_numpy(float) >= run.settings["hit_threshold"] for run in runs])
    data = {
        "name": name,
        "key": f"{name} {' '.join(run.name for run in runs)} {len(calls)}",
        "threshold": thresholds[0],
        "hits": explorer.data(),
        "own": [{"name": group, "rows": own[group]} for group in groups],
        "objective": components(objectives[0], calls, is_hit) if alike else [],
        "charts": _charts(runs, groups),
    }
    return render(
        "comparison.html",
        data,
        name=name,
        runs=[_described(run) for run in runs],
        groups=groups,
        tables=tables or {"": _figures(runs)},
        shared=_shared(runs, groups, union),
        hits_found=len(union),
        hits_shown=len(shown),
        first=best_in_words(shown),
        threshold_words=" or ".join(f"{value:g}" for value in thresholds),
        components=data["objective"],
        aggregation=AGGREGATION[objectives[0].get("aggregation", "geometric")] if alike else "",
        alike=alike,
    )


def _union(runs: Sequence[RunRecord], groups: Sequence[str]) -> pd.DataFrame:
    """Every hit once, best first, from the run that scored it highest; `found by` names the groups that found it."""
    finders: dict[str, set[str]] = {}
    for run in runs:
        for smiles in run.summary.hits["smiles"]:
            finders.setdefault(smiles, set()).add(run.group)
    parts = [run.summary.hits.drop(columns="error").assign(run=run.name) for run in runs if len(run.summary.hits)]
    if not parts:
        return runs[0].summary.hits.drop(columns="error").assign(run="", groups=None, **{"found by": ""})
    table = pd.concat(parts, ignore_index=True).sort_values("score", ascending=False, kind="stable")
    table = table.drop_duplicates("smiles").reset_index(drop=True)
    having = [tuple(group for group in groups if group in finders[smiles]) for smiles in table["smiles"]]
    return table.assign(groups=having, **{"found by": [", ".join(each) for each in having]})


def _on_the_page(union: pd.DataFrame, groups: Sequence[str], calls: int) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """The hits that are shown, and of them the rows of the best that each group alone found."""
    only = {group: union.index[[each == (group,) for each in union["groups"]]][:_PICTURED] for group in groups}
    kept = (
        union.index
        if calls <= WHOLE
        else union.index[:BEST].union(pd.Index([i for rows in only.values() for i in rows]))
    )
    position = {index: row for row, index in enumerate(kept)}
    return union.loc[kept].reset_index(drop=True), {
        group: [position[index] for index in rows] for group, rows in only.items()
    }


def _shared(runs: Sequence[RunRecord], groups: Sequence[str], union: pd.DataFrame) -> list[dict[str, Any]]:
    """For each group: its hits and scaffolds, those that it alone found, and those that it shares with each other."""
    hits = {group: set(union.loc[[group in each for each in union["groups"]], "smiles"]) for group in groups}
    cores: dict[str, set[str]] = {group: set() for group in groups}
    for run in runs:
        cores[run.group] |= set(run.summary.diversity.scaffolds.values())
    records = []
    for group in groups:
        others = [other for other in groups if other != group]
        records.append(
            {
                "name": group,
                "hits": len(hits[group]),
                "own": len(hits[group].difference(*(hits[other] for other in others))),
                "scaffolds": len(cores[group]),
                "own_scaffolds": len(cores[group].difference(*(cores[other] for other in others))),
                "with": [number(len(hits[group] & hits[other])) if other != group else "" for other in groups],
            }
        )
    return records


def _figures(runs: Sequence[RunRecord]) -> pd.DataFrame:
    """The figures of each run as text; a row for each figure."""
    cells = {run.name: [number(run.summary.figures[key]) for key in FIGURES] for run in runs}
    cells["what it means"] = [sentence for _, sentence in FIGURES.values()]
    return pd.DataFrame(cells, index=[label for label, _ in FIGURES.values()])


_CURVES: Final = {
    "hits": ("Hits", "Molecules that reached the hit threshold."),
    "scaffolds": (
        "Scaffolds among the hits",
        "Different scaffolds: where a curve levels off, that run repeats itself.",
    ),
    "top10": ("Mean score of the ten best", "How good the best molecules are so far."),
}


def _charts(runs: Sequence[RunRecord], groups: Sequence[str]) -> list[dict[str, Any]]:
    """Curves against calls: the mean of a group's runs, with a band from its lowest to its highest."""
    courses = {group: [run.summary.curves for run in runs if run.group == group] for group in groups}
    return [
        {
            "title": title,
            "about": sentence,
            "group": "headline",
            "lines": [_line(group, of_group, key) for group, of_group in courses.items()],
        }
        for key, (title, sentence) in _CURVES.items()
    ]


def _line(group: str, courses: Sequence[pd.DataFrame], key: str) -> dict[str, Any]:
    grid = np.linspace(0, max(course["calls"].max() for course in courses), _POINTS).round()
    lines = np.array([np.interp(grid, course["calls"], course[key]) for course in courses])
    line = {"name": group, "x": rounded(grid, 9), "y": rounded(lines.mean(axis=0))}
    return line if len(lines) == 1 else line | {"low": rounded(lines.min(axis=0)), "high": rounded(lines.max(axis=0))}


def _described(run: RunRecord) -> dict[str, Any]:
    settings = run.settings
    return {
        "name": run.name, "method": settings["method"]["name"], "prior": settings["prior"], "seed": settings["seed"],
        "calls": len(run.calls), "budget": settings["budget"], "threshold": settings["hit_threshold"],
    }  # fmt: skip
