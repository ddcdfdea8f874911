"""`chemmara status`: where a run is, and whether anybody works on it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import RunsArgument

if TYPE_CHECKING:
    from chemmara.records.status import RunStatus

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400  # seconds


def status(
    folder: RunsArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for a run, a list of them for a folder of runs.")
    ] = False,
) -> None:
    """Say in a line where a run is: running, finished, interrupted or failed; calls, hits, scores, rate, time left.

    The run's process notices nothing: its files are read, and no lock is taken. It works on another machine that
    shares the folder, too. DIR may hold many runs, as that of `chemmara compare`: a line each.

    Example: chemmara status runs/quickstart
    """
    from chemmara.records.status import RunReader, run_folders

    from .tables import print_json

    found = [RunReader(path).read() for path in run_folders(folder)]
    if as_json:
        rows = [status_row(run) for run in found]
        print_json(rows[0] if found[0].folder == folder else rows)
        return
    for run in found:
        typer.echo(status_line(run))


def status_row(run: "RunStatus") -> dict[str, Any]:
    """A status as plain values; NaN for what is not known."""
    from dataclasses import asdict

    now = asdict(run.standing)
    del now["screening"]  # words that only the run itself has
    if not now["stage"]:
        del now["stage"]
    return {
        "folder": str(run.folder), "state": run.state, "reason": run.reason, "holder": run.holder, **now,
        "mean_score": run.mean_score, "calls_per_second": run.rate, "seconds_left": run.seconds_left,
        "updated": run.updated, **({"niche": run.niche} if run.niche else {}),
        **({"restarts": run.restarts} if run.restarts else {}),
    }  # fmt: skip


def status_line(run: "RunStatus") -> str:
    """A status in a line."""
    from .progress import pace

    now = run.standing
    state = f"{run.state} ({run.holder})" if run.holder else run.state
    words = [
        f"{run.folder}: {state}, {now.calls} of {now.budget} calls ({now.calls / now.budget:.0%}), step {now.step}",
        now.stage,
        f"niche {run.niche}" if run.niche > 1 else "",
        f"restart {run.restarts}" if run.restarts else "",
        f"{now.under_way} calls under way" if now.under_way else "",
        f"{now.hits} hits, {now.scaffolds} scaffolds, {now.circles} circles",
        f"best {shown(now.best)}, top 10 {shown(now.top10)}, last step {shown(run.mean_score)}",
        pace(1, 1 / run.rate) if run.rate > 0 else "",
        f"{duration(run.seconds_left)} left" if run.seconds_left >= 0 else "",
        run.reason,
    ]
    return "; ".join(filter(None, words)).replace("\n", " ")


def shown(score: float) -> str:
    """A score to three places; a dash for none."""
    return f"{score:.3f}" if score == score else "-"  # noqa: PLR0124 - NaN's mark


def duration(seconds: float) -> str:
    """A time in words, of two units at most.

    >>> duration(42.4), duration(150), duration(3 * 3600 + 120), duration(200_000)
    ('42 s', '2 min 30 s', '3 h 2 min', '2 d 7 h')
    """
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
