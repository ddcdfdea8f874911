"""Time and memory of score, pick, cluster, novelty and export over a large library.

    python benchmarks/library.py LIBRARY KNOWN [COMMAND ...]

prints one line a command: molecules, seconds of processor time and by the clock, molecules a second of processor time,
and the largest resident set. COMMAND: score, export, pick, cluster, scaffold, novelty (all of them without one); export
takes the table that score has written.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OBJECTIVE = """
[[component]]
oracle = "tpsa"
transform = { kind = "ramp", worst = 140.0, best = 40.0 }
"""


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of processor time, and peak MiB of a chemmara command."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "chemmara.cli.main", *command], env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """One line a command."""
    library, known, chosen = sys.argv[1], sys.argv[2], sys.argv[3:]
    with Path(library).open("rb") as file:
        rows = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "objective.toml").write_text(OBJECTIVE)
        scored = str(folder / "scored.csv")
        commands = {
            "score": ["score", library, "--objective", str(folder / "objective.toml"), "--out", scored],
            "export": ["export", scored, "--top", "1000", "--per-scaffold", "2", "--known", known],
            "pick": ["pick", library, "-n", "1000"],
            "cluster": ["cluster", library, "--method", "leader"],
            "scaffold": ["cluster", library, "--method", "scaffold"],
            "novelty": ["novelty", library, "--against", known],
        }
        for word in chosen or commands:
            out = [] if word == "score" else ["--out", str(folder / f"{word}.csv")]
            clock, processor, peak = measured([*commands[word], *out])
            print(
                f"{word}: {rows} molecules, {processor:.0f} s of processor time ({clock:.0f} s by the clock),"
                f" {rows / processor:.0f}/s, peak {peak:.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main()
