"""Scores of a campaign's batches, every new oracle call in the ledger before anything is learned from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chemmara.campaign.failures import Failures
from chemmara.records.ledger import Call, Ledger
from chemmara.records.tally import Tally
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.measurement import Measure, Measured
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores


@dataclass
class RecordedScores:
    """A budgeted objective whose new calls are committed to the ledger, counted, and watched for failing oracles."""

    budget: Budgeted
    ledger: Ledger
    tally: Tally
    failures: Failures

    def __call__(self, smiles: list[str], step: int) -> Scores:
        """Scores of a step's batch; every new oracle call is in the ledger, on disk, when this returns.

        Raises:
            ChemmaraError: an oracle fails again and again; the calls are in the ledger all the same.
        """
        before = self.budget.used
        scores = self.budget(smiles)
        rows = {int(call): row for row, call in reversed(list(enumerate(scores.call))) if call > before}
        calls = [_call(scores, rows[number], number, step) for number in sorted(rows)]
        self.ledger.append(calls)
        for call in calls:
            self.tally.add(call.smiles, call.score)
        self.failures.check(calls)
        return scores


def budget_left(
    objective: Objective, measure: Measure, limit: int, calls: Sequence[Call], done: int, seeds: Collection[str] = ()
) -> Budgeted:
    """What is left to spend after the calls of a ledger, of which the first `done` were learned from before.

    `seeds` are molecules whose scores were known before: no call is spent on them.
    """
    measured = [
        (call.smiles, Measured(tuple(call.components[name] for name in objective.config.names), call.error))
        for call in calls
    ]
    return Budgeted(objective, measure, limit, known=measured[:done], recorded=dict(measured[done:]), seeds=seeds)


def _call(scores: Scores, row: int, number: int, step: int) -> Call:
    """Row of the ledger for one row of the scores."""
    components = {name: float(values[row]) for name, values in scores.components.items()}
    return Call(number, step, scores.smiles[row], float(scores.total[row]), components, scores.error[row])
