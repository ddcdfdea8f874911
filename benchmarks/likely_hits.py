"""Are the molecules that a prior finds likely better? Hit rates in thirds of the prior's likelihood, run by run.

The default and MARA take the prior's preference among good molecules out of the reward. What that brings depends on the
objective: where unlikely molecules are hits less often than likely ones, the preference was a good one to keep.

`python benchmarks/likely_hits.py DIR`: of every run of `chemmara benchmark six --methods prior-undone,mara,vanilla
--out DIR`, 400 of the calls of its second half; a row for each objective and method, means over its seeds.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from chemmara.benchmark.suite_runs import read_benchmark, run_folder
from chemmara.benchmark.timing import ended
from chemmara.errors import TokenError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import log_likelihood
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder

METHODS = ("prior-undone", "mara", "vanilla")
ROWS = 400


def main(folder: Path) -> None:
    """Print the table of a benchmark's folder: of the runs that have ended."""
    benchmark = read_benchmark(folder)
    prior, rows = load_prior(benchmark.suite.prior), []
    for task in benchmark.tasks:
        for method in METHODS:
            runs = [run_folder(folder, task, method, seed) for seed in benchmark.seeds]
            found = [of_a_run(run, prior) for run in runs if ended(run)]
            rows.append({"objective": task, "method": method, "runs": len(found)} | dict(pd.DataFrame(found).mean()))
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def of_a_run(folder: Path, prior: Prior) -> dict[str, float]:
    """Median nats of the calls, and the share of hits in the likeliest, middle and unlikeliest third."""
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        threshold = ledger.get("campaign")["hit_threshold"]
        scored = [call for call in ledger.calls() if not np.isnan(call.score)]
    late = pd.Series(scored[len(scored) // 2 :]).sample(ROWS, random_state=0)
    known = [(row, call.score >= threshold) for call in late if (row := encoded(prior, call.smiles))]
    nats = -to_numpy(log_likelihood(prior.model, [row for row, _ in known]))
    hits = np.array([hit for _, hit in known])[np.argsort(nats)]
    thirds = dict(
        zip(("likely", "middle", "unlikely"), (third.mean() for third in np.array_split(hits, 3)), strict=True)
    )
    return {"nats": float(np.median(nats))} | thirds


def encoded(prior: Prior, smiles: str) -> list[int]:
    """Token ids; none where the prior cannot write the molecule."""
    try:
        return prior.encode(smiles)
    except TokenError:
        return []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
