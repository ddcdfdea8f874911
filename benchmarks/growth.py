"""What a call costs in bookkeeping, and what a report takes, as a run grows.

    python benchmarks/growth.py [CALLS ...] [MEASUREMENT ...]

Makes a ledger of 100,000 calls through the real Ledger: molecules put together from fragments, random scores of which
three in ten are hits. At 1,000, 30,000 and 100,000 calls (or at the numbers given) it prints one line for each named
measurement: milliseconds for a batch of 64 calls, the median over the last ten batches before that size, or seconds for
what is done once. It is processor time, which other programs disturb little. About five minutes; with names, as
"report", those measurements alone.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chemmara.campaign.results import write_outputs
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import canonical_smiles
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import summarise
from chemmara.records.tally import Tally
from chemmara.rl.diversity_filter import DiversityFilter, SphereFilterConfig
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.rows import Rows
from chemmara.rl.state import load_learner, save_learner
from chemmara.scoring.scores import Scores

SIZES = [int(text) for text in sys.argv[1:] if text.isdigit()] or [1_000, 30_000, 100_000]
CHOSEN = [text for text in sys.argv[1:] if not text.isdigit()]
BATCH, TIMED, HIT = 64, 10, 0.7
ENDS = (
    "C", "CC", "C(C)C", "OC", "N", "NC", "N(C)C", "F", "Cl", "Br", "C#N", "C(F)(F)F", "C(=O)N", "C(=O)OC", "S(C)(=O)=O",
    "C1CC1", "c1ccccc1", "c1ccncc1", "N1CCOCC1", "c1ccsc1",
)  # fmt: skip
LINKS = ("", "C", "CC", "O", "N", "C(=O)N", "NC(=O)", "S(=O)(=O)N", "CO", "CN", "C(=O)", "OCC")
CORES = (
    "c1ccc({})c({})c1", "c1cc({})nc({})c1", "C1CCN({})C({})C1", "c1c({})[nH]c2ccc({})cc12", "c1nc({})c2ncc({})cc2n1",
    "C1CN({})CCN1{}", "c1c({})scc1{}", "C1OC({})CC1{}", "c1ccc2c({})c({})ccc2c1", "c1c({})onc1{}", "C1CC({})C1{}",
    "c1cc({})cc(C({})O)c1",
)  # fmt: skip

Work = Callable[[list[Call]], object]
"""What is done with each batch of calls."""


def molecules(number: int) -> list[str]:
    """So many different canonical SMILES, in a random order that is always the same."""
    arms = [link + end for link, end in product(LINKS, ENDS)]
    texts = [core.format(a, b) for core, a, b in product(CORES, arms, arms)]
    random.Random(0).shuffle(texts)
    found: dict[str, None] = {}
    for text in texts:
        if len(found) == number:
            return list(found)
        canonical = canonical_smiles(text)
        if canonical is not None:
            found[canonical] = None
    raise SystemExit(f"the fragments make {len(found)} molecules, {number} are needed")


def made_calls(number: int) -> list[Call]:
    """Calls as a campaign makes them: a step for a batch, two components, one call in a hundred without a score."""
    draw = np.random.default_rng(0)
    calls = []
    for index, smiles in enumerate(molecules(number)):
        score, other, luck = draw.random(3).tolist()
        score, error = (score, "") if luck > 0.01 else (float("nan"), "qed: no value")
        calls.append(Call(index + 1, index // BATCH + 1, smiles, score, {"qed": score, "sa_score": other}, error))
    return calls


def sphere_filter(_: Path) -> Work:
    """The sphere diversity filter judges a batch."""
    judge = DiversityFilter.of(SphereFilterConfig(min_score=HIT))
    return lambda calls: judge.filtered_scores(
        [call.smiles for call in calls], np.array([call.score for call in calls])
    )


def live_tally(_: Path) -> Work:
    """The live figures take in a batch."""
    tally = Tally(HIT)
    return lambda calls: [tally.add(call.smiles, call.score) for call in calls]


def ledger_append(folder: Path) -> Work:
    """A batch and its step are committed to the ledger."""
    ledger = Ledger.create(folder / "appended.sqlite")

    def append(calls: list[Call]) -> None:
        ledger.append(calls)
        ledger.append_step(calls[0].step, calls[-1].call, dict.fromkeys("abcdefghijkl", 0.5))

    return append


EVERY_PART: dict[str, Any] = {
    "tau": {"kind": "percentile", "over": "run"}, "anchor": {"over": "run"}, "equal_mass": "niche", "repeats": "visits",
    "diversity_filter": {"kind": "sphere", "min_score": HIT},
}  # fmt: skip


def a_learner(parts: dict[str, Any]) -> Learner:
    """The default method with other parts, before its first step."""
    prior = load_prior("chembl-gru")
    return new_learner(prior, prior.model, MethodConfig.model_validate({"name": "mara", **parts}), seed=0)


def learned_from(learner: Learner, calls: list[Call]) -> None:
    """All that a step does with a batch, but for the network."""
    smiles, n = [call.smiles for call in calls], len(calls)
    scores = Scores(
        smiles, np.array([call.score for call in calls]), {}, np.ones(n, dtype=bool), [""] * n, np.arange(n)
    )
    filtered = learner.filtered_scores(scores)
    tau = learner.augmentation.tau.of_step(smiles, filtered)
    logp = -np.arange(n, dtype=float)
    batch = Rows(torch.ones(n, 40, dtype=torch.long), smiles, smiles, filtered, logp, logp).measured()
    learner.augmentation.rewards(batch, tau, learner.augmentation.anchor([batch], tau))
    if learner.replay:
        learner.replay.draw(64, learner.generator)
        learner.replay.add(batch)


def bookkeeping(parts: dict[str, Any]) -> Callable[[Path], Work]:
    """Repeats, diversity filter, tau, anchor, clusters, visits and replay take in a batch."""

    def make(_: Path) -> Work:
        learner = a_learner(parts)
        return lambda calls: learned_from(learner, calls)

    return make


EACH_BATCH: dict[str, Callable[[Path], Work]] = {
    "sphere filter": sphere_filter,
    "live tally": live_tally,
    "ledger append": ledger_append,
    "the default's step": bookkeeping({}),
    "a step with every part": bookkeeping(EVERY_PART),
}


def read_ledger(run: Path, _: list[Call]) -> object:
    """Every call of the ledger, as resuming reads them."""
    with Ledger.open(RunFolder(run).ledger) as ledger:
        return ledger.calls()


def replay_tally(_: Path, calls: list[Call]) -> object:
    """The live figures of a run that is resumed."""
    tally = Tally(HIT)
    for call in calls:
        tally.add(call.smiles, call.score)
    return tally


def summary(run: Path, calls: list[Call]) -> object:
    """The figures of one run of `chemmara compare`."""
    with Ledger.open(RunFolder(run).ledger) as ledger:
        return summarise(ledger.frame(), HIT, len(calls))


def report(run: Path, _: list[Call]) -> object:
    """`chemmara report`: hits.csv, hits.smi and report.html."""
    return write_outputs(run)


ONCE: dict[str, Callable[[Path, list[Call]], object]] = {
    "read the ledger": read_ledger,
    "resume: live tally": replay_tally,
    "compare: one run": summary,
    "report": report,
}


def each_batch(make: Callable[[Path], Work], calls: list[Call], folder: Path) -> list[str]:
    """Median milliseconds of a batch at each size, over the last ten before it, of work that goes through them all."""
    work, took, medians = make(folder), list[float](), list[str]()
    for start in range(0, len(calls), BATCH):
        batch = calls[start : start + BATCH]
        began = time.process_time()
        work(batch)
        took.append(time.process_time() - began)
        if start + len(batch) >= SIZES[len(medians)]:
            medians.append(f"{1e3 * statistics.median(took[-TIMED:]):.1f} ms")
    return medians


def once(work: Callable[[Path, list[Call]], object], runs: list[Path], calls: list[Call]) -> list[str]:
    """Seconds of work on a run of each size."""
    took = []
    for run, size in zip(runs, SIZES, strict=True):
        began = time.process_time()
        work(run, calls[:size])
        took.append(f"{time.process_time() - began:.1f} s")
    return took


def checkpoints(folder: Path, calls: list[Call]) -> dict[str, list[str]]:
    """Seconds to write and to read the state of a learner with every part, after each number of calls."""
    learner, took, done = a_learner(EVERY_PART), {"checkpoint, written": [], "checkpoint, read": []}, 0
    for size in SIZES:
        for first in range(done, size, BATCH):
            learned_from(learner, calls[first : min(first + BATCH, size)])
        done, fresh, path = size, a_learner(EVERY_PART), folder / "checkpoint.safetensors"
        began = time.process_time()
        save_learner(path, learner, {})
        took["checkpoint, written"].append(f"{time.process_time() - began:.1f} s")
        began = time.process_time()
        load_learner(path, fresh)
        took["checkpoint, read"].append(f"{time.process_time() - began:.1f} s")
    return took


def made_run(folder: Path, calls: list[Call]) -> Path:
    """A run's folder with these calls in its ledger."""
    folder.mkdir()
    component = {"name": "", "oracle": "qed", "role": "score", "transform": None}
    objective = {"aggregation": "product", "component": [component, {**component, "oracle": "sa_score"}]}
    method = {"name": "mara", "beta": 0.01}
    settings = {"prior": "none", "budget": len(calls), "hit_threshold": HIT, "seed": 0, "method": method}
    with Ledger.create(RunFolder(folder).ledger) as ledger:
        ledger.append(calls)
        for key, value in {
            "campaign": {**settings, "objective": objective},
            "versions": {},
            "prior_sha256": "",
        }.items():
            ledger.set(key, value)
    return folder


def wanted(what: str) -> bool:
    """Whether a measurement was chosen, or none was."""
    return not CHOSEN or what in CHOSEN


def print_row(what: str, cells: list[str]) -> None:
    """A row of the table."""
    print(f"{what:<24}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    """Print the table, a row as soon as it is measured."""
    if unknown := set(CHOSEN) - {*EACH_BATCH, *ONCE, "checkpoints"}:
        raise SystemExit(
            f"no measurement {', '.join(unknown)}; there are {', '.join([*EACH_BATCH, *ONCE])}, checkpoints"
        )
    calls = made_calls(SIZES[-1])
    print(f"{'':<24}" + "".join(f"{size:>14,}" for size in SIZES), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, make in EACH_BATCH.items():
            if wanted(what):
                print_row(what, each_batch(make, calls, folder))
        runs = [made_run(folder / str(size), calls[:size]) for size in SIZES]
        for what, work in ONCE.items():
            if wanted(what):
                print_row(what, once(work, runs, calls))
        if wanted("checkpoints"):
            for what, cells in checkpoints(folder, calls).items():
                print_row(what, cells)


if __name__ == "__main__":
    main()
