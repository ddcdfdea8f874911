"""What listens to a campaign beside its bar: JSON lines, TensorBoard, and the report that is written anew."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chemmara.errors import ChemmaraError

from .progress import FINISHING, campaign_progress, interrupt_noticed
from .tables import json_line

if TYPE_CHECKING:
    from chemmara.campaign.run import Run
    from chemmara.records.tally import Standing

Listen = Callable[["Standing"], None]


@dataclass(frozen=True)
class Listening:
    """Who hears of a campaign."""

    log: Literal["text", "json"] = "text"
    report_every: int | None = None  # oracle calls
    tensorboard: bool = False

    def say(self, event: str, words: str) -> None:
        """A sentence on stderr, or an event on a line of JSON."""
        line = words if self.log == "text" else json_line({"event": event, "message": words})
        print(line, file=sys.stderr, flush=True)

    def interrupted(self, ahead: bool) -> None:
        """Say at once that an interrupt was noticed, and what comes of it; `ahead`: batches are under way."""
        what = "saving; what the workers have in hand is measured again on resuming" if ahead else FINISHING
        words = f"{what} (Ctrl-C again stops at once)"
        if self.log == "text":
            interrupt_noticed(words)
        else:
            self.say("interrupt", words)

    def check(self) -> None:
        """ChemmaraError where TensorBoard is asked for and not installed; before anything is written or removed."""
        if self.tensorboard:
            from chemmara.campaign.tensorboard import summary_writer

            summary_writer()


@contextmanager
def listeners(listening: Listening, run: "Run") -> Iterator[Listen]:
    """A function to be called after every step, which tells all that listen."""
    with ExitStack() as open_ones:
        start, folder = run.standing(), run.folder
        display = _json_steps(folder.metrics) if listening.log == "json" else campaign_progress(start)
        hear = [open_ones.enter_context(display)]
        if listening.tensorboard:
            from chemmara.campaign.tensorboard import tensorboard_listener

            hear.append(open_ones.enter_context(tensorboard_listener(folder, start.calls)))
        if listening.report_every is not None:
            hear.append(_report_every(listening, folder.path, start.calls))

        def tell(standing: "Standing") -> None:
            for listen in hear:
                listen(standing)

        yield tell


@contextmanager
def _json_steps(metrics: Path) -> Iterator[Listen]:
    """A line of JSON for each step: when it ended (seconds since 1970), its figures, and where the run is."""
    from chemmara.records.status import last_metrics

    def tell(run: "Standing") -> None:
        figures, _ = last_metrics(metrics)
        line = json_line({"event": "step", "time": round(time.time(), 3), **figures, **asdict(run)})
        print(line, file=sys.stderr, flush=True)

    yield tell


def _report_every(listening: Listening, folder: Path, calls: int) -> Listen:
    """Write hits and report whenever so many calls have been spent since the last time."""
    from chemmara.campaign.results import write_outputs

    every = listening.report_every or 1
    due = calls + every

    def tell(run: "Standing") -> None:
        nonlocal due
        if run.calls < due:
            return
        due = run.calls + every
        try:
            write_outputs(folder)
        except ChemmaraError as error:  # a hits.csv that a spreadsheet keeps open must not end a campaign
            listening.say("note", f"the report could not be written now, the run goes on: {error}")

    return tell
