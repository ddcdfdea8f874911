"""A run's figures for TensorBoard, written while it goes on."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from chemmara.errors import ChemmaraError
from chemmara.records.run_folder import RunFolder
from chemmara.records.status import last_metrics
from chemmara.records.tally import Standing


def summary_writer() -> Any:
    """The class of torch that writes TensorBoard's files; ChemmaraError, in one line, where the extra is missing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        raise ChemmaraError("TensorBoard is not installed: pip install 'chemmara[tensorboard]'") from None
    return SummaryWriter


@contextmanager
def tensorboard_listener(folder: RunFolder, calls: int) -> Iterator[Callable[[Standing], None]]:
    """A function to be called after every step; it writes into DIR/tensorboard. The axis counts oracle calls.

    Args:
        folder: of the run.
        calls: already learned from; points beyond them, which a kill left, are taken back.

    Raises:
        ChemmaraError: TensorBoard is not installed.
    """
    with summary_writer()(str(folder.tensorboard), purge_step=calls + 1 if calls else None) as writer:

        def listen(run: Standing) -> None:
            figures, _ = last_metrics(folder.metrics)
            found = {f"run/{key}": value for key, value in asdict(run).items()}
            found |= {f"step/{key}": value for key, value in figures.items() if key not in ("step", "calls")}
            for name, value in found.items():
                if isinstance(value, int | float) and math.isfinite(value):  # no words, no missing figures
                    writer.add_scalar(name, value, run.calls)
            writer.flush()

        yield listen
