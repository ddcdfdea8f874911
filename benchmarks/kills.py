"""Kills at random moments: campaigns, pretraining, and scoring with a cache, each to its end all the same.

    python benchmarks/kills.py [--kills 100] [--seed 0]

Kills (SIGKILL) hit campaigns, pretraining and `score --cache` in turn. A job is started, killed
after a random time, and started again with its own way to go on, until it ends. Checked at every kill: no row that was
on disk is lost or changed. Checked at every end: the ledger, the prior's weights, or the table is that of a job that
was never killed, to the byte. Checked last: no process is left over. Exit code 1 if a check fails.
"""

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MARK = "CHEMMARA_KILLS"
CAMPAIGN = """
prior = "zinc250k-gru"
budget = {budget}
hit_threshold = 0.6
seed = {seed}
threads = 1
workers = {workers}
checkpoint_seconds = 0.5
method = {{ name = "mara", tau = 0.5, batch_size = 16, replay = {{ rows = 16 }} }}
[objective]
[[objective.component]]
oracle = "qed"
[[objective.component]]
oracle = "tpsa"
transform = {{ kind = "ramp", worst = 0.0, best = 60.0 }}
"""
OBJECTIVE = """
[[component]]
oracle = "qed"
[[component]]
oracle = "sa_score"
transform = { kind = "ramp", worst = 5, best = 2 }
"""


@dataclass(frozen=True)
class Job:
    """Something that can be killed: how it begins and goes on, what it has on disk, and what it is at its end."""

    name: str
    command: Callable[[Path], list[str]]
    rows: Callable[[Path], list[object]]  # that must never be lost
    end: Callable[[Path], object]


def run(folder: Path, job: Job) -> "subprocess.Popen[bytes]":
    """The job's process, in a session of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", MARK: str(os.getpid())}
    command = [sys.executable, "-m", "cli.main", *job.command(folder)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def table(path: Path, query: str) -> list[object]:
    """Rows of a SQLite file; none before it is there."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return list(connection.execute(query).fetchall())
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return []


def digest(path: Path) -> str:
    """Sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def molecules(folder: Path, number: int, seed: int) -> Path:
    """A file of samples of a bundled prior."""
    from chemmara import sample

    path = folder / "molecules.smi"
    if not path.exists():
        path.write_text("\n".join(sample("zinc250k-gru", number, seed=seed)) + "\n", encoding="utf-8")
    return path


def campaign(seed: int, workers: int) -> Job:
    """A campaign of some 30 steps."""

    def command(folder: Path) -> list[str]:
        file = folder / "campaign.toml"
        file.write_text(CAMPAIGN.format(budget=400, seed=seed, workers=workers))
        return ["run", str(file), "--out", str(folder / "run"), "--resume"]

    def rows(folder: Path) -> list[object]:
        return table(folder / "run" / "ledger.sqlite", "SELECT * FROM calls ORDER BY call")

    return Job(f"campaign, {workers} workers", command, rows, rows)


def pretraining(seed: int) -> Job:
    """Twenty epochs of a small network on 800 molecules."""

    def command(folder: Path) -> list[str]:
        source = molecules(folder, 800, seed)
        options = ["--hidden", "64", "--epochs", "20", "--batch-size", "32", "--evaluate-every", "20"]
        options += ["--seed", str(seed), "--evaluate-samples", "20", "--card-samples", "0", "--threads", "1"]
        begun = (folder / "prior" / "training.safetensors").exists()
        return ["pretrain", str(source), "--out", str(folder / "prior"), *options, "--resume" if begun else "--force"]

    return Job("pretraining", command, lambda _: [], lambda folder: digest(folder / "prior" / "weights.safetensors"))


def scoring(seed: int) -> Job:
    """QED and SA of 3,000 molecules, values kept in a cache."""

    def command(folder: Path) -> list[str]:
        library, objective = molecules(folder, 3000, seed), folder / "objective.toml"
        objective.write_text(OBJECTIVE)
        options = ["--cache", str(folder / "cache.sqlite"), "--workers", "2", "--out", str(folder / "scored.csv")]
        return ["score", str(library), "--objective", str(objective), *options]

    def rows(folder: Path) -> list[object]:
        return table(folder / "cache.sqlite", "SELECT * FROM measured ORDER BY rowid")

    return Job("score --cache", command, rows, lambda folder: digest(folder / "scored.csv"))


def kill_until_done(job: Job, folder: Path, seconds: float, chance: random.Random, kills: int) -> tuple[int, list[str]]:
    """Kill the job at random moments, at most `kills` times, until it has ended; the number of kills, and faults."""
    faults: list[str] = []
    done, before = 0, list[object]()
    while True:
        process = run(folder, job)
        try:
            _, err = process.communicate(timeout=chance.uniform(0.1, 0.7) * seconds if done < kills else None)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            done += 1
            now = job.rows(folder)
            if now[: len(before)] != before:
                faults.append(f"{job.name}: rows were lost or changed at kill {done}")
            before = now
            continue
        if process.returncode:
            faults.append(f"{job.name}: exit code {process.returncode}: {err.decode()[-500:]}")
        return done, faults


def left_over() -> list[str]:
    """Processes with our mark in their environment that are still there."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={os.getpid()}".encode() in (place / "environ").read_bytes().split(b"\0")
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
        if marked and words:
            found.append(f"{place.name}: {words[:150]}")
    return found


def main() -> None:
    """All kills, then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    faults: list[str] = []
    totals: dict[str, tuple[int, int]] = {}
    makers = [lambda seed: campaign(seed, 1), pretraining, lambda seed: campaign(seed, 2), scoring]
    wholes: dict[int, tuple[float, object]] = {}
    done, turn = 0, 0
    with tempfile.TemporaryDirectory(prefix="chemmara-kills-") as name:
        while done < options.kills:
            kind = turn % len(makers)
            job = makers[kind](kind)
            if kind not in wholes:
                whole = Path(name) / f"whole{kind}"
                whole.mkdir()
                job.command(whole)  # makes its input, which is no part of the time
                began = time.perf_counter()
                if kill_until_done(job, whole, 1e9, chance, 0)[1]:
                    sys.exit(f"{job.name}: does not run even without kills")
                wholes[kind] = (time.perf_counter() - began, job.end(whole))
            folder = Path(name) / f"job{turn}"
            folder.mkdir()
            kills, found = kill_until_done(job, folder, wholes[kind][0], chance, min(6, options.kills - done))
            faults += found
            if not found and job.end(folder) != wholes[kind][1]:
                faults.append(f"{job.name}: does not end as it does without kills")
            before = totals.get(job.name, (0, 0))
            totals[job.name] = (before[0] + kills, before[1] + 1)
            done, turn = done + kills, turn + 1
            print(f"{done} kills; {job.name}: {kills}", file=sys.stderr, flush=True)
        time.sleep(3)
        faults += [f"left over: {line}" for line in left_over()]
    print("| job | kills | jobs |\n| --- | --- | --- |")
    for job_name, (kills, jobs) in totals.items():
        print(f"| {job_name} | {kills} | {jobs} |")
    print(f"\n{done} kills, {len(faults)} faults")
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
