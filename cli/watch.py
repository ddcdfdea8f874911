"""`chemmara watch`: runs that go on in other processes, live."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import RunsArgument
from .progress import pace
from .status import duration, shown, status_line

if TYPE_CHECKING:
    from rich.table import Table

    from chemmara.records.status import RunReader, RunStatus


def watch(
    folder: RunsArgument,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 2.0,
) -> None:
    """Show a run, or a folder of runs, until nobody works on it any more: a table on a terminal, else lines.

    From another terminal, or from another machine that shares the folder. The runs notice nothing, and Ctrl-C ends the
    watching alone. Runs that join a folder, as those of `chemmara compare` do, appear.

    Example: chemmara watch runs/quickstart
    """
    from rich.console import Console
    from rich.live import Live

    readers: dict[Path, RunReader] = {}
    found = _look(folder, readers)
    if not sys.stdout.isatty():
        _print_changes(folder, found, readers, every)
        return
    with Live(_table(found), console=Console(), auto_refresh=False) as live:
        while _going_on(folder, found):
            time.sleep(every)
            found = _look(folder, readers)
            live.update(_table(found), refresh=True)


def _print_changes(folder: Path, found: "list[RunStatus]", readers: "dict[Path, RunReader]", every: float) -> None:
    """A line for each run whenever it has changed."""
    printed: set[str] = set()
    while True:
        lines = list(map(status_line, found))
        for line in lines:
            if line not in printed:
                typer.echo(line)
        sys.stdout.flush()
        printed = set(lines)
        if not _going_on(folder, found):
            return
        time.sleep(every)
        found = _look(folder, readers)


def _look(folder: Path, readers: "dict[Path, RunReader]") -> "list[RunStatus]":
    """Where every run is; a run that is new gets its reader."""
    from chemmara.records.status import RunReader, run_folders

    folders = run_folders(folder)
    for path in folders:
        if path not in readers:
            readers[path] = RunReader(path)
    return [readers[path].read() for path in folders]


def _going_on(folder: Path, found: "Sequence[RunStatus]") -> bool:
    """Whether a run is being worked on, or a comparison in `folder` that is between two runs."""
    from chemmara.system.locking import writer_of

    return any(run.state == "running" for run in found) or bool(writer_of(folder))


def _table(found: "Sequence[RunStatus]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table("run", "state", box=None)
    for name in ("calls", "step", "hits", "scaffolds", "circles", "best", "top 10", "last step", "rate", "left"):
        table.add_column(name, justify="right")
    for run in found:
        now = run.standing
        left = duration(run.seconds_left) if run.seconds_left >= 0 else ""
        cells = (
            str(run.folder), f"{run.state}: {run.reason}" if run.reason else run.state,
            f"{now.calls}/{now.budget}", str(now.step), str(now.hits), str(now.scaffolds), str(now.circles),
            shown(now.best), shown(now.top10), shown(run.mean_score),
            pace(1, 1 / run.rate) if run.rate > 0 else "", left,
        )  # fmt: skip
        table.add_row(*map(Text, cells))  # as text: a folder's name may hold rich's marks
    return table
