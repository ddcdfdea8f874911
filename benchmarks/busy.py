"""What a busy machine costs: 400 calls of the quickstart with two scoring processes, alone and beside busy loops.

    python benchmarks/busy.py [--loops 4] [--rounds 3] [--environment KEY=VALUE ...] [--threads N]

Each round is one run alone and one beside the loops, in turn, each in a process and a folder of its own; the medians
and their ratio are printed. Beside so many loops a fair share of the machine makes a run 1 + loops / CPUs times slower.
Nothing else should run meanwhile.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOOP = "while True: pass"


def seconds(environment: dict[str, str], threads: int | None) -> float:
    """Seconds of one run of 400 calls."""
    from chemmara import assets

    with tempfile.TemporaryDirectory() as folder:
        text = assets.campaign_file("quickstart").read_text(encoding="utf-8")
        file = Path(folder) / "quickstart.toml"
        file.write_text(text if threads is None else text.replace("\nseed", f"\nthreads = {threads}\nseed", 1))
        command = [sys.executable, "-m", "cli.main", "run", str(file), "--out", f"{folder}/run", "--budget", "400"]
        began = time.perf_counter()
        subprocess.run([*command, "--workers", "2"], cwd=ROOT, env=environment, capture_output=True, check=True)
        return time.perf_counter() - began


def main() -> None:
    """Time the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--environment", nargs="*", default=[])
    options = parser.parse_args()
    environment = os.environ | dict(pair.split("=", 1) for pair in options.environment)
    alone, beside = [], []
    for _ in range(options.rounds):
        alone.append(seconds(environment, options.threads))
        loops = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(options.loops)]
        try:
            beside.append(seconds(environment, options.threads))
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()
        print(f"alone {alone[-1]:.1f} s, beside {options.loops} loops {beside[-1]:.1f} s", file=sys.stderr, flush=True)
    quiet, busy = statistics.median(alone), statistics.median(beside)
    print("| | seconds, median | smallest | largest |\n| --- | --- | --- | --- |")
    print(f"| alone | {quiet:.1f} | {min(alone):.1f} | {max(alone):.1f} |")
    print(f"| beside {options.loops} busy loops | {busy:.1f} | {min(beside):.1f} | {max(beside):.1f} |")
    print(f"\nratio of the medians {busy / quiet:.2f}")


if __name__ == "__main__":
    main()
