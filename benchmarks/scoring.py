"""Throughput and memory of `chemmara score`: QED, SA and similarity over a library, by one process and by two.

    python benchmarks/scoring.py LIBRARY [ROWS]

prints one line a run: rows, workers, seconds, rows a second, and the largest resident set of any of its processes.
"""

import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

OBJECTIVE = """
aggregation = "geometric"
[[component]]
oracle = "qed"
[[component]]
oracle = "sa_score"
transform = { kind = "ramp", worst = 6.0, best = 1.0 }
[[component]]
oracle = "similarity"
references = ["CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"]
"""


def run(library: Path, workers: int, folder: Path) -> tuple[float, float, bytes]:
    """Seconds, peak MiB of the largest process, and what was written."""
    objective, out = folder / "objective.toml", folder / f"out-{workers}.csv"
    objective.write_text(OBJECTIVE)
    command = [
        sys.executable, "-m", "chemmara.cli.main", "score", str(library), "--objective", str(objective),
        "--workers", str(workers), "--out", str(out),
    ]  # fmt: skip
    began = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024, out.read_bytes()


def main() -> None:
    """One run a number of rows and workers."""
    source, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as name, source.open() as file:
        folder = Path(name)
        lines = list(islice(file, most))
        for rows in (len(lines) // 10, len(lines)):
            library = folder / f"{rows}.smi"
            library.write_text("".join(lines[:rows]))
            outputs = []
            for workers in (1, 2):
                seconds, peak, output = run(library, workers, folder)
                outputs.append(output)
                print(f"{rows} rows, {workers} workers: {seconds:.1f} s, {rows / seconds:.0f}/s, peak {peak:.0f} MiB")
            assert outputs[0] == outputs[1], "the values depend on the workers"


if __name__ == "__main__":
    main()
