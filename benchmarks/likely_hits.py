"""Are the molecules that a prior finds likely better? Hit rates in thirds of the prior's likelihood, run by run.

MARA takes the prior's preference among good molecules out of the reward. What that brings depends on the objective:
where unlikely molecules are hits less often than likely ones, the preference was a good one to keep.

`python benchmarks/likely_hits.py DIR`: of every run of `chemmara benchmark six --methods mara,vanilla --out DIR`, 400
of the calls of its second half; a row for each objective and method, means over its seeds.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from chemmara.benchmark.suite import load_suite
from chemmara.errors import TokenError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import log_likelihood
from chemmara.records.ledger import Ledger

METHODS = ("mara", "vanilla")
ROWS = 400


def main(folder: Path) -> None:
    """Print the table of a benchmark's folder."""
    suite = load_suite("six")
    prior = load_prior(suite.prior)
    rows = []
    for task in suite.task:
        for method in METHODS:
            runs = sorted((folder / task.name / method).glob("[0-9]*"))
            found = [of_a_run(run, prior) for run in runs]
            rows.append(
                {"objective": task.name, "method": method, "runs": len(runs)} | dict(pd.DataFrame(found).mean())
            )
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def calls(folder: Path) -> int:
    """Oracle calls of a run so far."""
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        return ledger.count()


def of_a_run(folder: Path, prior: Prior) -> dict[str, float]:
    """Median nats of the calls, and the share of hits in the likeliest, middle and unlikeliest third."""
    threshold = json.loads((folder / "campaign.json").read_text(encoding="utf-8"))["campaign"]["hit_threshold"]
    with Ledger.open(folder / "ledger.sqlite") as ledger:
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
