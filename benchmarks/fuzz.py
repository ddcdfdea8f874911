"""Molecule files and settings made at random, through the real commands: read right or refused, never a traceback.

    python benchmarks/fuzz.py [--files 1000] [--toml 1000] [--seed 0]

A file's rows are known to whoever made it: each has to come out once, in order, with its SMILES, name and tags as they
were, or the file is refused (exit code 2, a line a mistake). What was damaged at random is compared with what Python's
own means read. Exit code 1 on a failure, with the seed that shows it again. About four minutes.
"""

import argparse
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import torch
from chemmara.cli.main import app
from fuzzed_files import Fuzzed, fuzzed
from fuzzed_settings import fuzzed_settings
from read_by_hand import rows_by_hand
from typer.testing import CliRunner

from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, save_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer

OBJECTIVE = 'aggregation = "arithmetic"\n[[component]]\noracle = "tpsa"\n'
OBJECTIVE += 'transform = { kind = "ramp", worst = 0.0, best = 60.0 }\n'
ADDED = ["total", "tpsa", "error"]  # columns of `chemmara score`


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    stdout: str
    stderr: str
    bug: str  # what was raised, if anything was


@dataclass
class Tally:
    """What became of everything."""

    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run_here(arguments: list[str], stdin: bytes | None = None) -> Answer:
    """A command in this process."""
    result = CliRunner().invoke(app, arguments, input=stdin)
    bug = "" if result.exception is None or isinstance(result.exception, SystemExit) else repr(result.exception)
    return Answer(result.exit_code, result.stdout_bytes.decode(), result.stderr_bytes.decode(), bug)


def run_there(arguments: list[str], stdin: bytes | None = None) -> Answer:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "chemmara.cli.main", *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, input=stdin or b"", capture_output=True, check=False, env=environment)
    stderr = done.stderr.decode()
    return Answer(done.returncode, done.stdout.decode(), stderr, stderr if "Traceback" in stderr else "")


def complaint(answer: Answer) -> str:
    """What is wrong with an answer, whatever the command: '' if nothing is."""
    if answer.bug:
        return f"traceback: {answer.bug[-400:]}"
    if answer.code not in {0, 2}:
        return f"exit code {answer.code}: {answer.stderr}"
    lines = [line for line in answer.stderr.splitlines() if not line.startswith("note: ")]
    if answer.code == 2 and not (lines and all(line.startswith("error: ") for line in lines)):
        return f"refused without a reason, or with more than that: {answer.stderr!r}"
    return ""


def table(text: str) -> list[list[str]]:
    """Cells of a CSV, its header first."""
    return list(csv.reader(io.StringIO(text, newline="")))


def in_a_spreadsheet(cell: str) -> str:
    """A cell as .csv has it: with ' before a text that a spreadsheet would take for a formula (docs/taking-out.md)."""
    number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-", cell)
    return f"'{cell}" if cell[:1] in tuple("=+-@\t\r") and not number else cell


def wrong_rows(file: Fuzzed, answer: Answer, added: list[str]) -> str:
    """What is wrong with the rows that a command wrote, where it did not rightly refuse the file."""
    if file.outcome != "either" and (answer.code == 2) != (file.outcome == "refused"):
        return f"should be {file.outcome}, but exit code {answer.code}: {answer.stderr}"
    if answer.code == 2:
        return ""
    columns, *rows = table(answer.stdout)
    expected = rows_by_hand(file) if file.outcome == "either" else [file.columns, *file.rows]
    expected = None if expected is None else [[in_a_spreadsheet(cell) for cell in row] for row in expected]
    if expected is None or (file.outcome == "either" and [*expected[0], *added] != columns):
        return ""  # damaged so much that nobody can tell
    if [*expected[0], *added] != columns:
        return f"columns {columns} instead of {expected[0]}"
    found = [row[: -len(added)] for row in rows]
    if found == expected[1:]:
        return ""
    pairs = enumerate(zip(found, expected[1:], strict=False), 1)
    first = next((f"row {row} is {ours}, not {theirs}" for row, (ours, theirs) in pairs if ours != theirs), "")
    return f"{len(found)} rows instead of {len(expected) - 1}; {first}"


