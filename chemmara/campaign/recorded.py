"""Scores of a campaign's batches, every new oracle call in the ledger before anything is learned from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chemmara.campaign.failures import Failures
from chemmara.campaign.progress import Progress
from chemmara.campaign.settings import CampaignConfig
from chemmara.campaign.stages import known_values
from chemmara.records.ledger import Call, Ledger
from chemmara.records.tally import Tally
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.measurement import HandOver, Measured
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores


@dataclass
class RecordedScores:
    """A stage's budgeted objective, whose new calls are committed to the ledger, counted, and watched for failures."""

    budget: Budgeted
    ledger: Ledger
    tally: Tally
    failures: Failures
    stage: int
    names: Sequence[str]  # of the components of all stages: those of others are NaN in the ledger
    scores: list[float]  # of the stage's calls so far, in order
    given: int  # how many of these are seeds: the first, of step 0

    def __call__(self, smiles: list[str], step: int) -> Scores:
        """Scores of molecules, as `finish` gives them; for when no batch is under way."""
        before = self.budget.used
        return self._recorded(self.budget(smiles), before, step)

    def finish(self, step: int) -> Scores:
        """Scores of the oldest batch under way; every new oracle call is in the ledger, on disk, when this returns.

        Raises:
            ChemmaraError: an oracle fails again and again; the calls are in the ledger all the same.
        """
        before = self.budget.used
        return self._recorded(self.budget.finish(), before, step)

    def _recorded(self, scores: Scores, before: int, step: int) -> Scores:
        rows = {int(call): row for row, call in reversed(list(enumerate(scores.call))) if call > before}
        calls = [_call(scores, rows[number], number, step) for number in sorted(rows)]
        self.ledger.append([self._row(call) for call in calls])
        for call in calls:
            self.tally.add(call.smiles, call.score, self.stage)
            self.scores.append(call.score)
            self.given += call.step == 0
        self.failures.check(calls)
        return scores

    def _row(self, call: Call) -> Call:
        """A call with the components of all stages."""
        components = {name: call.components.get(name, float("nan")) for name in self.names}
        return replace(call, components=components, stage=self.stage)


def scores_of_stage(
    settings: CampaignConfig, progress: Progress, objective: Objective, hand_over: HandOver, ledger: Ledger,
    tally: Tally, folder: Path, *, seeds: Collection[str], keep_going: bool,
) -> RecordedScores:  # fmt: skip
    """The scores of the stage that a run is in, after the calls of its ledger.

    The calls up to `progress.calls` were learned from before; later ones are met again, and so is what had come of the
    molecules under way. `seeds` are molecules whose scores were known before: no call is spent on them.
    """
    calls, number, names = ledger.calls(), progress.stage, objective.config.names
    own = [call for call in calls if call.stage == number]
    earlier = [call for call in calls if call.stage < number]
    limit, before = settings.budget, len(earlier)
    if number <= len(settings.stage) and (stage := settings.stage[number - 1]).budget is not None:
        limit = min(limit, before + stage.budget)
    done = progress.calls - before
    measured = [(call.smiles, Measured(tuple(call.components[name] for name in names), call.error)) for call in own]
    came = {smiles: Measured(tuple(values)) for smiles, values in progress.answers.items()}
    budget = Budgeted(
        objective, hand_over, limit, known=measured[:done], recorded=came | dict(measured[done:]), seeds=seeds,
        before=before, earlier=known_values(earlier, names),
    )  # fmt: skip
    failures = Failures(folder, names, recorded=len(calls), keep_going=keep_going)
    scores, given = [call.score for call in own[:done]], sum(call.step == 0 for call in own[:done])
    return RecordedScores(budget, ledger, tally, failures, number, settings.component_names, scores, given)


def _call(scores: Scores, row: int, number: int, step: int) -> Call:
    """Row of the ledger for one row of the scores."""
    components = {name: float(values[row]) for name, values in scores.components.items()}
    return Call(number, step, scores.smiles[row], float(scores.total[row]), components, scores.error[row])
