"""Methods at equal budgets over paired seeds, each run in a folder of its own, so that nothing is ever run twice."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from chemmara.benchmark.statistics import as_markdown, comparison_table, difference_table
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig
from chemmara.files import new_folder, replacing, write_text
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import run_figures
from chemmara.report.figures import comparison_figure, save_png
from chemmara.report.page import comparison_page
from chemmara.rl.finetune import Step

Tell = Callable[[str, int, Run], Callable[[Step, Run], None]]


def compare(campaigns: dict[str, CampaignConfig], seeds: Sequence[int], out: Path, tell: Tell) -> pd.DataFrame:
    """Run every method with every seed, as far as that is not done, and write the comparison; one row a run.

    Args:
        campaigns: settings by method name, alike save for the method.
        seeds: the same for every method.
        out: folder; each run is in out/METHOD/SEED, and goes on where it was interrupted.
        tell: given method, seed and run, a listener to the run's steps.
    """
    new_folder(out)
    for seed in seeds:
        for method, settings in campaigns.items():
            path = out / method / str(seed)
            mine = settings.model_copy(update={"seed": seed})
            with Run.resume(path, mine) if RunFolder(path).exists() else Run.start(path, mine) as run:
                run.go(tell(method, seed, run))
    return write_comparison({name: list(seeds) for name in campaigns}, out, next(iter(campaigns.values())))


def write_comparison(runs: dict[str, list[int]], out: Path, settings: CampaignConfig) -> pd.DataFrame:
    """Figures of the runs under `out`: runs.csv, table.md, comparison.png and comparison.html; one row a run."""
    frames = {method: [_calls(out / method / str(seed)) for seed in seeds] for method, seeds in runs.items()}
    figures = pd.DataFrame(
        [
            {"method": method, "seed": seed, **run_figures(frame, settings.threshold, settings.budget)}
            for method, seeds in runs.items()
            for seed, frame in zip(seeds, frames[method], strict=True)
        ]
    )
    table, pairs = comparison_table(figures), difference_table(figures)
    with replacing(out / "runs.csv") as partial:
        figures.to_csv(partial, index=False)
    words = [as_markdown(table)] if pairs.empty else [as_markdown(table), as_markdown(pairs, "paired difference")]
    write_text(out / "table.md", "\n".join(words))
    save_png(comparison_figure(frames, settings.threshold), out / "comparison.png")
    page = comparison_page(out.name, frames, table, pairs, settings.threshold, settings.budget)
    write_text(out / "comparison.html", page)
    return figures


def _calls(path: Path) -> pd.DataFrame:
    with Ledger.open(RunFolder(path).ledger) as ledger:
        return ledger.frame()
