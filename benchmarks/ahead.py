"""What batches ahead save where an oracle's times are uneven: wall time and hits for several values of `ahead`.

    python benchmarks/ahead.py runs/ahead [--ahead 0,1,2] [--seeds 3] [--budget 600] [--screen] [--clock 2]

The oracle is QED after a sleep: lognormal, mean 0.3 s, sigma 1.5 (one molecule in a thousand takes over 10 s), fixed
for each molecule. The other components are the quickstart's. The runs of a seed go on side by side, so that whatever
else the machine does meets all of them; a sleep takes no processor, the network does. A run that is there already is
not made again. With --clock nobody sleeps: the times are added up as workers would have them that take molecules in the
order of handing over, and sampling and learning take so many seconds a step. That is for a machine that is busy.
"""

import argparse
import heapq
import math
import os
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean

from chemmara.campaign import run as campaign_run
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.records.ledger import Ledger
from chemmara.records.session import last_session
from chemmara.scoring.measurement import Arrived, HandOver, Measured, Request, UnderWay
from chemmara.scoring.objective import Objective

ORACLE = '''
import math, os, random, time, zlib

from rdkit.Chem import MolToSmiles
from rdkit.Chem.QED import qed

def slow(molecules):
    """QED, after a time that is fixed for each molecule: lognormal, mean 0.3 s, sigma 1.5."""
    values = []
    for molecule in molecules:
        chance = random.Random(zlib.crc32(MolToSmiles(molecule).encode()))
        if "NO_SLEEP" not in os.environ:
            time.sleep(chance.lognormvariate(math.log(0.3) - 1.5**2 / 2, 1.5))
        values.append(qed(molecule))
    return values
'''
CAMPAIGN = """
prior = "chembl-gru"
budget = {budget}
hit_threshold = 0.8
threads = 1
method = {{ name = "mara", tau = 0.75, screen = {screen} }}
[objective]
aggregation = "geometric"
[[objective.component]]
oracle = "python"
call = "oracle.py:slow"
low = 0.0
high = 1.0
cost_ms = 300
[[objective.component]]
oracle = "sa_score"
transform = {{ kind = "ramp", worst = 5.0, best = 2.0 }}
[[objective.component]]
oracle = "crippen_logp"
transform = {{ kind = "double_sigmoid", low = 1.0, high = 3.5, width = 1.0 }}
[[objective.component]]
oracle = "tpsa"
transform = {{ kind = "double_sigmoid", low = 60.0, high = 110.0, width = 20.0 }}
"""


def begun(folder: Path, file: Path, seed: int, ahead: int, workers: int) -> subprocess.Popen[bytes] | None:
    """A campaign in another process; None where it has ended before."""
    if (folder / "report.html").exists():
        return None
    words = ["run", file, "--out", folder, "--seed", seed, "--ahead", ahead, "--workers", workers, "--force"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "cli.main", *map(str, words)], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


class Clock:
    """Workers that take the molecules in order; nobody sleeps."""

    def __init__(self, objective: Objective, workers: int, step_seconds: float) -> None:
        self.now, self._step_seconds = 0.0, step_seconds
        self._objective, self._free = objective, [0.0] * workers

    def hand_over(self, requests: list[Request]) -> UnderWay:
        """Molecules under way; their end is known, and comes when somebody waits for it."""
        ends = [self.now]
        for request in requests:
            ends.append(max(self.now, heapq.heappop(self._free)) + seconds_of(request.smiles))
            heapq.heappush(self._free, ends[-1])
        return _Timed(self, max(ends), Arrived(requests, self._objective.measure(requests)))

    def wait_until(self, end: float) -> None:
        """Until a batch has come and the policy has learned from it."""
        self.now = max(self.now, end) + self._step_seconds


