"""REINVENT on the PMO benchmark beside its published figures: `python benchmarks/pmo.py OUT [--tasks A,B] [--seeds 5]`.

10,000 calls a run, prior zinc250k-gru (theirs: three layers of GRU on the same molecules); as in their code, a run ends
early once its hundred best scores have not changed for five steps, and its last value is held to the end. One process;
several may share OUT if their tasks differ. Run again, it goes on.

Theirs: mean and standard deviation over five seeds, wenhao-gao/mol_opt (arXiv 2206.12411), AUC of the ten best.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import torch

from chemmara import config
from chemmara.benchmark.statistics import as_markdown
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig
from chemmara.metrics.quality import auc_top
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.tally import Standing

PUBLISHED: Final = {
    "celecoxib_rediscovery": (0.7136, 0.0671),
    "mestranol_similarity": (0.6189, 0.0486),
    "amlodipine_mpo": (0.6350, 0.0359),
}
BUDGET: Final = 10_000
FIRST, STEPS = 1_000, 5  # a run ends after so many steps without progress, beyond so many calls


def settings(task: str) -> CampaignConfig:
    """A campaign of the benchmark."""
    table = {"prior": "zinc250k-gru", "budget": BUDGET, "objective": task, "method": "reinvent-pmo"}
    return config.parse(CampaignConfig, table, source=task)


@dataclass
class Patience:
    """Ends a run after five steps in a row, beyond 1,000 calls, that left its hundred best scores as they were."""

    run: Run
    best: list[float] = field(default_factory=list)
    unchanged: int = 0

    def __call__(self, standing: Standing) -> None:
        """Look at the run after a step; KeyboardInterrupt has it saved and ended."""
        best = sorted((call.score for call in self.run.ledger.calls()), reverse=True)[:100]
        self.unchanged = self.unchanged + 1 if standing.calls > FIRST and best == self.best else 0
        self.best = best
        if self.spent:
            raise KeyboardInterrupt

    @property
    def spent(self) -> bool:
        """Whether the run is over."""
        return self.unchanged >= STEPS


def run_once(task: str, seed: int, folder: Path) -> None:
    """One run to its end; nothing where it has ended before."""
    if (folder / "ended").exists():
        return
    known = settings(task).model_copy(update={"seed": seed, "threads": 1})
    with Run.resume(folder, known) if RunFolder(folder).exists() else Run.start(folder, known) as run:
        patience = Patience(run)
        try:
            run.go(patience)
        except KeyboardInterrupt:
            if not patience.spent:
                raise
    (folder / "ended").touch()


def auc(folder: Path) -> float:
    """AUC of the ten best of a run, the last value held to the budget."""
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        return auc_top(ledger.frame()["score"].to_numpy(dtype=float), 10, budget=BUDGET)


def main() -> None:
    """Run what is asked for, then print ours beside theirs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tasks", default=",".join(PUBLISHED))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds, tasks = range(1, options.seeds + 1), options.tasks.split(",")
    for task in tasks:
        for seed in seeds:
            run_once(task, seed, options.out / task / str(seed))
    rows = {}
    for task in tasks:
        found = np.array([auc(options.out / task / str(seed)) for seed in seeds])
        mean, spread = PUBLISHED[task]
        rows[task] = {
            "REINVENT, published": f"{mean:.3f} ± {spread:.3f}",
            "`reinvent-pmo`": f"{found.mean():.3f} ± {found.std(ddof=1):.3f}",
            "difference": f"{found.mean() - mean:+.3f}",
            "seeds": ", ".join(f"{value:.3f}" for value in found),
        }
    print(as_markdown(pd.DataFrame.from_dict(rows, orient="index"), "task"))


if __name__ == "__main__":
    main()
