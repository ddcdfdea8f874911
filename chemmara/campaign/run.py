"""A campaign under way: its learner, budget and ledger, and the loop that keeps them in step."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from chemmara.campaign.failures import Failures
from chemmara.campaign.identity import identity, refuse_another_campaign
from chemmara.campaign.learner import learner_of
from chemmara.campaign.recorded import RecordedScores, budget_left
from chemmara.campaign.settings import CampaignConfig, saved_settings
from chemmara.campaign.start import Seeds, read_seeds
from chemmara.language_model.checkpoint import load_prior, save_prior
from chemmara.language_model.device import chosen_device, device_of, full_float32, torch_threads
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.session import recorded_session
from chemmara.records.tally import Standing, Tally
from chemmara.rl.finetune import Learner
from chemmara.rl.seeds import take_seeds
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import screening_in_words, step_values
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.cache import remembering
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import measuring
from chemmara.system.files import new_folder, refusals_in_words, write_text
from chemmara.system.interrupt import interruptible
from chemmara.system.locking import only_writer
from chemmara.system.processors import network_threads


@dataclass
class Progress:
    """Where a run stands between two steps."""

    step: int = 0
    calls: int = 0
    idle: int = 0  # steps in a row without a new molecule
    seeded: bool = False  # whether the learner knows the seeds
    device: str = "cpu"  # kind of device that took the steps: only a CPU repeats them exactly
    metrics_bytes: int = 0  # length of metrics.jsonl: later lines are written again on resuming


@dataclass
class Run:
    """A campaign between two steps, and the way to the next. Close it, or use it as a context manager."""

    folder: RunFolder
    config: CampaignConfig
    learner: Learner
    ledger: Ledger
    tally: Tally
    progress: Progress
    held: ExitStack  # the folder's lock and the ledger
    screened: str = ""  # what screening did in the last step, in words
    unwritable: list[str] = field(default_factory=list)  # seeds that were not learned from

    @classmethod
    def start(cls, path: Path, settings: CampaignConfig, *, force: bool = False) -> Self:
        """A new run in a folder.

        Raises:
            ChemmaraError: the folder holds a run already (`force` replaces it), or another process writes there.
        """
        device = chosen_device(settings.device, settings.method.batch_size)
        prior = load_prior(settings.prior, device)  # before anything of an old run is removed
        learner = learner_of(settings, prior)
        read_seeds(settings.start)
        folder = RunFolder(path)
        with ExitStack() as held:
            held.enter_context(only_writer(path))  # first, so that a run that is alive is called so
            folder.refuse_a_run(force=force)
            folder.create()
            threads = settings.threads or network_threads(settings.workers)
            settings = settings.model_copy(update={"threads": threads, "device": str(device)})
            return cls._assemble(folder, settings, learner, held)

    @classmethod
    def resume(cls, path: Path, settings: CampaignConfig) -> Self:
        """The run in a folder, where it was last saved; its budget may grow, and its workers may change.

        Raises:
            ChemmaraError: the folder holds no run, or a run with other settings or another prior, or another process
                writes there.
        """
        folder = RunFolder(path)
        folder.read_config()  # before a lock is left in a folder that holds no run
        with ExitStack() as held:
            held.enter_context(only_writer(path))
            before = saved_settings(path)
            name = before.device if settings.device == "auto" else settings.device
            device = chosen_device(name, settings.method.batch_size)
            prior = load_prior(settings.prior, device)
            same_prior = folder.read_config()["prior_sha256"] == prior.sha256
            refuse_another_campaign(path, before, settings, same_prior=same_prior)
            settings = settings.model_copy(update={"threads": before.threads, "device": str(device)})
            return cls._assemble(folder, settings, learner_of(settings, prior), held)

    @classmethod
    def _assemble(cls, folder: RunFolder, settings: CampaignConfig, learner: Learner, held: ExitStack) -> Self:
        known = identity(settings, learner.prior)
        write_text(folder.config, json.dumps(known, indent=2) + "\n")  # first: from here on the run can be resumed
        begun = Ledger.begun(folder.ledger)
        ledger = held.enter_context(Ledger.open(folder.ledger) if begun else Ledger.create(folder.ledger))
        for key, value in known.items():
            ledger.set(key, value)
        progress = Progress()
        if folder.checkpoint.exists():
            progress = Progress(**load_learner(folder.checkpoint, learner))
        here = device_of(learner.policy).type
        repeats = progress.device == here == "cpu"
        if not repeats and (calls := ledger.calls()):  # those beyond the saved state stay: they are spent, and known
            progress.calls, progress.step = len(calls), max(progress.step, calls[-1].step)
        progress.device = here
        tally = Tally(settings.hit_threshold)
        for call in ledger.calls()[: progress.calls]:
            tally.add(call.smiles, call.score)
        run = cls(folder, settings, learner, ledger, tally, progress, held.pop_all())
        if not repeats:
            run.save()  # before the first call, so that whoever resumes knows that steps are not repeated
        return run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger and let go of the folder."""
        self.held.close()

    def go(
        self,
        tell: Callable[[Standing], None] = lambda _: None,
        *,
        acknowledge: Callable[[], None] = lambda: None,
        keep_going: bool = False,
    ) -> str:
        """Step until the budget is spent or nothing new comes; the reason for the end.

        Args:
            tell: called after every step; if it raises KeyboardInterrupt, the run is saved and ends.
            acknowledge: called at once when the user interrupts; the step is finished and saved after that.
            keep_going: go on where an oracle fails again and again.

        Raises:
            KeyboardInterrupt: the user interrupted; everything is saved.
            ChemmaraError: an oracle failed on every molecule of the first batch, or on 50 in a row.
        """
        if self.progress.metrics_bytes or self.folder.metrics.exists():
            with self.folder.metrics.open("a+b") as file:
                file.truncate(self.progress.metrics_bytes)
        objective = Objective(self.config.objective)
        limits = WorkerLimits(
            self.config.workers, self.config.timeout, self.config.worker_memory, self.config.scheduler
        )
        with (
            recorded_session(self.ledger),
            torch_threads(self.config.threads),
            full_float32(),
            measuring(objective, limits) as by_workers,
            remembering(objective, by_workers, self.config.cache) as measure,
        ):
            calls, seeds = self.ledger.calls(), read_seeds(self.config.start)
            free = seeds.smiles if seeds and seeds.scores else ()
            budget = budget_left(objective, measure, self.config.budget, calls, self.progress.calls, free)
            failures = Failures(self.folder.path, objective.config.names, recorded=len(calls), keep_going=keep_going)
            recorded = RecordedScores(budget, self.ledger, self.tally, failures)
            if seeds and not self.progress.seeded:
                self._seed(seeds, recorded)
            self._loop(recorded, tell, acknowledge)
        save_prior(
            replace(self.learner.prior, name="policy", model=self.learner.policy), new_folder(self.folder.policy)
        )
        return self._over(budget)

    def _loop(
        self,
        recorded: RecordedScores,
        tell: Callable[[Standing], None],
        acknowledge: Callable[[], None],
    ) -> None:
        saved = time.monotonic()
        with interruptible(acknowledge) as interrupt:
            while not self._over(recorded.budget):
                self._step(recorded)
                try:
                    tell(self.standing())
                except KeyboardInterrupt:
                    self.save()
                    raise
                if interrupt.requested or time.monotonic() - saved > self.config.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                if interrupt.requested:
                    raise KeyboardInterrupt
        self.save()

    def standing(self) -> Standing:
        """Where the run is."""
        return self.tally.standing(self.progress.step, self.config.budget, self.screened)

    def save(self) -> None:
        """Write the checkpoint."""
        save_learner(self.folder.checkpoint, self.learner, asdict(self.progress))

    def _over(self, budget: Budgeted) -> str:
        if budget.left == 0:
            return f"the budget of {self.config.budget} oracle calls is spent"
        if self.progress.idle >= self.config.max_idle_steps:
            return f"no new molecule in {self.progress.idle} steps: the policy repeats itself"
        return ""

    def _seed(self, seeds: Seeds, recorded: RecordedScores) -> None:
        """Have the learner know the seeds, measured where the file has no scores (step 0 of the ledger)."""
        scores = seeds.known() if seeds.scores else recorded(seeds.smiles, 0)
        self.unwritable = take_seeds(self.learner, scores)
        self.progress.calls, self.progress.seeded = recorded.budget.used, True

    def _step(self, recorded: RecordedScores) -> None:
        """One turn of the loop, its calls committed before the policy learns from them."""
        number, budget = self.progress.step + 1, recorded.budget
        step = self.learner.step(lambda smiles: recorded(smiles, number))
        self.progress.idle = self.progress.idle + 1 if budget.used == self.progress.calls else 0
        self.progress.step, self.progress.calls = number, budget.used
        values, self.screened = step_values(step), screening_in_words(step)
        self.ledger.append_step(number, budget.used, values)
        metrics = self.folder.metrics
        with refusals_in_words(metrics, metrics), metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": number, "calls": budget.used, **_without_nan(values)}) + "\n")
            file.flush()
            self.progress.metrics_bytes = file.tell()


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: null stands for it."""
    return {key: None if value != value else value for key, value in values.items()}  # noqa: PLR0124 - NaN's mark
