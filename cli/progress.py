"""Progress on stderr: a live bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chemmara.pretraining.train import Report

_SECONDS_BETWEEN_LINES = 60.0


@contextmanager
def training_progress() -> Iterator[tuple[Callable[["Report"], None], Callable[[str], None]]]:
    """Functions that show a training step and say a sentence."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    last_line = 0.0
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
                    f" {quality.validity:.3f}, unique {quality.uniqueness:.3f}, new {quality.novelty:.3f}; {words}"
                )
            elif not console.is_terminal and time.monotonic() - last_line > _SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                print(f"step {report.step}/{report.steps}: {words}", file=sys.stderr, flush=True)

        yield tell, lambda sentence: console.print(sentence, highlight=False)


@contextmanager
def counter(words: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A function that counts molecules done; shown on a terminal only, with rate and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(words, total=total)
        yield lambda done: bar.advance(task, done)
