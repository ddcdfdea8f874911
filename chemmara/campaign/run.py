"""A campaign under way: its learner, budget and ledger, and the loop that keeps them in step."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from chemmara.campaign.failures import saving_before_failing
from chemmara.campaign.identity import identity, refuse_another_campaign
from chemmara.campaign.learner import learn_seeds, learner_of, learner_of_next_stage
from chemmara.campaign.measuring import handing_over_batches
from chemmara.campaign.progress import Progress, last_standing, why_over
from chemmara.campaign.recorded import RecordedScores, scores_of_stage
from chemmara.campaign.settings import CampaignConfig, saved_settings
from chemmara.campaign.start import Seeds, read_seeds
from chemmara.campaign.step_log import cut_back, log_step
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior, save_prior
from chemmara.language_model.device import chosen_device, full_float32, torch_threads
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.session import recorded_session
from chemmara.records.tally import Standing, Tally
from chemmara.rl.finetune import Learner
from chemmara.rl.next_niche import move_on
from chemmara.rl.state import save_learner
from chemmara.rl.step_figures import choice_in_words, step_values
from chemmara.scoring.objective import Objective
from chemmara.system.files import new_folder
from chemmara.system.interrupt import Interrupt, interruptible
from chemmara.system.locking import only_writer
from chemmara.system.processors import network_threads

_LOOK: Final = 0.2  # seconds between two looks whether the user interrupts, while a batch is waited for


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
    seeds: Seeds | None  # as they were when the run was started or resumed
    screened: str = ""  # what screening did in the last step, in words
    under_way: int = 0  # calls under way after the last step
    saved: float = field(default_factory=time.monotonic)  # when the checkpoint was written last
    unwritable: list[str] = field(default_factory=list)  # seeds that were not learned from

    @classmethod
    def start(cls, path: Path, settings: CampaignConfig, *, force: bool = False) -> Self:
        """A new run in a folder.

        Raises:
            ChemmaraError: the folder holds a run already (`force` replaces it), or another process writes there.
        """
        device = chosen_device(settings.device, settings.method.batch_size)
        prior = load_prior(settings.prior, device)  # before anything of an old run is removed
        learner = learner_of(settings.in_stage(1), prior)
        seeds = read_seeds(settings.start)
        folder = RunFolder(path)
        with ExitStack() as held:
            held.enter_context(only_writer(path))  # first, so that a run that is alive is called so
            folder.refuse_a_run(force=force)
            folder.create()
            threads = settings.threads or network_threads(settings.workers)
            settings = settings.model_copy(update={"threads": threads, "device": str(device)})
            return cls._assemble(folder, settings, learner, held, seeds)

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
            refuse_another_campaign(path, before, settings, prior, folder.read_config())
            settings = settings.model_copy(update={"threads": before.threads, "device": str(device)})
            learner = learner_of(settings.in_stage(1), prior)
            return cls._assemble(folder, settings, learner, held, read_seeds(settings.start))

    @classmethod
    def _assemble(
        cls, folder: RunFolder, settings: CampaignConfig, learner: Learner, held: ExitStack, seeds: Seeds | None
    ) -> Self:
        known = identity(settings, learner.prior)
        folder.write_config(known)  # first: from here on the run can be resumed
        begun = Ledger.begun(folder.ledger)
        ledger = held.enter_context(
            Ledger.open(folder.ledger) if begun else Ledger.create(folder.ledger, staged=bool(settings.stage))
        )
        for key, value in known.items():
            ledger.set(key, value)
        learner, progress, repeats = last_standing(folder, settings, learner, ledger)
        tally = Tally(settings.hit_threshold)
        for call in ledger.calls()[: progress.calls]:
            tally.add(call.smiles, call.score, call.stage)
        run = cls(folder, settings, learner, ledger, tally, progress, held.pop_all(), seeds)
        if (learner.niches and learner.niches.plan(settings.budget)) or not repeats:
            run.save()  # before the first call, so that whoever resumes knows the plan, and if steps are not repeated
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
        """Step, stage after stage, until the budget is spent or nothing new comes; the reason for the end.

        Args:
            tell: called after every step; if it raises KeyboardInterrupt, the run is saved and ends.
            acknowledge: called at once when the user interrupts; the step is finished and saved after that.
            keep_going: go on where an oracle fails again and again.

        Raises:
            KeyboardInterrupt: the user interrupted; everything is saved.
            ChemmaraError: an oracle failed on every molecule of the first batch, or on 50 in a row; nothing was found.
        """
        cut_back(self.folder.metrics, self.progress.metrics_bytes)
        with recorded_session(self.ledger), torch_threads(self.config.threads), full_float32():
            reason = self._stage(tell, acknowledge, keep_going=keep_going)
            while self.progress.stage <= len(self.config.stage) and self.progress.calls < self.config.budget:
                self._move_on()
                reason = self._stage(tell, acknowledge, keep_going=keep_going)
        if not self.progress.calls:
            raise ChemmaraError(f"{self.folder.path}: nothing was measured: {reason}")
        policy = self.learner.trained()
        save_prior(replace(self.learner.prior, name="policy", model=policy), new_folder(self.folder.policy))
        return reason

    def _stage(self, tell: Callable[[Standing], None], acknowledge: Callable[[], None], *, keep_going: bool) -> str:
        """Step until the stage is over; the reason for its end."""
        objective = Objective(self.config.in_stage(self.progress.stage).objective)
        with handing_over_batches(self.config, objective) as hand_over:
            recorded = scores_of_stage(
                self.config, self.progress, objective, hand_over, self.ledger, self.tally, self.folder.path,
                seeds=self.seeds.smiles if self.seeds and self.seeds.scores else (), keep_going=keep_going,
            )  # fmt: skip
            if self.seeds and not self.progress.seeded:
                self.unwritable = learn_seeds(self.learner, self.seeds, lambda smiles: recorded(smiles, 0))
                self.progress.calls, self.progress.seeded = recorded.budget.used, True
            self._loop(recorded, tell, acknowledge)
        return self._over(recorded)

    def _move_on(self) -> None:
        """Begin the next stage: its objective, its method, and nothing remembered of earlier scores."""
        self.progress.stage, self.progress.idle, self.progress.answers = self.progress.stage + 1, 0, {}
        self.learner = learner_of_next_stage(self.learner, self.config.in_stage(self.progress.stage))

    def _loop(
        self, recorded: RecordedScores, tell: Callable[[Standing], None], acknowledge: Callable[[], None]
    ) -> None:
        with interruptible(acknowledge) as interrupt:
            for candidates in self.learner.under_way:  # of a resumed run
                recorded.budget.begin(candidates.smiles)
            self._propose(recorded)
            while self.learner.under_way:
                self._wait(recorded, interrupt)
                self._step(recorded)
                try:
                    tell(self.standing())
                except KeyboardInterrupt:
                    self.save(recorded)
                    raise
                self._save_where_due(recorded, interrupt)
                self._propose(recorded)
        self.save(recorded)

    def _propose(self, recorded: RecordedScores) -> None:
        """Hand batches over until as many are under way as the settings say, or the stage needs no more.

        Where a stage ends, the batches under way are finished as its own.
        """
        learner, budget = self.learner, recorded.budget
        while len(learner.under_way) <= self.config.ahead and budget.left > 0 and not self._over(recorded):
            budget.begin(learner.propose().smiles)

    def _wait(self, recorded: RecordedScores, interrupt: Interrupt) -> None:
        """Wait for the oldest batch; only batches ahead are waited for here, and an interrupt ends that."""
        while not recorded.budget.ready(_LOOK):
            self._save_where_due(recorded, interrupt)

    def _save_where_due(self, recorded: RecordedScores, interrupt: Interrupt) -> None:
        """Write the checkpoint every now and then, and where the user interrupts, which ends the run."""
        if interrupt.requested or time.monotonic() - self.saved > self.config.checkpoint_seconds:
            self.save(recorded)
        if interrupt.requested:
            raise KeyboardInterrupt

    def standing(self) -> Standing:
        """Where the run is."""
        stages = 1 + len(self.config.stage)
        return self.tally.standing(self.progress.step, self.config.budget, self.screened, stages, self.under_way)

    def save(self, recorded: RecordedScores | None = None) -> None:
        """Write the checkpoint, with the values of molecules under way that have come."""
        if recorded is not None:
            answers = recorded.budget.answers()
            self.progress.answers = {smiles: list(measured.values) for smiles, measured in answers.items()}
        save_learner(self.folder.checkpoint, self.learner, asdict(self.progress))
        self.saved = time.monotonic()

    def _over(self, recorded: RecordedScores) -> str:
        return why_over(self.config, self.progress, recorded.budget.used, recorded.scores, recorded.given)

    def _step(self, recorded: RecordedScores) -> None:
        """One turn of the loop, on the oldest batch: its calls are committed before the policy learns from them."""
        number, budget = self.progress.step + 1, recorded.budget
        with saving_before_failing(lambda: self.save(recorded)):
            scores = recorded.finish(number)
        step = self.learner.learn(scores, lambda smiles: recorded(smiles, number))
        move_on(self.learner)
        self.progress.idle = self.progress.idle + 1 if budget.used == self.progress.calls else 0
        self.progress.step, self.progress.calls = number, budget.used
        self.progress.wrote = bool(step.scores.valid.any())
        values, self.screened = step_values(step, held=self.config.start.has_parts), choice_in_words(step)
        if self.config.ahead:
            self._propose(recorded)  # before anything is told or saved, so that no worker waits for that
            self.under_way = budget.under_way
            values["under_way"] = budget.under_way
        self.progress.metrics_bytes = log_step(self.ledger, self.folder.metrics, number, budget.used, values)
        if self.learner.niches and self.learner.niches.plan(self.config.budget):
            self.save(recorded)  # a budget that grew counts from here on, whatever happens before the next checkpoint
