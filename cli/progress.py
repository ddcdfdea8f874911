"""Progress on stderr: a live bar on a terminal, a line now and then in a log."""

import sys
import threading
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


class _Log:
    """Lines on stderr now and then, where no terminal shows a bar."""

    def __init__(self, bar: "Progress", seconds: float, *, at_once: bool = True) -> None:
        self._shows, self._seconds = not bar.console.is_terminal, seconds
        self._last = -1e9 if at_once else time.monotonic()

    def say(self, words: str, *, anyway: bool = False) -> None:
        """Print a line, where so many seconds have passed since the last, or `anyway`."""
        now = time.monotonic()
        if self._shows and (anyway or now - self._last > self._seconds):
            self._last = now
            print(words, file=sys.stderr, flush=True)


@contextmanager
def training_progress() -> Iterator[
    tuple[Callable[["Report"], None], Callable[[int, int, float], None], Callable[[int], None], Callable[[str], None]]
]:
    """Functions that show a training step, a step of the second stage, molecules read, and a sentence."""
    bar = _bar("{task.description}", "BarColumn", "MofNCompleteColumn", "TimeRemainingColumn")
    console, log = bar.console, _Log(bar, _SECONDS_BETWEEN_LINES)
    with bar:
        task = bar.add_task("training", total=None)

        def tell(report: "Report") -> None:
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
            else:
                log.say(f"step {report.step}/{report.steps}: {words}")

        def tell_second(step: int, steps: int, validity: float) -> None:
            words = f"second stage, valid {validity:.3f}"
            bar.update(task, completed=step, total=steps, description=words)
            log.say(f"step {step}/{steps}: {words}")

        read = 0

        def tell_read(more: int) -> None:
            nonlocal read
            read += more
            bar.update(task, completed=read, description="reading molecules")
            log.say(f"read {read} molecules")

        yield (
            tell,
            tell_second,
            tell_read,
            lambda sentence: console.print(sentence, markup=False, highlight=False, soft_wrap=True),
        )


@contextmanager
def counter(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A function that counts molecules done: a bar on a terminal, a line a minute in a log."""
    began, done = time.monotonic(), 0
    with _bar("{task.description}", "BarColumn", "MofNCompleteColumn", "TimeRemainingColumn", transient=True) as bar:
        task, log = bar.add_task(words, total=total), _Log(bar, _SECONDS_BETWEEN_LINES, at_once=False)

        def tell(more: int) -> None:
            nonlocal done
            done += more
            bar.advance(task, more)
            of = f" of {total}" if total else ""
            log.say(f"{words}: {done}{of} · {pace(done, time.monotonic() - began, 'a second', 'each')}")

        yield tell


@contextmanager
def campaign_progress(start: "Standing") -> Iterator[Callable[["Standing"], None]]:
    """A function that shows where a campaign is: a live bar on a terminal, a line every now and then in a log."""
    bar = _bar("BarColumn", "MofNCompleteColumn", "calls · {task.description}", "TimeRemainingColumn")
    began, log = time.monotonic(), _Log(bar, _SECONDS_BETWEEN_CAMPAIGN_LINES, at_once=False)
    with bar:
        waits = "going on from the last saved step" if start.step else "sampling and scoring the first batch"
        task = bar.add_task(waits, total=start.budget, completed=start.calls)

        def tell(run: "Standing") -> None:
            words = (
                (f"{run.stage} · " if run.stage else "")
                + f"best {run.best:.3f} · top 10 {run.top10:.3f} · {run.hits} hits · {run.scaffolds} scaffolds"
                f" · {run.circles} circles · {pace(run.calls - start.calls, time.monotonic() - began)}"
                + (f" · {run.screening}" if run.screening else "")
                + (f" · {run.under_way} calls under way" if run.under_way else "")
            )
            bar.update(task, completed=run.calls, description=words)
            log.say(f"step {run.step}: {run.calls} calls · {words}")

        yield tell


def pace(done: int, seconds: float, quick: str = "molecules/s", slow: str = "a call") -> str:
    """How fast oracle calls come, in words: molecules a second, or seconds a call where that is less than one.

    >>> pace(128, 4.0), pace(2, 30.0), pace(0, 3.0), pace(8192, 4.0)
    ('32 molecules/s', '15 s a call', '', '2048 molecules/s')
    """
    if not done or not seconds:
        return ""
    rate = done / seconds
    return f"{_short(rate)} {quick}" if rate >= 1 else f"{_short(1 / rate)} s {slow}"


def _short(number: float) -> str:
    """Three digits, or as many as there are before the point."""
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"  # noqa: PLR2004 - the first of four digits


def interrupt_noticed(words: str = f"{FINISHING} (Ctrl-C again stops at once)") -> None:
    """Say at once that an interrupt was noticed, and what comes of it."""
    print(f"\ninterrupted: {words}", file=sys.stderr, flush=True)


@contextmanager
def bytes_counter(words: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows bytes done and in all: a bar on a terminal, a line a minute in a log."""
    with _bar("{task.description}", "BarColumn", "DownloadColumn", "TransferSpeedColumn", transient=True) as bar:
        task, log = bar.add_task(words, total=None), _Log(bar, _SECONDS_BETWEEN_LINES, at_once=False)

        def tell(done: int, size: int) -> None:
            bar.update(task, completed=done, total=size or None)
            log.say(f"{words}: {done / 1e6:.1f}{f' of {size / 1e6:.1f}' if size else ''} MB")

        yield tell


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
    ends, log = over, _Log(bar, _SECONDS_BETWEEN_CAMPAIGN_LINES)
    with bar:
        task = bar.add_task(f"{over} of {runs} runs ended", total=runs * budget, completed=over * budget)

        def tell(label: str, seed: int, run: "Standing") -> None:
            nonlocal ends
            calls[label, seed] = budget if run.ended else run.calls  # an early end leaves nothing to come
            ends += bool(run.ended)
            done = over * budget + sum(calls.values())
            words = f"{ends} of {runs} runs ended · {label}, seed {seed}: {run.calls} calls, {run.hits} hits"
            words += _ended_early(run)
            bar.update(task, completed=done, description=words)
            log.say(f"{done} of {runs * budget} calls · {words}", anyway=bool(run.ended))

        yield tell


def _ended_early(run: "Standing") -> str:
    """Why a run ended with calls left, in words; empty for one that goes on or has spent its budget."""
    return f" ({run.ended})" if run.ended and run.calls < run.budget else ""


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say what is going on, and for how long, while something runs that cannot tell how far it is."""
    ended, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LINES):
            print(f"{words}: {time.monotonic() - began:.0f} s so far", file=sys.stderr, flush=True)

    with _bar("SpinnerColumn", "{task.description}", "TimeElapsedColumn", transient=True) as bar:
        bar.add_task(words, total=None)
        if not bar.console.is_terminal:
            threading.Thread(target=tell, daemon=True).start()
        try:
            yield
        finally:
            ended.set()
