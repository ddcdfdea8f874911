"""One run as one self-contained HTML page, and the frame of all pages: nothing is fetched, only our script runs."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from chemmara.records.ledger import Ledger
from chemmara.records.summary import Summary, failure_reasons
from chemmara.report.course import (
    component_curves,
    headline_charts,
    stage_starts,
    stages_in_words,
    start_in_words,
    step_curves,
)
from chemmara.report.embedded import as_json
from chemmara.report.given import laid_out_parts
from chemmara.report.hits import Explorer, best_in_words, hits_on_the_page
from chemmara.report.objective import AGGREGATION, about, as_text, components
from chemmara.report.pictures import Gallery
from chemmara.report.wording import FIGURES, HEADLINE, number
from chemmara.scoring.saved import component_name

_SCRIPTS: Final = ("molecules.js", "charts.js", "explorer.js", "taking.js", "filters.js", "page.js")
_FAILURES: Final = 200  # calls without a score that are listed


def run_page(name: str, ledger: Ledger, calls: pd.DataFrame, summary: Summary, hits: pd.DataFrame) -> str:
    """The page of a run, from its ledger and nothing else; a run without calls has a page, too.

    Args:
        name: of the run.
        ledger: of the run, for its steps, settings and versions.
        calls: the ledger's frame.
        summary: what the calls come to.
        hits: `summary.hits` as hits.csv has them; every further column is shown, filtered and sorted by, too.
    """
    settings = ledger.get("campaign")
    objective, threshold = settings["objective"], settings["hit_threshold"]
    meanings = component_meanings(objective)
    shown = hits_on_the_page(hits, len(calls))
    explorer = Explorer(
        table=shown,
        names=[f"call-{call}" for call in shown["call"]],
        scaffolds=summary.diversity.scaffolds,
        about=meanings,
        picks=summary.diversity.circles[0.75],
        every=hits,
        parts=laid_out_parts(settings.get("start", {})),
    )
    scores = calls["score"].to_numpy(dtype=float)
    final = calls["stage"].to_numpy() > len(settings["stage"]) if "stage" in calls else np.ones(len(calls), dtype=bool)
    models = ledger.get("models") or {}  # runs of earlier versions do not have them
    written_out = components(objective, calls.loc[final], scores[final] >= threshold, models)
    others = [component_name(part) for stage in settings.get("stage", ()) for part in stage["objective"]["component"]]
    measured = [component for component in dict.fromkeys([*others, *meanings]) if component in calls]
    charts = [
        *headline_charts(summary.curves, scores, threshold),
        *step_curves(ledger.steps()),
        *component_curves(calls, measured),
    ]
    if marks := stage_starts(calls):
        charts = [chart | {"marks": marks} for chart in charts]
    data = {
        "name": name,
        "key": f"{name} {ledger.get('prior_sha256')} {settings['seed']} {len(calls)}",
        "threshold": threshold,
        "hits": explorer.data(),
        "objective": written_out,
        "charts": charts,
    }
    failed = calls.loc[calls["stage_score" if "stage_score" in calls else "score"].isna()]
    return render(
        "run.html",
        data,
        name=name,
        settings=settings,
        figures=summary.figures,
        hits_found=len(hits),
        hits_shown=len(shown),
        first=best_in_words(hits),
        components=written_out,
        aggregation=AGGREGATION[objective["aggregation"]],
        start=start_in_words(settings.get("start", {}), int((hits["step"].to_numpy() == 0).sum())),
        stages=stages_in_words(settings, calls),
        failed=len(failed),
        reasons=failure_reasons(calls),
        failures=failed.head(_FAILURES).to_dict("records"),
        method=[(key, as_text(value)) for key, value in settings["method"].items()],
        versions=ledger.get("versions"),
        processor=ledger.get("processor"),
        prior_sha256=ledger.get("prior_sha256"),
        prior_writes=ledger.get("prior_writes"),
    )


def component_meanings(objective: dict[str, Any]) -> dict[str, str]:
    """What each component measures, by the name of its column."""
    return {
        component_name(part): about(part) or f"value of the oracle {part['oracle']}" for part in objective["component"]
    }


def render(template: str, data: dict[str, Any], **values: Any) -> str:
    """Fill a template and embed data and script; whatever is put in is escaped, save our own files.

    The page's policy forbids every request, and every script but this one, which it names by its checksum.
    """
    script = '(() => {\n"use strict";\n' + "\n".join(map(_own_file, _SCRIPTS)) + "\n})();\n"
    return (
        _environment()
        .get_template(template)
        .render(
            style=_style(),
            script=Markup(script),  # noqa: S704 - our own files
            checksum=b64encode(sha256(script.encode()).digest()).decode(),
            data=as_json(data),
            wording=FIGURES,
            headline=HEADLINE,
            **values,
        )
    )


@dataclass(frozen=True)
class Section:
    """A table of text cells with its heading and notes."""

    title: str
    rows: str  # what heads the column of row names
    table: pd.DataFrame  # text cells; the index is the names of the rows
    notes: tuple[str, ...] = ()


def benchmark_page(
    name: str, lead: Sequence[str], sections: Sequence[Section], galleries: Sequence[Gallery] = ()
) -> str:
    """The page of a benchmark: sentences at its head, its tables, and molecules; it needs no script."""
    template = _environment().get_template("benchmark.html")
    return template.render(style=_style(), name=name, lead=lead, sections=sections, galleries=galleries)


def _environment() -> Environment:
    """Where templates come from; whatever they are filled with is escaped."""
    environment = Environment(
        loader=PackageLoader("chemmara.report", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = number
    return environment


def _style() -> Markup:
    return Markup(_own_file("style.css"))  # noqa: S704 - our own file


def _own_file(name: str) -> str:
    return (files("chemmara.report") / name).read_text(encoding="utf-8")
