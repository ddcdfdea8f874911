"""How well screening's model predicts molecules that it did not choose: the figures of docs/lab-notes.md.

    OMP_NUM_THREADS=1 chemmara benchmark six --methods prior-undone+screen=false --seeds 1 --budget 3000 --out OUT
    OMP_NUM_THREADS=1 python benchmarks/surrogates.py OUT [--surrogate gaussian-process]

Every fifth step of each run that has ended is predicted by a model of the calls before it. Means over these steps: the
log-likelihood of hit or no hit, and Spearman's rank correlation of predicted and measured scores.
"""

import argparse
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from chemmara.benchmark.suite_runs import read_benchmark, run_folder
from chemmara.benchmark.timing import ended
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.screening.acquisition import chance_of_a_hit
from chemmara.screening.config import ScreenConfig
from chemmara.screening.features import Features
from chemmara.screening.memory import Memory, rank_correlation
from chemmara.screening.surrogates import SURROGATES

EVERY, FEWEST = 5, 128
LEAST = 1e-3  # probability of a hit, and of none


def predicted(folder: Path, surrogate: str) -> Iterator[tuple[float, float]]:
    """Log-likelihood of hit or no hit, and rank correlation, at every fifth step of a run."""
    memory = Memory(ScreenConfig().trained_on)
    with Ledger.open(RunFolder(folder).ledger) as ledger:
        threshold = ledger.get("campaign")["hit_threshold"]
        scored = [call for call in ledger.calls() if not np.isnan(call.score)]
    described = Features.of([call.smiles for call in scored])
    places = {call.smiles: row for row, call in enumerate(scored)}
    for number, (_, calls) in enumerate(groupby(scored, key=lambda call: call.step)):
        asked = list(calls)
        if number % EVERY == 0 and memory.learnable >= FEWEST:
            known, values = memory.to_learn_from()
            posterior = SURROGATES[surrogate]().fit(described[[places[text] for text in known]], values[:, 0])
            mean, spread = posterior.predict(described[[places[call.smiles] for call in asked]])
            measured = np.array([call.score for call in asked])
            sure = np.clip(chance_of_a_hit(mean, spread, threshold), LEAST, 1 - LEAST)
            likelihood = np.log(np.where(measured >= threshold, sure, 1 - sure)).mean()
            yield float(likelihood), rank_correlation(mean.tolist(), measured.tolist())
        for call in asked:
            memory.add(call.smiles, call.score, [call.score])


def main() -> None:
    """Print a row for every run of the benchmark that has ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--surrogate", choices=list(SURROGATES), default="gaussian-process")
    options = parser.parse_args()
    benchmark, rows = read_benchmark(options.out), []
    with threadpool_limits(1, "blas"):
        for task, method, seed in benchmark.runs():
            run = run_folder(options.out, task, method, seed)
            if ended(run):
                found = np.array(list(predicted(run, options.surrogate)))
                likelihood, correlation = np.nanmean(found, axis=0).round(4)
                rows.append({"objective": task, "method": method, "seed": seed, "log-likelihood": likelihood,
                             "rank correlation": correlation, "steps": len(found)})  # fmt: skip
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
