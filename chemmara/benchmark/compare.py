"""Methods at equal budgets over paired seeds, each run in a folder of its own, so that nothing is ever run twice."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chemmara.benchmark.earlier_runs import other_runs, refuse_other_runs
from chemmara.benchmark.places import run_place
from chemmara.benchmark.runs import Job, Tell, run_jobs
from chemmara.benchmark.statistics import as_markdown, comparison_table, difference_table
from chemmara.campaign.settings import CampaignConfig
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import summarise
from chemmara.report.figures import comparison_figure, save_png
from chemmara.report.side_by_side import RunRecord, side_by_side_page
from chemmara.system.files import replacing, write_text
from chemmara.system.locking import only_writer


def compare(campaigns: dict[str, CampaignConfig], seeds: Sequence[int], out: Path, tell: Tell) -> pd.DataFrame:
    """Run every method with every seed, as far as that is not done, and write the comparison; one row for each run.

    Runs of other methods and seeds that have ended under `out` stay in the tables.

    Args:
        campaigns: settings by method name, alike save for the method.
        seeds: the same for every method.
        out: folder; each run is in out/METHOD/SEED, and goes on where it was interrupted.
        tell: hears method, seed and standing of each run, when it begins and after each of its steps.

    Raises:
        ChemmaraError: another process writes in `out`, it holds runs of another campaign or budget, or a run could not
            go on.
        KeyboardInterrupt: the user interrupted; every run has saved.
    """
    jobs = [
        Job(method, seed, run_place(out, method, seed), settings)
        for seed in seeds
        for method, settings in campaigns.items()
    ]
    with only_writer(out):
        refuse_other_runs(jobs)
        others = other_runs(out, campaigns, seeds)
        run_jobs(jobs, tell)
        runs = {name: sorted({*seeds, *others.pop(name, ())}) for name in campaigns} | others
        return write_comparison(runs, out, next(iter(campaigns.values())))


def write_comparison(runs: dict[str, list[int]], out: Path, settings: CampaignConfig) -> pd.DataFrame:
    """Figures of the runs under `out`: runs.csv, table.md, comparison.png and comparison.html; one row for each run."""
    records = [
        _record(run_place(out, method, seed), method, seed, settings)
        for method, seeds in runs.items()
        for seed in seeds
    ]
    figures = pd.DataFrame(
        [{"method": record.group, "seed": record.settings["seed"], **record.summary.figures} for record in records]
    )
    table, pairs = comparison_table(figures), difference_table(figures)
    with replacing(out / "runs.csv") as partial:
        figures.to_csv(partial, index=False)
    words = [as_markdown(table)] if pairs.empty else [as_markdown(table), as_markdown(pairs, "paired difference")]
    write_text(out / "table.md", "\n".join(words))
    courses = {method: [record.summary.curves for record in records if record.group == method] for method in runs}
    save_png(comparison_figure(courses, settings.hit_threshold), out / "comparison.png")
    page = side_by_side_page(out.name, records, {"method": table, "paired difference": pairs})
    write_text(out / "comparison.html", page)
    return figures


def _record(path: Path, method: str, seed: int, settings: CampaignConfig) -> RunRecord:
    with Ledger.open(RunFolder(path).ledger) as ledger:
        calls = ledger.frame()
    own = settings.model_dump(mode="json") | {"seed": seed}
    own["method"] = {"name": method}
    summary = summarise(calls, settings.hit_threshold, settings.budget)
    return RunRecord(f"{method} seed {seed}", method, own, calls, summary)
