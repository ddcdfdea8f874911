"""The paths in the settings of a run whose project was moved or copied to another place."""

import os
from pathlib import Path
from typing import Any


def follow(saved: Any, was: Path, now: Path) -> Any:
    """The settings with each path in them that was beside the run, and is beside it now, put right.

    What both places have in common above a run is what was moved: of /home/ann/project/runs/1 and
    /data/project/runs/1, what was under /home/ann/project is looked for under /data/project, else what was under
    /home/ann under /data. A path that has nothing in its place stays.

    Args:
        saved: the settings as JSON; tables and lists are gone through.
        was: the run's folder when it was begun or gone on with last.
        now: the run's folder.
    """
    if isinstance(saved, dict):
        return {key: follow(entry, was, now) for key, entry in saved.items()}
    if isinstance(saved, list):
        return [follow(entry, was, now) for entry in saved]
    return _followed(saved, was, now) if isinstance(saved, str) else saved


def _followed(text: str, was: Path, now: Path) -> str:
    file, colon, name = text.rpartition(":") if ".py:" in text else (text, "", "")  # file.py:name is a function
    place = Path(file)
    for old, new in zip(was.parents, now.parents, strict=False):
        if old == new:
            return text
        if place.is_relative_to(old) and os.path.exists(there := new / place.relative_to(old)):  # noqa: PTH110 - below
            return f"{there}{colon}{name}"  # Path.exists raises where a folder may not be read
    return text
