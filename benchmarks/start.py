"""What `[start]` is worth: the table of docs/seeds.md, and a core that is required against one that is rewarded.

    python benchmarks/start.py OUT [core|seeds ...] [--seeds 3] [--budget 1000]

`core`: an aminoquinazoline that every molecule holds, by MARA and by its twin, against the same core as a component of
the objective (quickstart, the core in place of the hinge binder). `seeds`: fexofenadine_mpo with and without 20 hits of
a run of 3,000 calls with another random seed. One run after the other; what is done is not repeated.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from chemmara import assets, config
from chemmara.benchmark.statistics import as_markdown, estimate
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig
from chemmara.molecules.chem import molecules_of
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.selection.groups import groups

CORE = "*Nc1ncnc2cc(*)ccc12"
SOURCE, SOURCE_CALLS, KNOWN = 11, 3000, 20  # seed and calls of the run whose hits are known, and how many are taken
HITS = 100
FEXOFENADINE = Path(__file__).parent / "campaigns" / "fexofenadine.toml"


def calls_of(out: Path, seed: int, table: dict[str, Any]) -> list[Call]:
    """The calls of a campaign with a random seed, which is run where it is not done."""
    folder = out / str(seed)
    settings = config.parse(CampaignConfig, table | {"seed": seed}, source=str(folder))
    if not (RunFolder(folder).policy / "weights.safetensors").exists():
        with Run.start(folder, settings, force=True) as run:
            run.go()
    ledger = Ledger.open(RunFolder(folder).ledger)
    try:
        return ledger.calls()
    finally:
        ledger.close()


def figures(calls: list[Call], threshold: float) -> dict[str, float]:
    """Hits of a run, their different pairs of groups on the core, and the calls to the hundredth hit (inf: none)."""
    hits = [(number, call.smiles) for number, call in enumerate(calls, 1) if call.score >= threshold]
    columns = groups([CORE], molecules_of([smiles for _, smiles in hits])) if hits else {"R1": [], "R2": []}
    held = {pair for pair in zip(columns["R1"], columns["R2"], strict=True) if any(pair)}
    return {
        "hits": len(hits),
        "pairs": len(held),
        "different R1": len({first for first, _ in held}),
        "different R2": len({second for _, second in held}),
        "calls to 10 hits": hits[9][0] if len(hits) > 9 else np.inf,
        f"calls to {HITS} hits": hits[HITS - 1][0] if len(hits) >= HITS else np.inf,
    }


def row(name: str, runs: list[dict[str, float]]) -> dict[str, str]:
    """One row of a table: means with their intervals; of calls, the median and every run's own."""
    values = {key: [run[key] for run in runs] for key in runs[0]}
    return {"campaign": name} | {
        key: _calls(numbers) if key.startswith("calls") else str(estimate(numbers)) for key, numbers in values.items()
    }


def _calls(numbers: list[float]) -> str:
    own = ", ".join(f"{number:.0f}" if np.isfinite(number) else "-" for number in numbers)
    middle = median(numbers)
    return f"{middle:.0f} ({own})" if np.isfinite(middle) else f"- ({own})"


def core(out: Path, seeds: int, budget: int) -> Iterator[dict[str, str]]:
    """Required by `[start]`, with MARA and with its twin; rewarded by a component."""
    quickstart = config.read_toml(assets.campaign_file("quickstart"))
    component = {"oracle": "core", "core": CORE, "transform": {"kind": "value_map", "values": {"0": 0.3, "1": 1.0}}}
    quickstart["objective"]["component"][-1] = component | {"name": "aminoquinazoline"}
    arms = {
        "required, mara": {"start": {"core": CORE}},
        "required, vanilla": {"start": {"core": CORE}, "method": {"name": "vanilla", "tau": 0.75}},
        "rewarded, mara": {},
    }

    def run(name: str, seed: int) -> list[Call]:
        return calls_of(out / name.replace(", ", "-"), seed, quickstart | {"budget": budget} | arms[name])

    for seed in _numbers(seeds):  # seed by seed, so that what is done is paired
        for name in arms:
            run(name, seed)
    for name in arms:
        yield row(name, [figures(run(name, seed), quickstart["hit_threshold"]) for seed in _numbers(seeds)])


def seeds(out: Path, seeds: int, budget: int) -> Iterator[dict[str, str]]:
    """With and without 20 hits of another run, drawn evenly from all its hits."""
    table = config.read_toml(FEXOFENADINE) | {"budget": budget}
    threshold = table["hit_threshold"]
    hits = [call for call in calls_of(out, SOURCE, table | {"budget": SOURCE_CALLS}) if call.score >= threshold]
    known = np.random.default_rng(SOURCE).choice(len(hits), KNOWN, replace=False)
    file = out / "known.csv"
    pd.DataFrame([(hits[i].smiles, hits[i].score) for i in sorted(known)], columns=["smiles", "score"]).to_csv(
        file, index=False
    )
    start = {"start": {"seeds": str(file.resolve()), "seed_scores": "score"}}
    for name, changes in {"without": {}, "with": start}.items():
        runs = [calls_of(out / name, seed, table | changes) for seed in _numbers(seeds)]
        yield {key: text for key, text in row(name, [figures(calls, threshold) for calls in runs]).items()
               if not key.startswith(("pairs", "different"))}  # fmt: skip


def _numbers(count: int) -> range:
    return range(1, 1 + count)


def main() -> None:
    """Run what is asked for and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("parts", nargs="*", default=["core", "seeds"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=1000)
    options = parser.parse_args()
    for name in options.parts:
        rows = list({"core": core, "seeds": seeds}[name](options.out / name, options.seeds, options.budget))
        print(as_markdown(pd.DataFrame(rows).set_index("campaign")), flush=True)


if __name__ == "__main__":
    main()
