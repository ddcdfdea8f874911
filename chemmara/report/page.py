"""A run, or a comparison of methods, as one self-contained HTML page: no scripts, nothing from outside."""

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from chemmara.molecules.chem import parse, scaffold
from chemmara.records.ledger import Ledger
from chemmara.records.summary import hits_of, run_figures
from chemmara.report.figures import as_svg, comparison_figure, run_figure
from chemmara.report.structures import drawing
from chemmara.scoring.pareto import component_desirabilities, pareto_rank

_SHOWN = 24  # molecules drawn


def run_page(name: str, ledger: Ledger) -> str:
    """The page of a run, from its ledger and nothing else; a run without calls has a page, too."""
    calls, settings = ledger.frame(), ledger.get("campaign")
    hit_threshold = settings["hit_threshold"]
    figures = run_figures(calls, hit_threshold, settings["budget"])
    return _render(
        "run.html",
        name=name,
        settings=settings,
        figures=figures,
        versions=ledger.get("versions"),
        processor=ledger.get("processor"),
        prior_sha256=ledger.get("prior_sha256"),
        failed=[call for call in ledger.calls() if math.isnan(call.score)],
        course=_drawn(as_svg(run_figure(calls, hit_threshold), "course")),
        front=_front(hits_of(calls, hit_threshold), settings["objective"]),
        hits=_cards(hits_of(calls, hit_threshold), [c for c in calls.columns if c not in _COLUMNS]),
    )


def comparison_page(
    name: str,
    runs: Mapping[str, Sequence[pd.DataFrame]],
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    hit_threshold: float,
    budget: int,
) -> str:
    """The page of a comparison: curves, and text cells by method (`table`) and by pair of methods (`pairs`)."""
    return _render(
        "comparison.html",
        name=name,
        tables={"method": table, "paired difference": pairs},
        hit_threshold=hit_threshold,
        budget=budget,
        seeds=max(len(frames) for frames in runs.values()),
        curves=_drawn(as_svg(comparison_figure(runs, hit_threshold), "comparison")),
    )


_COLUMNS = {"call", "step", "smiles", "score", "error"}


def _render(template: str, **values: Any) -> str:
    """Fill a template; whatever is put in is escaped, save our own drawings."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    folder = files("chemmara.report")
    style = Markup((folder / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    text = (folder / template).read_text(encoding="utf-8")
    return environment.from_string(text).render(style=style, **values)


def _drawn(svg: str) -> Markup:
    """A drawing made here by matplotlib or RDKit, which escape what they are given."""
    return Markup(svg)  # noqa: S704 - see above


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return "–"  # noqa: RUF001 - a dash for what is not defined
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _front(hits: pd.DataFrame, objective: dict[str, Any]) -> list[dict[str, Any]]:
    """The hits that no other one beats in every component, best first; [] where one component leaves no choice."""
    names = [
        component["name"] or component["oracle"]
        for component in objective["component"]
        if component.get("role", "score") == "score"
    ]
    if len(names) == 1 or not len(hits):
        return []
    best: Any = hits[pareto_rank(component_desirabilities(objective, hits)) == 1]
    return [{**hit, "values": {name: hit[name] for name in names}} for hit in best.to_dict("records")]


def _cards(hits: pd.DataFrame, components: list[str]) -> list[dict[str, Any]]:
    """The best hit of each of the first scaffolds, with its drawing and components."""
    cards: dict[str, dict[str, Any]] = {}
    for hit in hits.to_dict("records"):
        molecule = parse(hit["smiles"])
        key = "" if molecule is None else scaffold(molecule)
        if key not in cards:
            values = {component: hit[component] for component in components}
            cards[key] = {**hit, "values": values, "drawing": _drawn(drawing(hit["smiles"]))}
        if len(cards) == _SHOWN:
            break
    return list(cards.values())
