"""What batches ahead save where an oracle's times are uneven: wall time and hits for several values of `ahead`.

    python benchmarks/ahead.py runs/ahead [--ahead 0,1,2] [--seeds 3] [--budget 600] [--workers 2] [--screen]

The oracle is QED after a sleep: lognormal, mean 0.3 s, sigma 1.5 (one molecule in a thousand takes over 10 s), fixed
for each molecule. The other components are the quickstart's. The runs of a seed go on side by side, so that whatever
else the machine does meets all of them; a sleep takes no processor, the network does. A run that is there already is
not made again.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean

from chemmara.records.ledger import Ledger
from chemmara.records.session import last_session

ORACLE = '''
import math, random, time, zlib

from rdkit.Chem import MolToSmiles
from rdkit.Chem.QED import qed

def slow(molecules):
    """QED, after a time that is fixed for each molecule: lognormal, mean 0.3 s, sigma 1.5."""
    values = []
    for molecule in molecules:
        chance = random.Random(zlib.crc32(MolToSmiles(molecule).encode()))
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


def seconds_and_hits(folder: Path) -> tuple[float, int]:
    """Seconds from the first step to the end of a run, and its hits."""
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        session = last_session(ledger)
        if session is None or session.ended is None:
            sys.exit(f"{folder}: has not ended; remove it and begin again")
        return session.ended - session.began, sum(call.score >= 0.8 for call in ledger.calls())


def main() -> None:
    """All runs, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ahead", default="0,1,2")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--screen", action="store_true", help="with screening, as the default method")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "oracle.py").write_text(ORACLE, encoding="utf-8")
    file = options.out / "campaign.toml"
    file.write_text(CAMPAIGN.format(budget=options.budget, screen=str(options.screen).lower()), encoding="utf-8")
    depths = [int(word) for word in options.ahead.split(",")]
    for seed in range(options.seeds):
        jobs = [begun(folder_of(options.out, depth, seed), file, seed, depth, options.workers) for depth in depths]
        for job in jobs:
            if job is not None and job.wait():
                sys.exit(f"a run of seed {seed} failed (exit code {job.returncode}); try it: chemmara run {file}")
    print("| ahead | seconds | hits | mean seconds | mean hits |\n| --- | --- | --- | --- | --- |")
    for depth in depths:
        found = [seconds_and_hits(folder_of(options.out, depth, seed)) for seed in range(options.seeds)]
        seconds, hits = zip(*found, strict=True)
        each = ", ".join(f"{value:.0f}" for value in seconds), ", ".join(map(str, hits))
        print(f"| {depth} | {each[0]} | {each[1]} | {mean(seconds):.0f} | {mean(hits):.0f} |")


def folder_of(out: Path, ahead: int, seed: int) -> Path:
    """Where a run is kept."""
    return out / f"ahead-{ahead}" / str(seed)


if __name__ == "__main__":
    main()
