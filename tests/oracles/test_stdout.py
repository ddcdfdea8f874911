"""What an oracle prints never stands among our data, whichever way it prints."""

import csv
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chemmara.oracles.stdout import stdout_to_stderr

BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
ROOT = Path(__file__).parents[2]
NOISY = """
import ctypes, os, subprocess, sys
print("said on import")
def noisy(molecules):
    print("said by Python")
    sys.__stdout__.write("said past the redirection\\n")
    os.write(1, b"said to the descriptor\\n")
    ctypes.CDLL(None).puts(b"said by C")
    subprocess.run([sys.executable, "-c", "print('said by a program')"])
    return [0.5] * len(molecules)
"""


@pytest.mark.parametrize(
    ("command", "flags"),
    [("score", []), ("score", ["--workers", "2"]), ("score", ["--timeout", "30"]), ("objective", []), ("oracle", [])],
)
def test_what_an_oracle_prints_goes_to_stderr(command: str, flags: list[str], tmp_path: Path) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    component = f'[[component]]\noracle = "python"\ncall = "{tmp_path}/noisy.py:noisy"\nlow = 0.0\nhigh = 1.0\n'
    (tmp_path / "o.toml").write_text(component)
    (tmp_path / "l.smi").write_text("".join("C" * n + "O\n" for n in range(1, 40)))
    arguments = {
        "score": ["score", str(tmp_path / "l.smi"), "--objective", str(tmp_path / "o.toml"), *flags],
        "objective": ["objective", "show", str(tmp_path / "o.toml"), "--json"],
        "oracle": ["oracle", "test", str(tmp_path / "o.toml")],
    }[command]
    ran = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=BUFFERED,
    )
    assert ran.returncode == 0, ran.stderr
    assert "said" not in ran.stdout
    for words in ("on import", "by Python", "past the redirection", "to the descriptor", "by C", "by a program"):
        assert f"said {words}" in ran.stderr
    if command == "score":
        rows = list(csv.DictReader(io.StringIO(ran.stdout)))
        assert [row["total"] for row in rows] == ["0.5"] * 39


def test_stdout_is_back_once_the_last_thread_is_out(capfd: pytest.CaptureFixture[str]) -> None:
    inside, leave = threading.Barrier(3), threading.Event()

    def work() -> None:
        with stdout_to_stderr():
            inside.wait()
            leave.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    os.write(1, b"during\n")
    leave.set()
    for thread in threads:
        thread.join()
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("after\n", "during\n")


def test_an_error_puts_stdout_back(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with pytest.raises(ZeroDivisionError), stdout_to_stderr():
        raise ZeroDivisionError
    assert sys.stdout is before
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"
