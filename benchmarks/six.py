"""Methods on six objectives at equal calls over paired seeds.

    python benchmarks/six.py OUT [--methods A,B] [--objectives X,Y] [--seeds 5] [--budget 5000] [--prior NAME] [--tau T]

Run again, it goes on. Each objective's runs, table and pairs are in OUT/OBJECTIVE, as `chemmara compare` writes them;
what is printed has one table an objective. Seconds are the median of the runs that were not interrupted.

gsk3 and jnk3 need the models OUT/models/gsk3 and jnk3:

    chemmara qsar train gsk3_all.csv.gz --target-column gsk3 --duplicates drop --folds 2 --out OUT/models/gsk3
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import pandas as pd
import torch

from chemmara import config
from chemmara.benchmark.compare import write_comparison
from chemmara.benchmark.runs import Job, run_jobs
from chemmara.benchmark.statistics import as_markdown, comparison_table, difference_table, estimate
from chemmara.campaign.method_spec import with_method
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.errors import ChemmaraError
from chemmara.records.run_folder import RunFolder

HERE = Path(__file__).parent / "campaigns"
OBJECTIVES = ("quickstart", "fexofenadine", "osimertinib", "zaleplon", "gsk3", "jnk3")
METHODS = "mara,vanilla,flattened,prior-undone,reinvent,reinvent-pmo,augmented-memory,ahc"


def campaign(objective: str, models: Path, budget: int, prior: str | None) -> CampaignConfig:
    """The settings of an objective, its QSAR model taken from the folder of models."""
    if objective not in ("gsk3", "jnk3"):
        name = objective if objective == "quickstart" else HERE / f"{objective}.toml"
        return load_campaign(name, prior=prior, budget=budget)
    table: dict[str, Any] = config.read_toml(HERE / f"{objective}.toml") | {"budget": budget}
    table["objective"]["component"][0]["model"] = str((models / objective).resolve())
    if prior:
        table["prior"] = prior
    return config.parse(CampaignConfig, table, source=objective, folder=Path.cwd())


def seconds(folder: Path) -> float:
    """Wall time of a run: from its first file to its last."""
    run = RunFolder(folder)
    return run.metrics.stat().st_mtime - run.config.stat().st_mtime


def validity(folder: Path) -> float:
    """Share of valid SMILES over all of a run's steps."""
    lines = RunFolder(folder).metrics.read_text(encoding="utf-8").splitlines()
    return mean(json.loads(line)["valid"] for line in lines)


def done(job: Job) -> bool:
    """Whether a run has its trained policy, which is the last that it writes."""
    return (RunFolder(job.folder).policy / "weights.safetensors").exists()


def table(figures: pd.DataFrame, out: Path) -> pd.DataFrame:
    """The comparison's table with validity and wall time beside it."""
    rows = comparison_table(figures)
    folders = {
        str(method): [out / str(method) / str(seed) for seed in runs["seed"]]
        for method, runs in figures.groupby("method", sort=False)
    }
    return rows.assign(
        validity=[str(estimate([validity(folder) for folder in folders[str(name)]])) for name in rows.index],
        seconds=[f"{median(seconds(folder) for folder in folders[str(name)]):.0f}" for name in rows.index],
    )


def run(objective: str, methods: Sequence[str], options: argparse.Namespace) -> None:
    """All runs of one objective, and its tables."""
    base = campaign(objective, options.out / "models", options.budget, options.prior)
    seeds = list(range(base.seed, base.seed + options.seeds))
    out = options.out / objective
    jobs = [
        Job(method, seed, out / method / str(seed), with_method(base, method)) for seed in seeds for method in methods
    ]
    run_jobs([job for job in jobs if not done(job)], lambda *_: None)
    figures = write_comparison(dict.fromkeys(methods, seeds), out, base)
    print(f"\n{objective}, hits from {base.hit_threshold}\n\n{as_markdown(table(figures, out))}")
    if options.pairs:
        print(as_markdown(difference_table(figures), "paired difference"), flush=True)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--objectives", default=",".join(OBJECTIVES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=5000)
    parser.add_argument("--prior")
    parser.add_argument("--pairs", action="store_true", help="Paired differences too.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for objective in options.objectives.split(","):
        try:
            run(objective, options.methods.split(","), options)
        except ChemmaraError as error:
            raise SystemExit(f"{objective}: {error}") from None


if __name__ == "__main__":
    main()
