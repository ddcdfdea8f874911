"""A benchmark on paper: table.md, benchmark.html and CSV files, made from the runs' ledgers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from chemmara.benchmark import suite_pairs, suite_tables
from chemmara.benchmark.published import load_published
from chemmara.benchmark.statistics import as_markdown
from chemmara.benchmark.suite_figures import BEST, SuiteFigures, suite_figures
from chemmara.benchmark.suite_others import joined, runs_made_elsewhere
from chemmara.benchmark.suite_pairs import pair_rows, pair_section
from chemmara.benchmark.suite_published import published_sections
from chemmara.benchmark.suite_runs import Benchmark
from chemmara.benchmark.suite_tables import figure_section, long_table, mode_section, time_section
from chemmara.report.page import Section, benchmark_page
from chemmara.report.pictures import Gallery, picture
from chemmara.system.files import replacing, write_text

_ONE_SEED: Final = (
    "runs on another kind of processor that share a seed share the random numbers, not the molecules, so that a pair of"
    " them says no more than any two runs"
)


def write_tables(
    benchmark: Benchmark,
    out: Path,
    *,
    against: bool = False,
    others: Sequence[str] = (),
    tell: Callable[[int], None] = lambda _: None,
) -> str:
    """Write table.md, benchmark.html and the CSV files for the runs that have ended, and give table.md's text.

    table.csv has means, runs.csv every run; pairs.csv needs two methods, and modes.csv tasks with references.

    Args:
        benchmark: which runs the folder holds.
        out: the folder.
        against: set published figures beside ours.
        others: each a runs.csv of the same suite, or "measured"; their runs join the tables, but not this folder's
            runs.csv. Of a run that several have it is the first's, this folder's before all.
        tell: hears of each run that has been read.

    Raises:
        ChemmaraError: no run has ended, no figures were published for the suite, or `others` are not runs of it.
    """
    suite = benchmark.suite
    published = load_published(suite.published, suite.name) if against else None
    elsewhere = [runs_made_elsewhere(wanted, suite) for wanted in others]
    found = suite_figures(benchmark, out, tell)
    runs = found.runs
    for more in elsewhere:
        runs = joined(runs, more, [task.name for task in suite.task])
    pairs = pair_rows(runs, suite.figures, suite.sums)
    sections = []
    for figure in suite.figures:
        sections.append(figure_section(runs, figure, summed=figure in suite.sums))
        if pairs:
            sections.append(pair_section(pairs, figure))
    if not found.modes.empty:
        likeness = {task.name: task.similarity for task in suite.task}
        sections += [mode_section(found.modes, task, likeness[task]) for task in dict.fromkeys(found.modes["task"])]
    if published is not None:
        sections += published_sections(runs, suite, published)
    sections.append(time_section(runs))
    tables = {
        "table.csv": long_table(runs, suite.figures, suite.sums),
        "pairs.csv": pd.DataFrame(pairs),
        "modes.csv": found.modes,
        "runs.csv": found.runs,
    }
    for name, table in tables.items():
        _write_csv(table, out / name)
    lead = _lead(benchmark, found)
    if others:
        made = len(runs) - len(found.runs)
        lead.append(f"With {made} runs of {', '.join(others)}, which were made elsewhere; {_ONE_SEED}.")
    write_text(out / "benchmark.html", benchmark_page(suite.name, lead, sections, _galleries(found.best)))
    text = _markdown(suite.name, lead, sections)
    write_text(out / "table.md", text)
    return text


def _lead(benchmark: Benchmark, found: SuiteFigures) -> list[str]:
    """Sentences at the head: what was run, and what is still missing."""
    suite, seeds = benchmark.suite, len(benchmark.seeds)
    prior = Path(suite.prior).name
    counts = ((len(benchmark.tasks), "task"), (len(benchmark.methods), "method"), (seeds, "paired seed"))
    runs = ", ".join(f"{number} {word}{'s' * (number != 1)}" for number, word in counts)
    lead = [f"{suite.about}." if suite.about else "", f"{runs}; {suite.budget} oracle calls a run, prior {prior}."]
    if found.unfinished:
        missing = len(found.unfinished)
        lead.append(
            f"Not finished, and left out: {missing} of {missing + len(found.runs)} runs, such as {found.unfinished[0]}."
        )
    lead.append(suite_tables.HOW_TO_READ)
    if len(benchmark.methods) > 1:
        lead.append(suite_pairs.HOW_TO_READ)
    return [sentence for sentence in lead if sentence]


def _galleries(best: pd.DataFrame) -> list[Gallery]:
    """For each task the best molecules of each method, over all its runs."""
    galleries = []
    for task, runs in best.groupby("task", sort=False):
        rows = []
        for method, own in runs.groupby("method", sort=False):
            shown = own.sort_values("score", ascending=False, kind="stable").drop_duplicates("smiles").head(BEST)
            pictures = [
                picture(smiles, f"{score:.3f}") for smiles, score in zip(shown["smiles"], shown["score"], strict=True)
            ]
            rows.append((str(method), pictures))
        galleries.append(Gallery(f"Best molecules of {task}", rows))
    return galleries


def _markdown(name: str, lead: list[str], sections: list[Section]) -> str:
    parts = [f"# {name}\n", *(f"{sentence}\n" for sentence in lead)]
    for section in sections:
        parts += [f"## {section.title}\n", as_markdown(section.table, section.rows)]
        if section.notes:
            parts.append("".join(f"- {note}\n" for note in section.notes))
    return "\n".join(parts)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table; without rows, remove what an earlier one left there."""
    if table.empty:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as partial:
        table.to_csv(partial, index=False)
