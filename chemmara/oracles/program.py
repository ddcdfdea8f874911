"""Oracles in an external program."""

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import given_smiles
from chemmara.oracles.answers import Output, values_of
from chemmara.system.program_group import program_group

_MOST: Final = 64 * 2**20  # bytes that a program may print for a batch
_GLANCE: Final = 0.1  # seconds between two looks at how much it has printed


@dataclass(frozen=True)
class ProgramOracle:
    """Runs a program: one SMILES a line on its stdin, one value a molecule on its stdout.

    JSON lines ({"smiles": ..., "value": ...}) or CSV with these columns, in any order; a molecule that is not answered,
    or with null, has no value. Or plain numbers, a line each, in the order of the molecules. The command is a list and
    never goes through a shell. What the program starts ends with it. RuntimeError where the program fails, is late, or
    prints something else more often than `restarts`; ChemmaraError where it cannot be started.
    """

    command: tuple[str, ...]
    output: Output = "jsonl"
    folder: Path = field(default_factory=Path.cwd)
    batch_size: int = 64
    time_limit: float = 60.0  # seconds a batch
    restarts: int = 1
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        texts = [given_smiles(molecule) for molecule in molecules]
        values: list[float] = []
        for start in range(0, len(texts), self.batch_size):
            values += self._values(texts[start : start + self.batch_size])
        return np.array(values, dtype=float)

    def _values(self, batch: list[str]) -> list[float]:
        reason = ""
        for _ in range(self.restarts + 1):
            try:
                return values_of(self._run("".join(f"{smiles}\n" for smiles in batch)), self.output, batch)
            except ValueError as error:
                reason = str(error)
        raise RuntimeError(f"{self.command[0]}: {reason}")

    def _run(self, text: str) -> bytes:
        """What the program printed; ValueError where it failed, was late or printed too much."""
        with TemporaryFile() as given, TemporaryFile() as printed, TemporaryFile() as errors:
            given.write(text.encode())
            given.seek(0)
            with ExitStack() as running:
                group = program_group(self.command, self.folder, stdin=given, stdout=printed, stderr=errors)
                try:
                    process = running.enter_context(group)
                except OSError as error:
                    raise ChemmaraError(self._no_start(error)) from None
                _wait(process, self.time_limit, printed, errors)
            if process.returncode:
                lines = _contents(errors).decode(errors="replace").strip().splitlines()
                raise ValueError(f"exit code {process.returncode}: {lines[-1] if lines else 'it gave no reason'}")
            return _contents(printed)

    def _no_start(self, error: OSError) -> str:
        if not self.folder.is_dir():
            return f"{self.folder}: no such folder for {self.command[0]} to run in"
        if isinstance(error, FileNotFoundError):
            return f"{self.command[0]}: no such program (looked in {self.folder} and PATH)"
        return f"{self.command[0]}: cannot be started ({error.strerror})"


def _wait(process: "subprocess.Popen[bytes]", seconds: float, *outputs: IO[bytes]) -> None:
    """Wait for a program's end; ValueError where it is late, or one of its outputs becomes too large."""
    last = time.monotonic() + seconds
    while process.poll() is None:
        left = last - time.monotonic()
        if left <= 0:
            raise ValueError(f"no answer within {seconds:g} s")
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(left, _GLANCE))
        if any(os.fstat(output.fileno()).st_size > _MOST for output in outputs):
            raise ValueError(f"it printed more than {_MOST // 2**20} MiB for one batch")


def _contents(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
