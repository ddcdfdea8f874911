"""Where a run is, read from its folder while another process may be writing there, and without hindering it."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chemmara.errors import ChemmaraError
from chemmara.records.run_folder import RunFolder
from chemmara.records.session import Session, State, last_session
from chemmara.records.snapshot import ledger_snapshot
from chemmara.records.tally import Standing, Tally
from chemmara.system.locking import writer_of

_DEPTH: Final = 3  # folders between a folder of runs and a run: objective, method and seed
_TAIL: Final = 1 << 16  # bytes at the end of metrics.jsonl that hold its last line
_KILLED: Final = "its process ended without a word: it was killed, or its machine went down"
_NO_LOCKS: Final = "this file system has no locks, so nobody can say whether its process is alive"


@dataclass(frozen=True)
class RunStatus:
    """Where a run is, and whether anybody works on it."""

    folder: Path
    state: State
    reason: str  # for a failure or a kill; "" where there is nothing to say
    holder: str  # the process that works on it, as "PID on HOST"; "" for none
    standing: Standing  # calls, budget, hits, scaffolds, ...
    mean_score: float  # of the valid molecules of the last step; NaN for none
    rate: float  # oracle calls a second since the run was begun or last resumed; NaN before the first
    updated: float | None  # when the last step ended, in seconds since 1970; None before the first step
    niche: int = 0  # that is worked on, from 1; 0 where the method knows none
    restarts: int = 0  # so far

    @property
    def seconds_left(self) -> float:
        """Seconds until the budget is spent, at the rate so far; NaN unless the run is going on."""
        left = self.standing.budget - self.standing.calls
        return left / self.rate if self.state == "running" and self.rate > 0 else math.nan


class RunReader:
    """A run's folder, read again and again: calls that were counted once are not counted again."""

    def __init__(self, folder: Path) -> None:
        """Raise ChemmaraError where the folder holds no run."""
        self.folder = RunFolder(folder)
        self._hit_threshold, _, _ = _settings(self.folder)
        self._tally = Tally(self._hit_threshold)

    def read(self) -> RunStatus:
        """Where the run is now."""
        holder = writer_of(self.folder.path)  # before the ledger: whoever ends after this has written his end there
        self._hit_threshold, budget, stages = _settings(self.folder)  # the budget may have grown
        session = self._count_new_calls()
        if not holder and session is not None and session.state == "running":
            holder = writer_of(self.folder.path)  # again, for who began just now
        line, updated = last_metrics(self.folder.metrics)
        standing = self._tally.standing(line.get("step", 0), budget, stages=stages)
        state, reason = _state(holder, session, spent=standing.calls >= standing.budget)
        if state == "running":
            standing = replace(standing, under_way=line.get("under_way", 0))
        score = line.get("mean_score")
        return RunStatus(
            self.folder.path, state, reason, holder or "", standing, math.nan if score is None else score,
            _rate(session, standing.calls, updated), updated, int(line.get("niche") or 0),
            int(line.get("restarts") or 0),
        )  # fmt: skip

    def _count_new_calls(self) -> Session | None:
        with ledger_snapshot(self.folder.ledger) as ledger:
            calls = 0 if ledger is None else ledger.count()
            if calls < self._tally.calls:  # begun again by --force
                self._tally = Tally(self._hit_threshold)
            if ledger is None:
                return None
            for call in ledger.calls(after=self._tally.calls):
                self._tally.add(call.smiles, call.score, call.stage)
            return last_session(ledger)


def run_folders(path: Path) -> list[Path]:
    """The folder itself if it holds a run, or else the runs in it and up to three folders below, sorted by name.

    ChemmaraError where there is no run at all.
    """
    if RunFolder(path).config.is_file():
        return [path]
    patterns = ("*/" * depth + "campaign.json" for depth in range(1, _DEPTH + 1))
    found = sorted(config.parent for pattern in patterns for config in path.glob(pattern))
    if not found:
        raise ChemmaraError(
            f"{path}: neither a run's folder nor a folder of runs (no campaign.json in it, nor up to {_DEPTH} folders"
            " below)"
        )
    return found


def _settings(folder: RunFolder) -> tuple[float, int, int]:
    """The hit threshold, the budget and the number of stages of a run."""
    campaign = folder.read_config()["campaign"]
    try:
        return float(campaign["hit_threshold"]), int(campaign["budget"]), 1 + len(campaign.get("stage", ()))
    except (KeyError, TypeError, ValueError):
        raise ChemmaraError(f"{folder.config}: has no hit_threshold or no budget; another version wrote it") from None


def _state(holder: str | None, session: Session | None, *, spent: bool) -> tuple[State, str]:
    """What a run is doing, and why it ended."""
    if holder:
        return "running", ""
    if session is None:  # of a version that recorded no session, or stopped before its first step
        return ("finished" if spent else "interrupted"), ""
    if session.state == "running":
        return ("running", _NO_LOCKS) if holder is None else ("interrupted", _KILLED)
    return session.state, session.reason


def _rate(session: Session | None, calls: int, updated: float | None) -> float:
    """Oracle calls a second in a session, until its end or its last step."""
    if session is None or updated is None:
        return math.nan
    seconds = (session.ended or updated) - session.began
    return (calls - session.calls) / seconds if seconds > 0 and calls > session.calls else math.nan


def last_metrics(metrics: Path) -> tuple[dict[str, Any], float | None]:
    """The last step's figures (the last whole line of metrics.jsonl) and when they were written, in seconds since 1970.

    Nothing and None before the first step. ChemmaraError where that line is damaged.
    """
    try:
        with metrics.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            whole, _, _ = file.read().rpartition(b"\n")
        written = metrics.stat().st_mtime
    except FileNotFoundError:
        return {}, None
    try:
        found = json.loads(whole.rpartition(b"\n")[2]) if whole else None
    except ValueError:
        raise ChemmaraError(f"{metrics}: its last line is damaged (not JSON)") from None
    return (found, written) if isinstance(found, dict) else ({}, None)
