"""The wall time of a run over all its sessions, and the CPUs that it could use, in a file of its folder."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chemmara.records.run_folder import RunFolder
from chemmara.system.files import write_text
from chemmara.system.processors import usable_cpus

_BETWEEN_NOTES: Final = 2.0  # seconds; a kill loses as much


@dataclass
class Stopwatch:
    """Counts the seconds of this session on top of those of earlier ones."""

    folder: Path
    earlier: float = 0.0  # seconds of the sessions before this one
    began: float = field(default_factory=time.monotonic)
    noted: float = 0.0

    @classmethod
    def going_on(cls, folder: Path) -> "Stopwatch":
        """The stopwatch of a run that was begun in an earlier session."""
        return cls(folder, seconds(folder))

    def note(self) -> None:
        """Write the seconds so far, if two have passed since that was done."""
        if time.monotonic() - self.noted > _BETWEEN_NOTES:
            self._write("")

    def end(self, reason: str) -> None:
        """Write the seconds, and why the run is over."""
        self._write(reason)

    def _write(self, ended: str) -> None:
        self.noted = time.monotonic()
        spent = round(self.earlier + self.noted - self.began, 1)
        known = {"seconds": spent, "ended": ended, "cpus": usable_cpus()}
        write_text(RunFolder(self.folder).timing, json.dumps(known) + "\n")


def seconds(folder: Path) -> float:
    """Wall time of a run in seconds, all its sessions together; 0 where none is known."""
    return float(_read(folder).get("seconds", 0.0))


def ended(folder: Path) -> str:
    """Why a run is over; "" while it is not."""
    return str(_read(folder).get("ended", ""))


def cpus(folder: Path) -> int:
    """CPUs that the run's last session could use, perhaps shared with other runs."""
    return int(_read(folder)["cpus"])


def _read(folder: Path) -> dict[str, float | str]:
    path = RunFolder(folder).timing
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
