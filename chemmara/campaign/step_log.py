"""The figures of a step, in the ledger and in metrics.jsonl."""

import json
from pathlib import Path

from chemmara.records.ledger import Ledger
from chemmara.system.files import refusals_in_words


def log_step(ledger: Ledger, metrics: Path, step: int, calls: int, figures: dict[str, float]) -> int:
    """Record a step with the calls used by then; the length of metrics.jsonl after it, in bytes.

    ChemmaraError where the disk refuses it.
    """
    ledger.append_step(step, calls, figures)
    with refusals_in_words(metrics, metrics), metrics.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step, "calls": calls, **_without_nan(figures)}) + "\n")
        file.flush()
        return file.tell()


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: null stands for it."""
    return {key: None if value != value else value for key, value in values.items()}  # noqa: PLR0124 - NaN's mark


def cut_back(metrics: Path, length: int) -> None:
    """Leave the first `length` bytes of metrics.jsonl: the lines of steps that are repeated are written again."""
    if length or metrics.exists():
        with metrics.open("a+b") as file:
            file.truncate(length)