class _Timed:
    def __init__(self, clock: Clock, end: float, arrived: Arrived) -> None:
        self._clock, self._end, self._arrived = clock, end, arrived

    def ready(self, seconds: float) -> bool:
        """Whether values can be taken: always."""
        return self._arrived.ready(seconds)

    def answers(self) -> dict[str, Measured]:
        """Nothing is kept."""
        return {}

    def result(self) -> list[Measured]:
        """All values."""
        self._clock.wait_until(self._end)
        return self._arrived.result()


def by_clock(folder: Path, settings: CampaignConfig, step_seconds: float) -> None:
    """A campaign in this process, whose seconds are written into its folder."""
    if (folder / "seconds").exists():
        return
    clocks = []

    @contextmanager
    def handing_over(settings: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
        clocks.append(Clock(objective, settings.workers, step_seconds))
        yield clocks[-1].hand_over

    campaign_run.handing_over_batches = handing_over
    with campaign_run.Run.start(folder, settings, force=True) as run:
        run.go()
    (folder / "seconds").write_text(str(clocks[-1].now), encoding="utf-8")
    print(f"{folder}: {clocks[-1].now:.0f} s", file=sys.stderr, flush=True)


def times_and_hits(folder: Path, workers: int) -> tuple[float, float, int]:
    """Seconds from the first step to the end of a run, the share of them that workers measured, and its hits."""
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        session, calls, timed = last_session(ledger), ledger.calls(), folder / "seconds"
    if session is None or session.ended is None:
        sys.exit(f"{folder}: has not ended; remove it and begin again")
    seconds = float(timed.read_text()) if timed.exists() else session.ended - session.began
    busy = sum(seconds_of(call.smiles) for call in calls) / (workers * seconds)
    return seconds, busy, sum(call.score >= 0.8 for call in calls)


def seconds_of(smiles: str) -> float:
    """How long a molecule takes, as the oracle has it."""
    return random.Random(zlib.crc32(smiles.encode())).lognormvariate(math.log(0.3) - 1.5**2 / 2, 1.5)


def main() -> None:
    """All runs, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ahead", default="0,1,2")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--screen", action="store_true", help="with screening, as the default method")
    parser.add_argument("--clock", type=float, metavar="SECONDS", help="of sampling and learning a step; nobody sleeps")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "oracle.py").write_text(ORACLE, encoding="utf-8")
    file = options.out / "campaign.toml"
    file.write_text(CAMPAIGN.format(budget=options.budget, screen=str(options.screen).lower()), encoding="utf-8")
    depths = [int(word) for word in options.ahead.split(",")]
    if options.clock is not None:
        os.environ["NO_SLEEP"] = "1"
    for seed in range(options.seeds):
        if options.clock is not None:
            for depth in depths:
                settings = load_campaign(file, seed=seed, ahead=depth, workers=options.workers)
                by_clock(folder_of(options.out, depth, seed), settings, options.clock)
            continue
        jobs = [begun(folder_of(options.out, depth, seed), file, seed, depth, options.workers) for depth in depths]
        for job in jobs:
            if job is not None and job.wait():
                sys.exit(f"a run of seed {seed} failed (exit code {job.returncode}); try it: chemmara run {file}")
    print("| ahead | seconds | workers busy | hits | means |\n| --- | --- | --- | --- | --- |")
    for depth in depths:
        found = [times_and_hits(folder_of(options.out, depth, s), options.workers) for s in range(options.seeds)]
        seconds, busy, hits = zip(*found, strict=True)
        columns = [", ".join(f"{value:{form}}" for value in column)
                   for column, form in ((seconds, ".0f"), (busy, ".0%"), (hits, "d"))]  # fmt: skip
        print(f"| {depth} | {' | '.join(columns)} | {mean(seconds):.0f} s, {mean(busy):.0%}, {mean(hits):.0f} |")


def folder_of(out: Path, ahead: int, seed: int) -> Path:
    """Where a run is kept."""
    return out / f"ahead-{ahead}" / str(seed)


if __name__ == "__main__":
    main()
