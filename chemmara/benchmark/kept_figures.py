"""What the runs of a benchmark came to, kept in their folders: #Circles of thousands of hits take seconds a run.

What is kept counts as long as the run's calls, the question, and the code and RDKit that answered it are the same.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from rdkit import rdBase

from chemmara.records.run_folder import RunFolder
from chemmara.system.files import write_text

_DECIDE: Final = (
    "benchmark/figures.py",
    "benchmark/suite_figures.py",
    "metrics/*.py",
    "molecules/*.py",
    "records/*.py",
)


def kept(folder: Path, question: dict[str, Any], answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, as plain values, from the run's folder; if it is not there, it is worked out and written there.

    `question`: plain values of all that the answer depends on, but for the code.
    """
    path = RunFolder(folder).figures
    exact = json.loads(json.dumps({**question, "code": _code()}))
    before = _read(path)
    if before.get("question") == exact:
        return before["answer"]
    found = answer()
    write_text(path, json.dumps({"question": exact, "answer": found}) + "\n")
    return found


def _read(path: Path) -> dict[str, Any]:
    """What the file holds; {} where it is not there, or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def _code() -> str:
    """SHA-256 of the code that decides on an answer, its figures and their form, with RDKit's version."""
    package = Path(__file__).parents[1]
    files = sorted(file for pattern in _DECIDE for file in package.glob(pattern))
    texts = [file.read_bytes() for file in files]
    return hashlib.sha256(b"\0".join([rdBase.rdkitVersion.encode(), *texts])).hexdigest()
