"""The user's own Python: oracles, and how any object of it is loaded and called."""

import importlib
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError, reason_of
from chemmara.oracles.stdout import stdout_to_stderr

_PACKAGE = Path(__file__).parents[1]
GROUP = "chemmara.oracles"
"""Entry points of this group are oracles by name."""


def load_python(call: str, settings: str, contents: str | None = None) -> Callable[[Sequence[Mol]], Any]:
    """The object behind "package.module:name", "path/to/file.py:name" or an entry point's name.

    A class, or a function marked by a settings table, is called with the settings (JSON text) and gives the oracle.
    A file is loaded once for its `contents` (of `contents_of`; None: as they are now) and anew once it was changed.
    ChemmaraError where there is no such object, or the user's code fails on import or on taking the settings.
    """
    return _loaded(call, settings, contents_of(call) if contents is None else contents)


def contents_of(call: str) -> str:
    """SHA-256 of the file that a call names; "" where it names none."""
    path = Path(call.rpartition(":")[0])
    return sha256(path.read_bytes()).hexdigest() if path.suffix == ".py" and path.is_file() else ""


@contextmanager
def users_code(call: str, failure: str) -> Iterator[None]:
    """Whatever the user's code raises is a ChemmaraError in one line, `failure` first; what it prints goes to stderr.

    That line names the place in the user's file.
    """
    with stdout_to_stderr():
        try:
            yield
        except ChemmaraError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code, which may fail in any way
            raise ChemmaraError(f"{call}: {failure} ({reason_of(error)}{_line_of(call, error)})") from None


@cache
def load_object(call: str, contents: str) -> Any:
    """The object behind a call, as for `load_python`; ChemmaraError where there is none, or its import fails."""
    with users_code(call, "cannot be imported"):
        return _python_object(call, contents)


@cache
def _loaded(call: str, settings: str, contents: str) -> Callable[[Sequence[Mol]], Any]:
    found, table = load_object(call, contents), json.loads(settings)
    if isinstance(found, type) or table:
        with users_code(call, "cannot be made"):
            try:
                found = found(**table)
            except TypeError as error:
                raise ChemmaraError(f"{call}: does not take these settings ({error})") from None
    if not callable(found):
        raise ChemmaraError(f"{call}: is no oracle: it cannot be called with a list of molecules")
    return found


def _line_of(call: str, error: BaseException) -> str:
    """Where the user's code failed: the line of the file that is called, also where a library failed that it called.

    "" for what Python itself found wrong with a file or its name, or we.
    """
    every = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    ours = (_PACKAGE, Path(importlib.__file__))
    theirs = [frame for frame in every if not any(map(Path(frame.filename).is_relative_to, ours))]
    place = call.rpartition(":")[0]
    file = place if place.endswith(".py") else getattr(sys.modules.get(place), "__file__", None) or place
    frames = [frame for frame in theirs if Path(frame.filename) == Path(file)] or theirs
    return f"; {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def _python_object(call: str, contents: str) -> Any:
    place, separator, name = call.rpartition(":")
    if not separator:
        plugins = {entry.name: entry for entry in entry_points(group=GROUP)}
        if call not in plugins:
            known = ", ".join(sorted(plugins)) or "none"
            raise ChemmaraError(f"{call}: neither module:name, file.py:name nor an installed plugin ({known})")
        return plugins[call].load()
    module = _module_of(Path(place), contents) if place.endswith(".py") else importlib.import_module(place)
    if not hasattr(module, name):
        raise ChemmaraError(f"{call}: {place} has no {name!r}")
    return getattr(module, name)


def _module_of(path: Path, contents: str) -> Any:
    """The module in a file, which is listed as imported, as dataclasses and multiprocessing need it, by an own name."""
    place = sha256(f"{path.resolve()} {contents}".encode()).hexdigest()[:12]
    name = f"oracle_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}_{place}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    if spec is None:
        raise FileNotFoundError(path)
    module = sys.modules[name] = module_from_spec(spec)
    try:
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)  # noqa: S102 - not bytecode, which may be older
    except BaseException:
        del sys.modules[name]
        raise
    return module


@dataclass(frozen=True)
class PythonOracle:
    """Calls the user's Python with RDKit molecules; loaded once in every process."""

    call: str
    settings: str = "{}"  # JSON
    low: float = -inf
    high: float = inf
    contents: str | None = None  # of its file when it was made: a change does not reach into a run

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        return np.asarray(load_python(self.call, self.settings, self.contents)(molecules), dtype=float)
