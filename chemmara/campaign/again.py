"""Measuring again what has no score: calls that were lost while an oracle was out of order."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from chemmara.campaign.measuring import handing_over_batches
from chemmara.campaign.progress import Progress
from chemmara.campaign.settings import CampaignConfig
from chemmara.language_model.saved_state import read_values
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.scoring.measurement import Measure, Request, waiting_for
from chemmara.scoring.objective import Objective
from chemmara.system.locking import only_writer

_FEWEST: Final = 8  # molecules of which none has a score: the oracle is still out of order


def measure_again(
    path: Path, settings: CampaignConfig, advance: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Measure the calls of a run that have no score once more, the latest first; how many there were, and have one now.

    They cost no call of the budget: each molecule has had its call. Only the values that are missing are measured, and
    each batch is in the ledger before the next. It ends early with a batch (of at least 8) in which none has a score.
    What the policy learned stays as it is; it meets the new scores where it samples these molecules again. Calls of
    steps that a resumed run takes once more, but for the last, are left out: their scores are part of what is repeated.

    Args:
        path: the run's folder.
        settings: the run's.
        advance: called after every batch with how many it measured.

    Raises:
        ChemmaraError: another process writes in the folder.
    """
    folder, found = RunFolder(path), 0
    with only_writer(path), Ledger.open(folder.ledger) as ledger:
        lost = _lost(ledger.calls(), _learned(folder))
        for stage in sorted({call.stage for call in lost}, reverse=True):
            objective = Objective(settings.in_stage(stage).objective)
            own = [call for call in reversed(lost) if call.stage == stage]
            with handing_over_batches(settings, objective) as hand_over:
                for calls in _measured(own, objective, waiting_for(hand_over), settings.method.batch_size):
                    scored = [call for call in calls if not np.isnan(call.score)]
                    ledger.amend(calls if scored else [])  # reasons, too, where the oracle answers
                    found += len(scored)
                    advance(len(calls))
                    if not scored and len(calls) >= _FEWEST:
                        return len(lost), found
    return len(lost), found


def _learned(folder: RunFolder) -> int:
    """The calls from which the saved learner has learned; 0 where it was not saved yet."""
    return Progress(**read_values(folder.checkpoint)["progress"]).calls if folder.checkpoint.exists() else 0


def _lost(calls: list[Call], learned: int) -> list[Call]:
    """The calls without a score that were learned from (the first `learned`), or are of the last step."""
    last = calls[-1].step if calls else 0
    return [call for call in calls if np.isnan(call.score) and (call.call <= learned or call.step == last)]


def _measured(calls: list[Call], objective: Objective, measure: Measure, size: int) -> Iterator[list[Call]]:
    """The calls, a batch at a time, with the values and scores that they have now."""
    names = objective.config.names
    for start in range(0, len(calls), size):
        batch = calls[start : start + size]
        requests = [Request(call.smiles, tuple(call.components[name] for name in names)) for call in batch]
        answers = measure(requests)
        totals = objective.total(np.array([answer.values for answer in answers], dtype=float))
        yield [
            replace(
                call,
                score=float(total),
                components=call.components | dict(zip(names, answer.values, strict=True)),
                error="" if not np.isnan(total) else answer.error,
            )
            for call, answer, total in zip(batch, answers, totals, strict=True)
        ]
