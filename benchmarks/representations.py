"""What notation and network do to a campaign: the tables of docs/representations.md.

    python benchmarks/representations.py OUT PRIOR...     run these priors, then print the table of all that OUT holds
    python benchmarks/representations.py OUT              print the table alone

Every prior runs three tasks without MARA and with it, three seeds, 1,500 calls, one thread. Run again, it goes on;
seconds a call are those of the sitting in which a run ended. Two processes may share OUT if their priors differ.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from chemmara.benchmark.compare import compare
from chemmara.benchmark.statistics import as_markdown, estimate
from chemmara.campaign.method_spec import with_method
from chemmara.campaign.settings import load_campaign
from chemmara.records.tally import Standing
from chemmara.system.files import write_text

HERE = Path(__file__).parent / "campaigns"
TASKS = {
    "quickstart": "quickstart",
    "fexofenadine_mpo": str(HERE / "fexofenadine.toml"),
    "osimertinib_mpo": str(HERE / "osimertinib.toml"),
}
METHODS = ("vanilla", "mara")
BUDGET, SEEDS = 1500, 3
FIGURES = {"hits": "Yield", "scaffolds": "scaffolds", "circles75": "#Circles .75", "auc_top10": "AUC top-10"}


def timed(out: Path) -> Callable[[str, int, Standing], None]:
    """A listener to every run that keeps its seconds a call in out/METHOD/SEED/seconds.json."""
    began: dict[tuple[str, int], tuple[float, int]] = {}

    def tell(method: str, seed: int, run: Standing) -> None:
        start, before = began.setdefault((method, seed), (time.perf_counter(), run.calls))
        if run.calls == run.budget and run.calls > before:
            seconds = (time.perf_counter() - start) / (run.calls - before)
            write_text(out / method / str(seed) / "seconds.json", json.dumps(seconds))

    return tell


def run(prior: str, out: Path) -> None:
    """All runs of one prior."""
    torch.set_num_threads(1)
    for task, name in TASKS.items():
        base = load_campaign(name, prior=prior, budget=BUDGET)
        campaigns = {method: with_method(base, method) for method in METHODS}
        folder = out / Path(prior).name / task
        compare(campaigns, range(base.seed, base.seed + SEEDS), folder, timed(folder))


def rows(out: Path) -> list[dict[str, str]]:
    """One row a task, prior and method."""
    found = []
    for task in TASKS:
        for folder in sorted(file.parent for file in out.glob(f"*/{task}/runs.csv")):
            runs = pd.read_csv(folder / "runs.csv")
            for method, group in runs.groupby("method", sort=False):
                seconds = [json.loads((folder / str(method) / str(s) / "seconds.json").read_text()) for s in group.seed]
                cells = {words: str(estimate(group[key].tolist())) for key, words in FIGURES.items()}
                median = f"{pd.Series(seconds).median():.3f}"
                found.append({"task": task, "prior": folder.parent.name, "method": str(method), **cells,
                              "seconds a call": median})  # fmt: skip
    return found


def main() -> None:
    """Run what is asked for, then print the table."""
    out = Path(sys.argv[1])
    for prior in sys.argv[2:]:
        run(prior, out)
    print(as_markdown(pd.DataFrame(rows(out)).set_index("task"), "task"))


if __name__ == "__main__":
    main()
