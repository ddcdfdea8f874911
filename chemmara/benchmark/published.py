"""Published figures beside ours, and what about them cannot be compared."""

from dataclasses import dataclass
from typing import Annotated

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
    figures: pd.DataFrame  # source, method, task, figure, mean, deviation (NaN where it was not given)


def load_published(name: str | None, suite: str) -> Published:
    """The published figures of a suite; ChemmaraError where none are bundled for it."""
    if name is None:
        raise ChemmaraError(f"suite {suite}: has no published figures; leave --against out")
    folder = assets.DATA / "published"
    if not (folder / f"{name}.toml").is_file():
        known = sorted(path.stem for path in folder.glob("*.toml"))
        raise ChemmaraError(f"suite {suite}: no published figures {name!r}{config.did_you_mean(name, known)}")
    sources = config.load(_Sources, folder / f"{name}.toml").source
    return Published({source.name: source for source in sources}, pd.read_csv(folder / f"{name}.csv"))


@dataclass(frozen=True)
class Conditions:
    """How our runs were made: what a published figure must share with them to be compared."""

    tasks: dict[str, str]  # of each of our tasks, the benchmark task that it is
    budget: int
    prior: str


def beside(published: Published, figure: str, ours: Conditions) -> pd.DataFrame:
    """Published rows of a figure for our tasks: task (our name), method, source, mean, deviation, and two marks.

    `other_definition`: the published task is the older or newer definition of ours (NAME_prev and NAME).
    `comparable`: same definition, calls and molecules behind the prior, and no limit that the source names.
    """
    rows = []
    for name, task in ours.tasks.items():
        for row in published.figures.to_dict("records"):
            if row["figure"] != figure or row["task"].removesuffix(_PREVIOUS) != task.removesuffix(_PREVIOUS):
                continue
            source = published.sources[row["source"]]
            limited = any(row["method"] in limit.methods for limit in source.not_comparable)
            alike = row["task"] == task and source.budget == ours.budget and source.prior == ours.prior
            marks = {"other_definition": row["task"] != task, "comparable": alike and not limited}
            rows.append({**row, "task": name, **marks})
    columns = ["task", "method", "source", "mean", "deviation", "other_definition", "comparable"]
    return pd.DataFrame(rows, columns=columns)


def remarks(rows: pd.DataFrame, published: Published, ours: Conditions) -> list[str]:
    """Sentences on where the rows of `beside` come from, and on what of them cannot be compared and why."""
    sentences = []
    for name, own in rows.groupby("source", sort=False):
        source = published.sources[str(name)]
        methods = ", ".join(dict.fromkeys(own["method"]))
        sentences.append(f"{methods}: {source.citation}; {source.runs} runs or more.")
        if source.budget != ours.budget:
            sentences.append(f"Not comparable: {methods} had {source.budget} calls, ours {ours.budget}.")
        if source.prior != ours.prior:
            sentences.append(f"Not comparable: {methods} had another prior ({source.prior}; ours is {ours.prior}).")
        for limit in source.not_comparable:
            if named := [method for method in limit.methods if (own["method"] == method).any()]:
                sentences.append(f"Not comparable: {', '.join(named)}, since {limit.why}.")
        if others := list(dict.fromkeys(own.loc[own["other_definition"], "task"])):
            sentences.append(f"Not comparable: {methods} on {', '.join(others)}, which had another definition there.")
        sentences += source.remarks
    return sentences
