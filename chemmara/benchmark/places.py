"""Where the runs of a comparison lie: a folder for each method, in it a folder for each seed."""

from pathlib import Path
from urllib.parse import unquote


def run_place(out: Path, method: str, seed: int) -> Path:
    """The folder of a run; a method that names a file has one folder, too, whose name is not a path.

    >>> str(run_place(Path("out"), "mara+screen.surrogate=../own.py:Model", 1))
    'out/mara+screen.surrogate=..%2Fown.py:Model/1'
    """
    return out / method.replace("%", "%25").replace("/", "%2F") / str(seed)


def method_of(place: Path) -> str:
    """The method whose run a folder is the place of.

    >>> method_of(Path("out/mara+screen.surrogate=..%2Fown.py:Model/1"))
    'mara+screen.surrogate=../own.py:Model'
    """
    return unquote(place.parent.name)
