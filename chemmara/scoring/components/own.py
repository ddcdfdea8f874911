"""Components whose oracle the user brings: Python, a program, a web service."""

import json
import os
from importlib.util import find_spec
from math import inf
from pathlib import Path
from shutil import which
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from chemmara.config import OwnPython, UserPath
from chemmara.errors import ChemmaraError
from chemmara.oracles.answers import Output
from chemmara.oracles.interface import Oracle
from chemmara.oracles.program import ProgramOracle
from chemmara.oracles.python import PythonOracle, contents_of, load_python
from chemmara.oracles.rest import RestOracle
from chemmara.scoring.components.base import Base, checksum

_SCRIPTS = {".py", ".sh", ".pl", ".r", ".jl", ".jar", ".js"}  # endings of files that an interpreter is given
_INTERPRETERS = ("python", "bash", "sh", "perl", "Rscript", "julia", "node")


class _Own(Base):
    """An oracle that the user brings, with the range and the cost that only the user knows."""

    may_be_zero: ClassVar[bool] = True

    low: float | None = None
    """Smallest value it gives; none: without limit."""
    high: float | None = None
    """Largest value it gives; none: without limit."""
    cost_ms: PositiveFloat = 100.0
    """Milliseconds a molecule, about; from 10 on the oracle measures only molecules that can still have a score."""
    values: ClassVar[str] = "as its low and high say"
    version: str = ""
    """Version of the oracle; change it when its values change, so that a cache does not give the old ones. (A change in
    a Python file, or in a file that a program's command names, is noticed without it.)"""

    @model_validator(mode="after")
    def _low_is_less_than_high(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low has to be less than high (got {self.low:g} and {self.high:g})")
        return self

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return self.cost_ms

    @property
    def bounds(self) -> dict[str, float]:
        """Range of the values."""
        return {"low": -inf if self.low is None else self.low, "high": inf if self.high is None else self.high}


def _of_code(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity of a component whose files are code: what they hold counts, not what they are called."""
    return {**identity, "files": {}, "code": list(identity["files"].values())}


class PythonComponent(_Own):
    """A Python function or class that takes a list of RDKit molecules and gives a list of numbers."""

    oracle: Literal["python"]
    """Your Python."""
    call: OwnPython
    """"package.module:name", "file.py:name" beside this file, or the name of an installed plugin's entry point."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Arguments by name for a class, or for a function that makes the oracle."""
    example: ClassVar[dict[str, Any]] = {
        "oracle": "python",
        "call": "chemmara.oracles.descriptors:DescriptorOracle",
        "settings": {"name": "qed"},
        "low": 0.0,
        "high": 1.0,
    }
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("function", "plugin", "py", "custom"), "python")

    @model_validator(mode="after")
    def _can_be_loaded(self) -> Self:
        try:
            load_python(self.call, json.dumps(self.settings))
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        return self

    def identity(self) -> dict[str, Any]:
        """Settings, with what the file holds."""
        return _of_code(super().identity())

    def files(self) -> dict[str, str]:
        """SHA-256 of the file that is called, where it is a file that is called."""
        contents = contents_of(self.call)
        return {"call": contents} if contents else {}

    def build(self) -> Oracle:
        """The oracle."""
        return PythonOracle(self.call, json.dumps(self.settings), contents=contents_of(self.call), **self.bounds)


class ProgramComponent(_Own):
    """A program that reads SMILES from stdin, one a line, and prints each with its value."""

    oracle: Literal["program"]
    """Your program."""
    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, as a list; no shell reads it."""
    output: Output = "jsonl"
    """jsonl: {"smiles": ..., "value": ...} a line. csv: with these two columns, after a line smiles,value. plain: a
    number a line, as many lines as molecules and in their order, empty or nan where there is no value."""
    folder: UserPath = Field(default=".", validate_default=True)  # type: ignore[assignment]
    """Where it runs; the folder of this file if left out."""
    batch_size: PositiveInt = 64
    """Molecules a run of the program, at most; fewer come with workers, so that each has some."""
    time_limit: PositiveFloat = 60.0
    """Seconds a run of the program, which is a batch of up to batch_size molecules, not a single one."""
    restarts: NonNegativeInt = 1
    """How often a batch is tried again after the program failed or was late."""
    example: ClassVar[dict[str, Any]] = {"oracle": "program", "command": ["python3", "program_oracle.py"]}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("external", "command", "script", "subprocess"), "program")

    def identity(self) -> dict[str, Any]:
        """Settings, with what the files hold that the command names."""
        return _of_code(super().identity())

    def files(self) -> dict[str, str]:
        """SHA-256 of the files that the command names."""
        return {part: checksum(self.folder / part) for part in self.command if (self.folder / part).is_file()}

    def missing_files(self) -> list[str]:
        """What the command names and this machine lacks: its program, or the script that an interpreter is given."""
        program, *arguments = self.command
        found = (self.folder / program).is_file() if os.sep in program else which(program) is not None
        script = arguments[0] if arguments and Path(program).name.startswith(_INTERPRETERS) else ""
        named = Path(script).suffix.lower() in _SCRIPTS and not script.startswith("-")
        missing = named and not (self.folder / script).is_file()
        return ([] if found else [program]) + ([str(self.folder / script)] if missing else [])

    def build(self) -> Oracle:
        """The oracle."""
        return ProgramOracle(
            self.command, self.output, Path(self.folder), self.batch_size, self.time_limit, self.restarts, **self.bounds
        )


class RestComponent(_Own):
    """A web service: POST {"smiles": [...]} gives {"values": [...]}."""

    oracle: Literal["rest"]
    """Your service."""
    url: str = Field(pattern=r"^https?://")
    """Address of the service."""
    batch_size: PositiveInt = 64
    """Molecules a request."""
    time_limit: PositiveFloat = 60.0
    """Seconds a request."""
    retries: NonNegativeInt = 4
    """How often a request is tried again, after growing pauses, before the run stops."""
    pause: PositiveFloat = 0.5
    """Seconds before the first repeated request; each further pause is twice as long."""
    token_variable: str | None = None
    """Environment variable that holds a bearer token: a secret does not belong in this file."""
    example: ClassVar[dict[str, Any]] = {"oracle": "rest", "url": "http://localhost:8000/score"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("http", "https", "url", "api", "web", "service"), "rest")

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if find_spec("httpx") is None:
            raise ValueError("rest needs httpx: pip install 'chemmara[rest]'")
        if self.token_variable is not None and self.token_variable not in os.environ:
            raise ValueError(f"the environment has no {self.token_variable}")
        return self

    def build(self) -> Oracle:
        """The oracle."""
        return RestOracle(
            self.url, self.batch_size, self.time_limit, self.retries, self.pause, self.token_variable, **self.bounds
        )
