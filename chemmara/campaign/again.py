"""Measuring again what has no score: calls that were lost while an oracle was out of order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chemmara.campaign.failures import FEWEST
from chemmara.campaign.measuring import handing_over_batches
from chemmara.campaign.progress import Progress
from chemmara.campaign.settings import CampaignConfig
from chemmara.errors import ChemmaraError
from chemmara.language_model.saved_state import read_values
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import kind_of_failure
from chemmara.scoring.measurement import Measure, Request, waiting_for
from chemmara.scoring.objective import Objective
from chemmara.system.locking import only_writer


def measure_again(
    path: Path, settings: CampaignConfig, advance: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Measure the calls of a run that have no score once more, the latest first; how many there were, and have one now.

    They cost no call of the budget: each molecule has had its call. Only the values that are missing are measured, and
    each batch is in the ledger before the next. Those that failed alike are measured together, and given up after a
    batch (of at least 8) of which none has a score. What the policy learned stays as it is; it meets the new scores
    where it samples these molecules again.

    Args:
        path: the run's folder.
        settings: the run's.
        advance: called after every batch with how many it measured.

    Raises:
        ChemmaraError: another process writes in the folder, or a resumed run would take steps once more that hang on
            scores which would change.
    """
    folder, found = RunFolder(path), 0
    if not Ledger.begun(folder.ledger):
        return 0, 0
    with only_writer(path), Ledger.open(folder.ledger) as ledger:
        lost = _lost(folder, ledger, settings)
        folder.figures.unlink(missing_ok=True)  # a benchmark works them out anew
        for stage in sorted({call.stage for call in lost}, reverse=True):
            objective = Objective(settings.in_stage(stage).objective)
            with handing_over_batches(settings, objective) as hand_over:
                measure = waiting_for(hand_over)
                for alike in _alike([call for call in reversed(lost) if call.stage == stage]):
                    batches = _measured(alike, objective, measure, settings.method.batch_size)
                    found += _amended(ledger, batches, advance)
    return len(lost), found


def _amended(ledger: Ledger, batches: Iterator[list[Call]], advance: Callable[[int], None]) -> int:
    """How many of the calls that failed alike have a score now, with which the ledger has them."""
    found = 0
    for calls in batches:
        scored = [call for call in calls if not np.isnan(call.score)]
        ledger.amend(calls if scored else [])  # reasons, too, where the oracle answers
        found += len(scored)
        advance(len(calls))
        if not scored and len(calls) >= FEWEST:  # what they wait for is still away
            break
    return found


def _lost(folder: RunFolder, ledger: Ledger, settings: CampaignConfig) -> list[Call]:
    """The calls without a score; ChemmaraError where steps behind them are to be taken once more.

    A batch that was measured and not learned from may be: nothing in the ledger hangs on its scores. But children are
    bred within a step, and a stage may end by its scores.
    """
    calls = ledger.calls()
    saved = read_values(folder.checkpoint)["progress"] if folder.checkpoint.exists() else {}
    coming = calls[Progress(**saved).calls :]
    exact = settings.method.breeds_in_a_step or settings.stage or len({call.step for call in coming}) > 1
    lost = [call for call in calls if np.isnan(call.score)]
    if lost and coming and exact:
        raise ChemmaraError(
            f"{folder.path}: has {len(coming)} calls from which the policy has not learned yet, so that no score before"
            f" them may change; chemmara resume {folder.path} first, and --retry once it has gone on (Ctrl-C saves)"
        )
    return lost


def _alike(calls: Sequence[Call]) -> list[list[Call]]:
    """The calls in groups of those that have no score for the same reason."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(kind_of_failure(call.error, call.smiles), []).append(call)
    return list(groups.values())


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