def check_file(seed: int, folder: Path, tally: Tally) -> None:
    """One file through `score` and one more command, as a file or by stdin."""
    file = fuzzed(seed)
    path = folder / file.name
    path.write_bytes(file.data)
    piped = seed % 4 == 0
    run = run_there if seed % 100 == 4 else run_here
    source, stdin = ("-", file.data) if piped else (str(path), None)
    column = ["--smiles-column", file.smiles_column] if file.smiles_column else []
    score = run(["score", source, "--objective", str(folder / "objective.toml"), *column], stdin)
    wrong = complaint(score) or wrong_rows(file, score, ADDED)
    if not wrong and seed % 3 == 1:
        wrong = check_likelihood(file, score, folder, [source, *column], stdin)
    elif not wrong:
        wrong = check_another(seed, folder, score, [source, *column], stdin)
    tally.kinds[file.kind.split(",")[0]] += 1
    tally.codes[f"score {file.outcome}: exit code {score.code}"] += 1
    if wrong:
        tally.failures.append(
            f"--seed {seed} --files 1 --toml 0: {file.kind}, {file.name}, by {'stdin' if piped else 'name'}: {wrong}"
        )
    path.unlink()


def check_another(seed: int, folder: Path, score: Answer, arguments: list[str], stdin: bytes | None) -> str:
    """What is wrong with another command on the file, which has to see as many rows and refuse the same."""
    number = len(table(score.stdout)) - 1
    if seed % 3 == 0:
        answer = run_here(["diversity", "--json", *arguments], stdin)
        seen = json.loads(answer.stdout)["molecules"] if answer.code == 0 else number
    elif stdin is None and len(arguments) == 1:
        out = ["--out", str(folder / "corpus"), "--force", "--min-atoms", "1"]
        answer = run_here(["corpus", "prepare", *arguments, *out])
        found = re.search(r"read (\d+) molecules", answer.stderr)
        seen = int(found.group(1)) if found else number
        if "not one molecule is left" in answer.stderr:
            return complaint(answer)
    else:
        return ""
    if (answer.code, seen) == (score.code, number):
        return complaint(answer)
    return complaint(answer) or f"exit code {answer.code}, {seen} rows; score: {score.code}, {number}: {answer.stderr}"


def check_likelihood(file: Fuzzed, score: Answer, folder: Path, arguments: list[str], stdin: bytes | None) -> str:
    """What is wrong with `likelihood` on the file; it has to read or refuse the same files as `score`."""
    answer = run_here(["likelihood", str(folder / "prior"), *arguments], stdin)
    if answer.code != score.code:
        return complaint(answer) or f"exit code {answer.code}; score: {score.code}: {answer.stderr}"
    return complaint(answer) or ("" if answer.code == 2 else wrong_rows(file, answer, ["nll", "error"]))


def check_settings(seed: int, folder: Path, tally: Tally) -> None:
    """One settings file through `validate`, `objective show` and `oracle test`."""
    name, data = fuzzed_settings(seed, folder / "prior")
    path = folder / "settings.toml"
    path.write_bytes(data)
    campaign = name != "drug-like"
    commands = [
        ["validate", str(path)] if campaign else ["oracle", "test", str(path)],
        ["objective", "show", str(path)],
    ]
    for command in commands:
        answer = run_here(command)
        tally.codes[f"{' '.join(command[:-1])}: exit code {answer.code}"] += 1
        if wrong := complaint(answer):
            tally.failures.append(f"--seed {seed} --files 0 --toml 1: {' '.join(command[:-1])} of {name}: {wrong}")
    tally.kinds[f"{name}.toml"] += 1


def make_tools(folder: Path) -> None:
    """A cheap objective and an untrained prior."""
    (folder / "objective.toml").write_text(OBJECTIVE, encoding="utf-8")
    torch.manual_seed(7)
    tokenizer = Tokenizer.of(["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "F/C=C/F", "[Na+].[Cl-]", "CN1CC1"], "smiles")
    config = PriorConfig(network=RecurrentConfig(embedding=16, hidden=32), max_length=40)
    (folder / "prior").mkdir()
    save_prior(Prior("prior", config, tokenizer, build(config.network, len(tokenizer))), folder / "prior")


def fuzz(files: int, toml: int, seed: int) -> Tally:
    """As many files and settings, of the seeds from `seed` on."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tools(folder)
        for number in range(seed, seed + files):
            check_file(number, folder, tally)
        for number in range(seed, seed + toml):
            check_settings(number, folder, tally)
    return tally


def main() -> None:
    """Fuzz, and print what became of it."""
    parser = argparse.ArgumentParser(description="Fuzz the readers of molecules and settings.")
    for option, number in (("--files", 1000), ("--toml", 1000), ("--seed", 0)):
        parser.add_argument(option, type=int, default=number)
    given = parser.parse_args()
    tally = fuzz(given.files, given.toml, given.seed)
    for counts in (tally.kinds, tally.codes):
        for name, number in sorted(counts.items()):
            print(f"{number:6}  {name}")
    for failure in tally.failures:
        print(f"FAILED  {failure}")
    print(f"{len(tally.failures)} failures")
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
