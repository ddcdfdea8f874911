"""Progress on stderr: a live bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from chemmara.pretraining.train import Report
    from chemmara.records.tally import Standing

FINISHING = "finishing the step, then saving"
_SECONDS_BETWEEN_LINES = 60.0
_SECONDS_BETWEEN_CAMPAIGN_LINES = 10.0


def _bar(*columns: str, transient: bool = False) -> "Progress":
    """A bar on stderr, of rich's columns by name (or a format); it shows nothing where stderr is no terminal."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    made = [progress.TextColumn(name) if "{" in name else getattr(progress, name)() for name in columns]
    return progress.Progress(*made, console=console, disable=not console.is_terminal, transient=transient)


@contextmanager
def training_progress() -> Iterator[
    tuple[Callable[["Report"], None], Callable[[int, int, float], None], Callable[[int], None], Callable[[str], None]]
]:
    """Functions that show a training step, a step of the second stage, molecules read, and a sentence."""
    bar = _bar("{task.description}", "BarColumn", "MofNCompleteColumn", "TimeRemainingColumn")
    console, last_line = bar.console, 0.0
    with bar:
        task = bar.add_task("training", total=None)

        def tell(report: "Report") -> None:
            nonlocal last_line
            words = f"loss {report.loss:.3f} nats/token · {report.rate:.0f} molecules/s"
            bar.update(task, completed=report.step, total=report.steps, description=words)
            if report.quality:
                quality, canonical = report.quality, report.canonical_nll
                named = "" if isnan(canonical) else f" (random SMILES; {canonical:.3f} canonical)"
                console.print(
                    f"step {report.step}/{report.steps}: {report.nll:.3f} nats a held-out molecule{named}, valid"
                    f" {quality.validity:.3f}, unique {quality.uniqueness:.3f}, new {quality.novelty:.3f}; {words}",
                    soft_wrap=True,
                )
            elif not console.is_terminal and time.monotonic() - last_line > _SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                print(f"step {report.step}/{report.steps}: {words}", file=sys.stderr, flush=True)

        def tell_second(step: int, steps: int, validity: float) -> None:
            nonlocal last_line
            words = f"second stage, valid {validity:.3f}"
            bar.update(task, completed=step, total=steps, description=words)
            if not console.is_terminal and time.monotonic() - last_line > _SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                print(f"step {step}/{steps}: {words}", file=sys.stderr, flush=True)

        read = 0

        def tell_read(more: int) -> None:
            nonlocal last_line, read
            read += more
            bar.update(task, completed=read, description="reading molecules")
            if not console.is_terminal and time.monotonic() - last_line > _SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                print(f"read {read} molecules", file=sys.stderr, flush=True)

        yield (
            tell,
            tell_second,
            tell_read,
            lambda sentence: console.print(sentence, markup=False, highlight=False, soft_wrap=True),
        )


