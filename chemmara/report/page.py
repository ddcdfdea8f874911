"""A run, a comparison of methods or a benchmark as one self-contained HTML page: no scripts, nothing from outside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.figure import Figure

from chemmara.molecules.chem import parse, scaffold
from chemmara.records.ledger import Ledger
from chemmara.records.summary import Summary
from chemmara.report.figures import as_svg, run_figure
from chemmara.report.structures import drawing

_SHOWN = 24  # molecules drawn


def run_page(name: str, ledger: Ledger, calls: pd.DataFrame, summary: Summary, fronts: np.ndarray) -> str:
    """The page of a run, from its ledger and nothing else; a run without calls has a page, too.

    Args:
        name: of the run.
        ledger: of the run, for its settings and versions.
        calls: the ledger's frame.
        summary: what the calls come to.
        fronts: (hits,) Pareto front of each hit.
    """
    settings, failed = ledger.get("campaign"), calls.loc[calls["score"].isna()]
    return _render(
        "run.html",
        name=name,
        settings=settings,
        figures=summary.figures,
        versions=ledger.get("versions"),
        processor=ledger.get("processor"),
        prior_sha256=ledger.get("prior_sha256"),
        failed=len(failed),
        failures=list(_records(failed.head(10))),
        course=_drawn(as_svg(run_figure(summary.curves, calls, settings["hit_threshold"]), "course")),
        front=_front(summary.hits.loc[fronts == 1], settings["objective"]),
        hits=_cards(summary.hits, [column for column in calls.columns if column not in _COLUMNS]),
    )


def comparison_page(
    name: str,
    figure: Figure,
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    hit_threshold: float,
    budget: int,
    seeds: int,
) -> str:
    """The page of a comparison: curves, and text cells by method (`table`) and by pair of methods (`pairs`)."""
    return _render(
        "comparison.html",
        name=name,
        tables={"method": table, "paired difference": pairs},
        hit_threshold=hit_threshold,
        budget=budget,
        seeds=seeds,
        curves=_drawn(as_svg(figure, "comparison")),
    )


@dataclass(frozen=True)
class Section:
    """A table of text cells with its heading and notes."""

    title: str
    rows: str  # what heads the column of row names
    table: pd.DataFrame  # text cells; the index is the names of the rows
    notes: tuple[str, ...] = ()


def benchmark_page(name: str, lead: Sequence[str], sections: Sequence[Section]) -> str:
    """The page of a benchmark: sentences at its head, then its tables."""
    return _render("benchmark.html", name=name, lead=lead, sections=sections)


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


def _front(best: pd.DataFrame, objective: dict[str, Any]) -> list[dict[str, Any]]:
    """The hits that no other one beats in every component, best first; [] where one component leaves no choice."""
    names = [
        component["name"] or component["oracle"]
        for component in objective["component"]
        if component.get("role", "score") == "score"
    ]
    if len(names) == 1:
        return []
    return [{**hit, "values": {name: hit[name] for name in names}} for hit in best.to_dict("records")]


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows, a hundred at a time: of many thousands only the first are needed."""
    for start in range(0, len(table), 100):
        yield from table.iloc[start : start + 100].to_dict("records")


def _cards(hits: pd.DataFrame, components: list[str]) -> list[dict[str, Any]]:
    """The best hit of each of the first scaffolds, with its drawing and components."""
    cards: dict[str, dict[str, Any]] = {}
    for hit in _records(hits):
        molecule = parse(hit["smiles"])
        key = "" if molecule is None else scaffold(molecule)
        if key not in cards:
            values = {component: hit[component] for component in components}
            cards[key] = {**hit, "values": values, "drawing": _drawn(drawing(hit["smiles"]))}
        if len(cards) == _SHOWN:
            break
    return list(cards.values())
