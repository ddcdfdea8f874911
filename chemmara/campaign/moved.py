"""The paths in the settings of a run whose project was moved or copied to another place."""

from pathlib import Path
from typing import Any


def follow(saved: Any, was: Path, now: Path) -> Any:
    """The settings with the paths that are gone where they were, and are there in the new place, put right.

    The folders above a run that both places share the names of belong to what was moved:

        >>> _roots(Path("/home/ann/project/runs/1"), Path("/data/project/runs/1"))
        (PosixPath('/home/ann'), PosixPath('/data'))

    Args:
        saved: the settings as JSON; tables and lists are gone through.
        was: the run's folder when it was begun or gone on with last.
        now: the run's folder.
    """
    roots = _roots(was, now)
    return saved if roots is None else _followed(saved, *roots)


def _roots(was: Path, now: Path) -> tuple[Path, Path] | None:
    """The two places above the part of the paths that is the same; None where nothing was moved."""
    if was == now:
        return None
    while was.name and was.name == now.name:
        was, now = was.parent, now.parent
    return was, now


def _followed(value: Any, old: Path, new: Path) -> Any:
    if isinstance(value, dict):
        return {key: _followed(entry, old, new) for key, entry in value.items()}
    if isinstance(value, list):
        return [_followed(entry, old, new) for entry in value]
    if not isinstance(value, str):
        return value
    file, colon, name = value.rpartition(":") if ".py:" in value else (value, "", "")  # file.py:name is a function
    place = Path(file)
    if not place.is_relative_to(old) or place.exists():
        return value
    there = new / place.relative_to(old)
    return f"{there}{colon}{name}" if there.exists() else value
