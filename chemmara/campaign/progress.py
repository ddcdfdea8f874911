"""Where a run stands between two steps, and how it is brought there again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from chemmara.campaign.learner import learner_of, learner_of_next_stage
from chemmara.campaign.settings import CampaignConfig
from chemmara.language_model.device import device_of
from chemmara.language_model.saved_state import read_values
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.rl.finetune import Learner
from chemmara.rl.state import load_learner

_BARREN: Final = 3  # steps, of 1,000 tries at least, that find nothing before the first call of a run from parts


@dataclass
class Progress:
    """Where a run stands between two steps."""

    step: int = 0
    calls: int = 0
    idle: int = 0  # steps in a row without a new molecule
    wrote: bool = True  # whether the policy wrote a valid molecule in the last step
    seeded: bool = False  # whether the learner knows the seeds
    device: str = "cpu"  # kind of device that took the steps: only a CPU repeats them exactly
    metrics_bytes: int = 0  # length of metrics.jsonl: later lines are written again on resuming
    stage: int = 1  # of the campaign, from 1
    answers: dict[str, list[float]] = field(default_factory=dict)  # raw values of molecules under way that have come


def last_standing(
    folder: RunFolder, settings: CampaignConfig, learner: Learner, ledger: Ledger
) -> tuple[Learner, Progress, bool]:
    """The learner and the progress as they were last saved, and whether the steps since then are repeated.

    `learner` is that of the first stage, before its first step. Steps are repeated, exactly, on a CPU alone. Elsewhere
    the calls beyond the saved state stay: they are spent, and known, and the run goes on in the stage of the last.
    """
    progress, first = Progress(), learner
    if folder.checkpoint.exists():
        progress = Progress(**read_values(folder.checkpoint)["progress"])
        if progress.stage > 1:
            learner = learner_of(settings.in_stage(progress.stage), first.prior)
        load_learner(folder.checkpoint, learner)
    here = device_of(learner.policy).type
    repeats = progress.device == here == "cpu"
    if not repeats and (calls := ledger.calls()):
        progress.calls, progress.step = len(calls), max(progress.step, calls[-1].step)
        while progress.stage < calls[-1].stage:
            progress.stage, progress.idle, progress.answers = progress.stage + 1, 0, {}
            learner = learner_of_next_stage(learner, settings.in_stage(progress.stage))
    progress.device = here
    return learner, progress, repeats


def why_over(
    settings: CampaignConfig, progress: Progress, used: int, scores: Sequence[float], given: int = 0
) -> str:  # fmt: skip
    """Why the stage that a run is in is over, after so many calls of the run and these scores of the stage; or "".

    `given`: how many of the scores, the first, are those of seeds.
    """
    if used >= settings.budget:
        return f"the budget of {settings.budget} oracle calls is spent"
    stages, number = settings.stage, progress.stage
    if number <= len(stages) and (reason := stages[number - 1].over(scores, settings.hit_threshold, given)):
        return reason
    if progress.step == progress.idle >= _BARREN and not progress.wrote and settings.start.has_parts:
        return f"no molecule that holds what [start] gives was found in {progress.idle} steps; widen it"
    if progress.idle >= settings.max_idle_steps:
        why = "the policy repeats itself" if progress.wrote else "the policy writes no valid molecule any more"
        return f"no new molecule in {progress.idle} steps: {why}"
    return ""
