"""What `chemmara plan` predicts against what campaigns achieve: the table of docs/methods/forecast.md.

    python benchmarks/forecast.py OUT

One pilot of 1,000 samples of zinc250k-gru on the quickstart's objective; then campaigns of 2,000 calls at three betas,
three seeds each. Predicted: expected score of a sample of the optimum, invalid SMILES counting 0. Achieved:
the same of the samples of a run's last ten steps. Run again, it goes on.
"""

import sys
from pathlib import Path

import pandas as pd
import torch

from chemmara.benchmark.compare import compare
from chemmara.benchmark.statistics import as_markdown, estimate
from chemmara.campaign.method_spec import with_method
from chemmara.campaign.plan import plan
from chemmara.campaign.settings import load_campaign
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.tally import Standing
from chemmara.rl.rewards import RewardName

BETAS = (0.25, 0.0625, 0.015625)
PREDICTED_AS: dict[str, RewardName] = {"rloo": "vanilla", "rloo-mara": "mara", "mara": "mara"}
BUDGET, SEEDS, PILOT, LAST = 2000, 3, 1000, 10


def achieved(run: Path) -> float:
    """Mean score of the samples of the last ten steps of a run."""
    with Ledger.open(RunFolder(run).ledger) as ledger:
        last = ledger.steps().tail(LAST)
    return float((last["mean_score"].fillna(0.0) * last["valid"]).mean())


def quiet(method: str, seed: int, run: Standing) -> None:
    """Say when a run has ended."""
    if run.calls == run.budget:
        print(f"{method}, seed {seed}: done", file=sys.stderr, flush=True)


def main() -> None:
    """Run what is missing, then print the table."""
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    base = load_campaign("quickstart", prior="zinc250k-gru", budget=BUDGET)
    specs = [f"{method}+beta={beta}" for method in PREDICTED_AS for beta in BETAS]
    seeds = range(base.seed, base.seed + SEEDS)
    campaigns = {spec: with_method(base, spec) for spec in specs}
    compare(campaigns, seeds, out, quiet)
    forecasts = plan(base, n=PILOT, betas=BETAS)
    expected = {(found.rewards, found.beta): found for found in forecasts.forecasts}
    rows = []
    for method, rewards in PREDICTED_AS.items():
        for beta in BETAS:
            said = expected[rewards, beta]
            found = [achieved(out / f"{method}+beta={beta}" / str(seed)) for seed in seeds]
            rows.append({"method": method, "beta": beta, "predicted score": f"{said.score:.3f}",
                         "effective samples": f"{said.samples:.0f}", "achieved score": str(estimate(found)),
                         "each seed": ", ".join(f"{score:.3f}" for score in found)})  # fmt: skip
    print(as_markdown(pd.DataFrame(rows).set_index("method")))


if __name__ == "__main__":
    main()
