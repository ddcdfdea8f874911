"""Time and memory of score, export, pick, cluster and novelty over a large library, one command after the other.

    python benchmarks/library.py [COMMAND ...] [--molecules 1000000] [--known 10000] [--folder build/library]

COMMAND: score, export, diverse, pick, leader, scaffold, novelty (all of them without one). Molecules and known
compounds are samples of zinc250k-gru, made where the folder lacks them, 25,000 at a time: an interrupted run goes on.
`export` and `diverse` take the table that `score` has written. Prints a Markdown table, a row as soon as it is
measured: seconds of processor time and by the clock, molecules a second of processor time, largest resident set.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

PRIOR, PART = "zinc250k-gru", 25_000
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
    if status:
        raise SystemExit(f"failed: chemmara {' '.join(command)}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def sampled(folder: Path, number: int, first_seed: int) -> Path:
    """A file of so many samples of the prior, put together from parts of which each has its own seed."""
    path = folder / f"{PRIOR}-{number}-from-{first_seed}.smi"
    if path.exists():
        return path
    parts: list[Path] = []
    for start in range(0, number, PART):
        size, seed = min(PART, number - start), first_seed + len(parts)
        parts.append(folder / f"{PRIOR}-{size}-seed-{seed}.part.smi")
        if not parts[-1].exists():
            measured(["sample", PRIOR, "-n", str(size), "--seed", str(seed), "--out", str(parts[-1])])
    whole = path.with_suffix(".tmp")
    whole.write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")
    whole.replace(path)
    return path


def commands(folder: Path, library: Path, known: Path) -> dict[str, list[str]]:
    """What is measured: a command and its arguments, by the word that chooses it."""
    objective, scored = folder / "objective.toml", folder / "scored.csv"
    objective.write_text(OBJECTIVE, encoding="utf-8")
    arguments = {
        "score": ["score", library, "--objective", objective],
        "export": ["export", scored, "--top", 1000, "--per-scaffold", 2, "--known", known],
        "diverse": ["export", scored, "--diverse", 1000, "--known", known],
        "pick": ["pick", library, "-n", 1000],
        "leader": ["cluster", library, "--method", "leader"],
        "scaffold": ["cluster", library, "--method", "scaffold"],
        "novelty": ["novelty", library, "--against", known],
    }
    outs = {word: scored if word == "score" else folder / f"{word}.csv" for word in arguments}
    return {word: [*map(str, words), "--out", str(outs[word])] for word, words in arguments.items()}


def main() -> None:
    """One row a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="*")
    parser.add_argument("--molecules", type=int, default=1_000_000)
    parser.add_argument("--known", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("build/library"))
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    library, known = sampled(wanted.folder, wanted.molecules, 1), sampled(wanted.folder, wanted.known, 0)
    every = commands(wanted.folder, library, known)
    if unknown := set(wanted.command) - set(every):
        raise SystemExit(f"no command {', '.join(unknown)}; choose among {', '.join(every)}")
    print("| work | molecules | seconds, processor | seconds, clock | molecules a second | peak MiB |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for word in wanted.command or every:
        clock, processor, peak = measured(every[word])
        print(
            f"| {word} | {wanted.molecules:,} | {processor:.0f} | {clock:.0f} | {wanted.molecules / processor:,.0f}"
            f" | {peak:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
