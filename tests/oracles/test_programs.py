"""Oracles in programs through the real `chemmara`: what becomes of their processes, and their plain numbers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chemmara.oracles.answers import values_of
from tests.support.processes import ran, start, wait_until

SLOW_WRAPPER = """#!/bin/sh
sh -c 'echo $$ >> "$0"; exec sleep 300' {pids}
echo "its child ended"
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes have no groups there")


def objective(folder: Path, script: str, *settings: str) -> Path:
    """An objective of one program, a script of the shell."""
    program = folder / "program.sh"
    program.write_text(script)
    program.chmod(0o755)
    keys = "\n".join(('oracle = "program"', f'command = ["{program}"]', "low = 0.0", "high = 100.0", *settings))
    ramp = 'transform = { kind = "ramp", worst = 0.0, best = 100.0 }'
    file = folder / "objective.toml"
    file.write_text(f"[[component]]\n{keys}\n{ramp}\n")
    return file


def library(folder: Path, *smiles: str) -> Path:
    file = folder / "library.smi"
    file.write_text("".join(f"{text}\n" for text in smiles))
    return file


def running(pids: Path) -> list[str]:
    """Which of the processes in a file still run; one that ended and that nobody has waited for does not."""
    states = {
        pid: subprocess.run(
            ["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False
        ).stdout.strip()
        for pid in pids.read_text().split()
    }
    return [pid for pid, state in states.items() if state and not state.startswith("Z")]


def has_ended(pids: Path) -> bool:
    """Whether all of them end within a few seconds; those that do not are ended here."""
    last = time.monotonic() + 5
    while (left := running(pids)) and time.monotonic() < last:
        time.sleep(0.05)
    for pid in left:
        subprocess.run(["kill", "-9", pid], check=False)
    return not left


@pytest.mark.parametrize("limit", ["time_limit = 0.5", "time_limit = 60"])
def test_a_time_out_ends_the_program_and_what_it_started(tmp_path: Path, limit: str) -> None:
    pids = tmp_path / "pids"
    file = objective(tmp_path, SLOW_WRAPPER.format(pids=pids), limit, "restarts = 0")
    of_the_pool = ("--timeout", 2) if "60" in limit else ()
    done = ran("score", library(tmp_path, "CCO"), "--objective", file, *of_the_pool)
    assert "no answer within" in done.stdout
    assert has_ended(pids)


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGHUP, 1)]
)
def test_a_program_and_what_it_started_end_with_chemmara(tmp_path: Path, number: signal.Signals, workers: int) -> None:
    pids = tmp_path / "pids"
    file = objective(tmp_path, SLOW_WRAPPER.format(pids=pids))
    process = start("score", library(tmp_path, "CCO"), "--objective", file, "--workers", workers)
    wait_until(lambda: pids.exists() and bool(pids.read_text()), process)
    os.kill(process.program, number)
    process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert has_ended(pids)


def test_what_a_program_leaves_running_when_it_has_answered_is_left_alone(tmp_path: Path) -> None:
    """A server for later batches, say."""
    pids = tmp_path / "pids"
    script = f'#!/bin/sh\nsleep 300 > /dev/null 2>&1 &\necho $! >> {pids}\nprintf "smiles,value\\nCCO,50\\n"\n'
    done = ran("score", library(tmp_path, "CCO"), "--objective", objective(tmp_path, script, 'output = "csv"'))
    assert done.stdout.splitlines()[1].split(",")[1:3] == ["0.5", "50.0"]
    left = int(pids.read_text())
    os.kill(left, signal.SIGKILL)  # ProcessLookupError: it has ended


LENGTHS = """#!/bin/sh
while read smiles; do
    case $smiles in *Br*) echo ;; *I*) echo nan ;; *) echo ${#smiles} ;; esac
done
"""


def test_a_program_that_prints_plain_numbers(tmp_path: Path) -> None:
    smiles = ["CCO", "CCBr", "c1ccccc1", "CI", "CCBr"]
    done = ran("score", library(tmp_path, *smiles), "--objective", objective(tmp_path, LENGTHS, 'output = "plain"'))
    assert done.returncode == 0, done.stderr
    values = [line.split(",")[2:] for line in done.stdout.splitlines()[1:]]
    nothing = ["", "program: no value"]
    assert values == [["3.0", ""], nothing, ["8.0", ""], nothing, nothing]


@pytest.mark.parametrize(
    ("prints", "output", "words"),
    [
        ("echo Welcome", "plain", "line 1 of its output is no number: 'Welcome'"),
        ("echo 1; echo 2", "plain", "line 2 of its output is one too many: 1 line was expected, one a molecule"),
        ("true", "plain", "it printed nothing"),
        ("echo 0.5", "jsonl", "line 1 of its output is a number alone: '0.5'; with output = \"plain\" it may be"),
        ("echo 0.5", "csv", "lacks the columns smiles and value: '0.5'; a line smiles,value belongs there"),
    ],
)
def test_other_output_is_no_score_with_the_line_that_is_wrong(
    tmp_path: Path, prints: str, output: str, words: str
) -> None:
    file = objective(tmp_path, f"#!/bin/sh\n{prints}\n", f'output = "{output}"', "restarts = 0")
    done = ran("score", library(tmp_path, "CCO"), "--objective", file)
    assert words in done.stderr


def test_too_few_plain_numbers_name_the_line_that_lacks() -> None:
    with pytest.raises(ValueError, match="line 3 of its output is missing: 4 lines were expected, one a molecule"):
        values_of(b"1\n2\n", "plain", ["C", "CC", "CCC", "CCCC"])
