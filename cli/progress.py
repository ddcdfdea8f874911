"""Progress on stderr: a live bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from chemmara.campaign.run import Run
    from chemmara.pretraining.train import Report
    from chemmara.rl.finetune import Step

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
                quality = report.quality
                console.print(
                    f"step {report.step}/{report.steps}: {report.nll:.3f} nats a held-out molecule, valid"
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
def campaign_progress(run: "Run") -> Iterator[Callable[["Step", "Run"], None]]:
    """A function that shows a campaign's step: a live bar on a terminal, a line every now and then in a log."""
    bar = _bar("BarColumn", "MofNCompleteColumn", "calls · {task.description}", "TimeRemainingColumn")
    console = bar.console
    began, first = time.monotonic(), run.progress.step
    last_line = began
    with bar:
        task = bar.add_task("starting", total=run.config.budget, completed=run.progress.calls)

        def tell(step: "Step", run: "Run") -> None:
            nonlocal last_line
            del step
            tally, now = run.tally, time.monotonic()
            rate = (run.progress.step - first) / (now - began)
            words = (
                f"best {tally.best:.3f} · top 10 {tally.top10:.3f} · {tally.hits} hits · {len(tally.scaffolds)}"
                f" scaffolds · {tally.circles} circles · {rate:.2f} steps/s"
            )
            bar.update(task, completed=tally.calls, description=words)
            if not console.is_terminal and now - last_line > _SECONDS_BETWEEN_CAMPAIGN_LINES:
                last_line = now
                print(f"step {run.progress.step}: {tally.calls} calls · {words}", file=sys.stderr, flush=True)

        yield tell


@contextmanager
def bytes_counter(words: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows bytes done and in all; on a terminal only."""
    with _bar("{task.description}", "BarColumn", "DownloadColumn", "TransferSpeedColumn", transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size or None)


@contextmanager
def comparison_progress() -> Iterator[Callable[[str, int, "Run"], Callable[["Step", "Run"], None]]]:
    """A function that gives each run of a comparison its listener: a line when it begins, then one now and then."""

    def begin(method: str, seed: int, run: "Run") -> Callable[["Step", "Run"], None]:
        print(f"{method}, seed {seed}: {run.progress.calls} of {run.config.budget} calls done", file=sys.stderr)
        last_line = time.monotonic()

        def tell(step: "Step", run: "Run") -> None:
            nonlocal last_line
            del step
            if time.monotonic() - last_line > _SECONDS_BETWEEN_CAMPAIGN_LINES:
                last_line = time.monotonic()
                words = f"{run.tally.calls} calls, {run.tally.hits} hits, {len(run.tally.scaffolds)} scaffolds"
                print(f"{method}, seed {seed}: {words}", file=sys.stderr, flush=True)

        return tell

    yield begin


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say what is going on, and for how long, while something runs that cannot tell how far it is."""
    with _bar("SpinnerColumn", "{task.description}", "TimeElapsedColumn", transient=True) as bar:
        bar.add_task(words, total=None)
        yield
