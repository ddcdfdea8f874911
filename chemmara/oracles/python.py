"""Oracles in the user's own Python."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError, reason_of
from chemmara.oracles.stdout import stdout_to_stderr

GROUP = "chemmara.oracles"
"""Entry points of this group are oracles by name."""


@cache
@stdout_to_stderr()
def load_python(call: str, settings: str) -> Callable[[Sequence[Mol]], Any]:
    """The object behind "package.module:name", "path/to/file.py:name" or an entry point's name.

    A class, or a function marked by a settings table, is called with the settings (JSON text) and gives the oracle.
    ChemmaraError where there is no such object, or its module cannot be imported.
    """
    try:
        found = _python_object(call)
    except (ImportError, SyntaxError, FileNotFoundError) as error:
        raise ChemmaraError(f"{call}: cannot be imported ({reason_of(error)})") from None
    table = json.loads(settings)
    if isinstance(found, type) or table:
        try:
            found = found(**table)
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
    module = _module_of(Path(place)) if place.endswith(".py") else import_module(place)
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
