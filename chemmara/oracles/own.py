"""Oracles of the user's own: Python, an external program, a web service."""

import csv
import io
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from math import inf, nan
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import given_smiles
from chemmara.oracles.stdout import stdout_to_stderr

GROUP = "chemmara.oracles"
"""Entry points of this group are oracles by name."""


@cache
@stdout_to_stderr()
def load_python(call: str, settings: str) -> Callable[[Sequence[Mol]], Any]:
    """The object behind "package.module:name", "path/to/file.py:name" or an entry point's name.

    A class, or a function marked by a settings table, is called with the settings (JSON text) and gives the oracle.
    ChemmaraError where there is no such object.
    """
    found = _python_object(call)
    given = json.loads(settings)
    if isinstance(found, type) or given:
        try:
            found = found(**given)
        except TypeError as error:
            raise ChemmaraError(f"{call}: does not take these settings ({error})") from None
    if not callable(found):
        raise ChemmaraError(f"{call}: is no oracle: it cannot be called with a list of molecules")
    return found


def _python_object(call: str) -> Any:
    place, separator, name = call.rpartition(":")
    if not separator:
        plugins = {entry.name: entry for entry in entry_points(group=GROUP)}
        if call not in plugins:
            known = ", ".join(sorted(plugins)) or "none"
            raise ChemmaraError(f"{call}: neither module:name, file.py:name nor an installed plugin ({known})")
        return plugins[call].load()
    try:
        module = _module_of(Path(place)) if place.endswith(".py") else import_module(place)
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ChemmaraError(f"{call}: cannot be imported ({error})") from None
    if not hasattr(module, name):
        raise ChemmaraError(f"{call}: {place} has no {name!r}")
    return getattr(module, name)


def _module_of(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class PythonOracle:
    """Calls the user's Python with RDKit molecules; loaded once in every process."""

    call: str
    settings: str = "{}"  # JSON
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        return np.asarray(load_python(self.call, self.settings)(molecules), dtype=float)


@dataclass(frozen=True)
class ProgramOracle:
    """Runs a program: one SMILES a line on its stdin, one value a molecule on its stdout.

    JSON lines ({"smiles": ..., "value": ...}) or CSV with these columns, in any order; a molecule that is not answered,
    or with null, has no value. The command is a list and never goes through a shell. RuntimeError where the program
    fails or is late more often than `restarts`; ChemmaraError where there is no such program.
    """

    command: tuple[str, ...]
    output: Literal["jsonl", "csv"] = "jsonl"
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
            batch = texts[start : start + self.batch_size]
            answers = _answers(self._run(batch), self.output)
            values += [answers.get(text, nan) for text in batch]
        return np.array(values, dtype=float)

    def _run(self, batch: list[str]) -> str:
        reason = ""
        for _ in range(self.restarts + 1):
            try:
                done = subprocess.run(  # noqa: S603 - a list, no shell
                    self.command, input="\n".join(batch) + "\n", capture_output=True, text=True, check=False,
                    timeout=self.time_limit, cwd=self.folder,
                )  # fmt: skip
            except FileNotFoundError:
                raise ChemmaraError(f"{self.command[0]}: no such program (looked in {self.folder} and PATH)") from None
            except subprocess.TimeoutExpired:
                reason = f"no answer within {self.time_limit:g} s"
                continue
            if done.returncode == 0:
                return done.stdout
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            reason = f"exit code {done.returncode}: {said}"
        raise RuntimeError(f"{self.command[0]}: {reason}")


def _answers(text: str, output: Literal["jsonl", "csv"]) -> dict[str, float]:
    lines = text.splitlines()
    rows: Iterable[Any] = (
        (json.loads(line) for line in lines if line.strip())
        if output == "jsonl"
        else csv.DictReader(io.StringIO("\n".join(lines)))
    )
    return {row["smiles"]: nan if row["value"] in {None, ""} else float(row["value"]) for row in rows}


@dataclass(frozen=True)
class RestOracle:
    """Asks a web service: POST {"smiles": [...]} gives {"values": [...]}, null for no value.

    What fails for want of an answer, with 429 or a server's error is tried again after 1, 2, 4, ... times `pause`
    seconds. ChemmaraError where the service stays away, so that a run stops and can be resumed; RuntimeError where it
    refuses the molecules.
    """

    url: str
    batch_size: int = 64
    time_limit: float = 60.0
    retries: int = 4
    pause: float = 0.5
    token_variable: str | None = None  # environment variable with a bearer token
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        texts = [given_smiles(molecule) for molecule in molecules]
        values: list[float | None] = []
        for start in range(0, len(texts), self.batch_size):
            batch = texts[start : start + self.batch_size]
            given = self._post(batch).get("values", [])
            if len(given) != len(batch):
                raise RuntimeError(f"{self.url}: {len(given)} values for {len(batch)} molecules")
            values += given
        return np.array([nan if value is None else value for value in values], dtype=float)

    def _post(self, batch: list[str]) -> dict[str, Any]:
        import httpx

        headers = {"Authorization": f"Bearer {os.environ[self.token_variable]}"} if self.token_variable else {}
        reason = ""
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            try:
                answer = httpx.post(self.url, json={"smiles": batch}, headers=headers, timeout=self.time_limit)
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {error}"
                continue
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                reason = f"HTTP {answer.status_code}"
                continue
            if answer.is_error:
                raise RuntimeError(f"{self.url}: HTTP {answer.status_code}")
            return dict(answer.json())
        raise ChemmaraError(
            f"{self.url}: gave no answer in {self.retries + 1} tries ({reason}); resume when it is back"
        )
