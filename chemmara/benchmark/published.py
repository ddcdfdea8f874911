"""Published figures beside ours, and what about them cannot be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pandas as pd
from pydantic import Field, PositiveInt

from chemmara import assets, config
from chemmara.config import Strict
from chemmara.errors import ChemmaraError

_PREVIOUS = "_prev"


class NotComparable(Strict):
    """Methods whose figures are of another kind."""

    methods: tuple[str, ...]
    """Names as the figures have them."""
    why: str
    """The reason, as the end of a sentence."""


class Source(Strict):
    """Where figures were published, and under which conditions."""

    name: str
    """As the column `source` of the figures has it."""
    citation: str
    """Authors, year, identifier, and the file they were taken from."""
    budget: PositiveInt
    """Oracle calls of a run."""
    prior: str
    """Bundled prior that learned from the same molecules, or what the prior was."""
    runs: PositiveInt
    """Runs behind a mean, or the fewest of them."""
    remarks: tuple[str, ...] = ()
    """What a reader has to know, in sentences."""
    not_comparable: tuple[NotComparable, ...] = ()
    """Methods whose figures are of another kind."""


class _Sources(Strict):
    source: Annotated[tuple[Source, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Published:
    """Bundled published figures."""

    sources: dict[str, Source]  # by name
    rows: list[dict[str, Any]]  # source, method, task, figure, mean, deviation (NaN where it was not given)


def load_published(name: str | None, suite: str) -> Published:
    """The published figures of a suite; ChemmaraError where none are bundled for it."""
    if name is None:
        raise ChemmaraError(f"suite {suite}: has no published figures; leave --against out")
    folder = assets.DATA / "published"
    if not (folder / f"{name}.toml").is_file():
        known = sorted(path.stem for path in folder.glob("*.toml"))
        raise ChemmaraError(f"suite {suite}: no published figures {name!r}{config.did_you_mean(name, known)}")
    sources = config.load(_Sources, folder / f"{name}.toml").source
    rows = pd.read_csv(folder / f"{name}.csv").to_dict("records")
    return Published({source.name: source for source in sources}, cast("list[dict[str, Any]]", rows))


@dataclass(frozen=True)
class Conditions:
    """How our runs were made: what a published figure must share with them to be compared."""

    tasks: dict[str, str]  # of each of our tasks, the benchmark task that it is
    budget: int
    prior: str


def beside(published: Published, figure: str, ours: Conditions) -> list[dict[str, Any]]:
    """Published rows of a figure for our tasks: task (our name), method, source, mean, deviation, and two marks.

    `other_definition`: the published task is the older or newer definition of ours (NAME_prev and NAME).
    `comparable`: same definition, calls and molecules behind the prior, and no limit that the source names.
    """
    rows = []
    for name, task in ours.tasks.items():
        for row in published.rows:
            if row["figure"] != figure or row["task"].removesuffix(_PREVIOUS) != task.removesuffix(_PREVIOUS):
                continue
            source = published.sources[row["source"]]
            limited = any(row["method"] in limit.methods for limit in source.not_comparable)
            alike = row["task"] == task and source.budget == ours.budget and source.prior == ours.prior
            marks = {"other_definition": row["task"] != task, "comparable": alike and not limited}
            rows.append({**row, "task": name, **marks})
    return rows


def remarks(rows: Sequence[dict[str, Any]], published: Published, ours: Conditions) -> list[str]:
    """Sentences on where the rows of `beside` come from, and on what of them cannot be compared and why."""
    sentences = []
    for name in dict.fromkeys(row["source"] for row in rows):
        source, own = published.sources[name], [row for row in rows if row["source"] == name]
        methods = list(dict.fromkeys(row["method"] for row in own))
        others = list(dict.fromkeys(row["task"] for row in own if row["other_definition"]))
        sentences.append(f"{', '.join(methods)}: {source.citation}; {source.runs} runs or more.")
        sentences += _limits(source, ours, methods, others)
        sentences += source.remarks
    return sentences


def _limits(source: Source, ours: Conditions, methods: list[str], others: list[str]) -> list[str]:
    """What of a source's figures of these methods cannot be compared; `others`: tasks of another definition there."""
    names, sentences = ", ".join(methods), []
    if source.budget != ours.budget:
        sentences.append(f"Not comparable: {names} had {source.budget} calls, ours {ours.budget}.")
    if source.prior != ours.prior:
        sentences.append(f"Not comparable: {names} had another prior ({source.prior}; ours is {ours.prior}).")
    sentences += [
        f"Not comparable: {', '.join(limited)}, since {limit.why}."
        for limit in source.not_comparable
        if (limited := [method for method in limit.methods if method in methods])
    ]
    if others:
        sentences.append(f"Not comparable: {names} on {', '.join(others)}, which had another definition there.")
    return sentences