@contextmanager
def counter(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A function that counts molecules done; shown on a terminal only, with rate and time left."""
    with _bar("{task.description}", "BarColumn", "MofNCompleteColumn", "TimeRemainingColumn", transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda done: bar.advance(task, done)


@contextmanager
def campaign_progress(start: "Standing") -> Iterator[Callable[["Standing"], None]]:
    """A function that shows where a campaign is: a live bar on a terminal, a line every now and then in a log."""
    bar = _bar("BarColumn", "MofNCompleteColumn", "calls · {task.description}", "TimeRemainingColumn")
    console = bar.console
    began = last_line = time.monotonic()
    with bar:
        waits = "going on from the last saved step" if start.step else "sampling and scoring the first batch"
        task = bar.add_task(waits, total=start.budget, completed=start.calls)

        def tell(run: "Standing") -> None:
            nonlocal last_line
            now = time.monotonic()
            words = (
                (f"{run.stage} · " if run.stage else "")
                + f"best {run.best:.3f} · top 10 {run.top10:.3f} · {run.hits} hits · {run.scaffolds} scaffolds"
                f" · {run.circles} circles · {pace(run.calls - start.calls, now - began)}"
                + (f" · {run.screening}" if run.screening else "")
                + (f" · {run.under_way} calls under way" if run.under_way else "")
            )
            bar.update(task, completed=run.calls, description=words)
            if not console.is_terminal and now - last_line > _SECONDS_BETWEEN_CAMPAIGN_LINES:
                last_line = now
                print(f"step {run.step}: {run.calls} calls · {words}", file=sys.stderr, flush=True)

        yield tell


def pace(molecules: int, seconds: float) -> str:
    """How fast oracle calls come, in words: molecules a second, or seconds a call where that is less than one.

    >>> pace(128, 4.0), pace(2, 30.0), pace(0, 3.0)
    ('32 molecules/s', '15 s a call', '')
    """
    if not molecules or not seconds:
        return ""
    rate = molecules / seconds
    return f"{rate:.3g} molecules/s" if rate >= 1 else f"{1 / rate:.3g} s a call"


def interrupt_noticed(words: str = f"{FINISHING} (Ctrl-C again stops at once)") -> None:
    """Say at once that an interrupt was noticed, and what comes of it."""
    print(f"\ninterrupted: {words}", file=sys.stderr, flush=True)


@contextmanager
def bytes_counter(words: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows bytes done and in all; on a terminal only."""
    with _bar("{task.description}", "BarColumn", "DownloadColumn", "TransferSpeedColumn", transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size or None)


@contextmanager
def comparison_progress() -> Iterator[Callable[[str, int, "Standing"], None]]:
    """A function that shows where a run of a comparison is: a line when it begins, now and then, and when it ends."""
    last_line: dict[tuple[str, int], float] = {}

    def tell(method: str, seed: int, run: "Standing") -> None:
        now = time.monotonic()
        if now - last_line.get((method, seed), -1e9) > _SECONDS_BETWEEN_CAMPAIGN_LINES or run.ended:
            last_line[method, seed] = now
            words = f"{run.calls} of {run.budget} calls, {run.hits} hits, {run.scaffolds} scaffolds{_ended_early(run)}"
            print(f"{method}, seed {seed}: {words}", file=sys.stderr, flush=True)

    yield tell


@contextmanager
def benchmark_progress(runs: int, over: int, budget: int) -> Iterator[Callable[[str, int, "Standing"], None]]:
    """A function that shows where a benchmark is: a bar over all calls on a terminal, lines now and then in a log.

    Args:
        runs: how many there are.
        over: how many of them had ended before.
        budget: oracle calls of each.
    """
    bar = _bar("BarColumn", "MofNCompleteColumn", "calls · {task.description}", "TimeRemainingColumn")
    calls: dict[tuple[str, int], int] = {}
    ends = over
    last_line = -1e9
    with bar:
        task = bar.add_task(f"{over} of {runs} runs ended", total=runs * budget, completed=over * budget)

        def tell(label: str, seed: int, run: "Standing") -> None:
            nonlocal ends, last_line
            calls[label, seed] = budget if run.ended else run.calls  # an early end leaves nothing to come
            ends += bool(run.ended)
            done, now = over * budget + sum(calls.values()), time.monotonic()
            words = f"{ends} of {runs} runs ended · {label}, seed {seed}: {run.calls} calls, {run.hits} hits"
            words += _ended_early(run)
            bar.update(task, completed=done, description=words)
            if not bar.console.is_terminal and (now - last_line > _SECONDS_BETWEEN_CAMPAIGN_LINES or run.ended):
                last_line = now
                print(f"{done} of {runs * budget} calls · {words}", file=sys.stderr, flush=True)

        yield tell


def _ended_early(run: "Standing") -> str:
    """Why a run ended with calls left, in words; empty for one that goes on or has spent its budget."""
    return f" ({run.ended})" if run.ended and run.calls < run.budget else ""


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say what is going on, and for how long, while something runs that cannot tell how far it is."""
    with _bar("SpinnerColumn", "{task.description}", "TimeElapsedColumn", transient=True) as bar:
        bar.add_task(words, total=None)
        yield
