"""A campaign under way: its learner, budget and ledger, and the loop that keeps them in step."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import torch

from chemmara.campaign.settings import CampaignConfig, identity, prior_checksum, saved_settings
from chemmara.errors import ChemmaraError
from chemmara.files import new_folder, write_text
from chemmara.interrupt import interruptible
from chemmara.language_model.checkpoint import Prior, load_prior, save_prior
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.tally import Tally
from chemmara.rl.finetune import Learner, Step, new_learner
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import step_values
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.cache import remembering
from chemmara.scoring.measurement import Measure, Measured
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores
from chemmara.scoring.worker_limits import Limits
from chemmara.scoring.workers import measuring

_MAY_CHANGE = {
    "budget", "workers", "timeout", "memory", "scheduler", "cache", "checkpoint_seconds", "max_idle_steps", "threads",
}  # fmt: skip


@dataclass
class Progress:
    """Where a run stands between two steps."""

    step: int = 0
    calls: int = 0
    idle: int = 0  # steps in a row without a new molecule
    metrics_bytes: int = 0  # length of metrics.jsonl: what was written later is written again on resuming


@dataclass
class Run:
    """A campaign between two steps, and the way to the next."""

    folder: RunFolder
    config: CampaignConfig
    learner: Learner
    ledger: Ledger
    tally: Tally
    progress: Progress

    @classmethod
    def start(cls, path: Path, settings: CampaignConfig, *, force: bool = False) -> Self:
        """A new run in a folder; ChemmaraError if the folder holds one, unless `force` replaces it."""
        prior = load_prior(settings.prior)  # before anything of an old run is removed
        folder = RunFolder(path)
        folder.create(force=force)
        settings = settings.model_copy(update={"threads": settings.threads or torch.get_num_threads()})
        write_text(folder.config, json.dumps(identity(settings), indent=2) + "\n")
        ledger = Ledger.create(folder.ledger)
        return cls._assemble(folder, settings, prior, ledger)

    @classmethod
    def resume(cls, path: Path, settings: CampaignConfig) -> Self:
        """The run in a folder, where it was last saved; of its settings the budget may grow, and the workers change."""
        folder = RunFolder(path)
        before = saved_settings(path)
        if settings.budget < before.budget:
            raise ChemmaraError(f"{path}: has a budget of {before.budget}, which can grow but not shrink")
        changed = [key for key, was in before if was != getattr(settings, key) and key not in _MAY_CHANGE]
        if changed:
            raise ChemmaraError(
                f"{path}: was begun with another {', '.join(changed)}; choose another --out, or --force"
            )
        if folder.read_config()["prior_sha256"] != prior_checksum(settings.prior):
            raise ChemmaraError(f"{settings.prior}: is not the prior that {path} began with (its weights differ)")
        settings = settings.model_copy(update={"threads": before.threads})
        ledger = Ledger.open(folder.ledger) if folder.ledger.exists() else Ledger.create(folder.ledger)
        return cls._assemble(folder, settings, load_prior(settings.prior), ledger)

    @classmethod
    def _assemble(cls, folder: RunFolder, settings: CampaignConfig, prior: Prior, ledger: Ledger) -> Self:
        told = identity(settings)
        write_text(folder.config, json.dumps(told, indent=2) + "\n")
        for key, value in told.items():
            ledger.set(key, value)
        torch.set_num_threads(settings.threads or torch.get_num_threads())
        policy = load_prior(settings.prior).model
        learner = new_learner(prior, policy, settings.method, settings.seed)
        progress = Progress()
        if folder.checkpoint.exists():
            progress = Progress(**load_learner(folder.checkpoint, learner))
        tally = Tally(settings.threshold)
        for call in ledger.calls()[: progress.calls]:
            tally.add(call.smiles, call.score)
        return cls(folder, settings, learner, ledger, tally, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def go(self, tell: Callable[[Step, "Run"], None] = lambda *_: None) -> str:
        """Step until the budget is spent or nothing new comes; why it ended. KeyboardInterrupt once that is saved."""
        if self.progress.metrics_bytes or self.folder.metrics.exists():
            with self.folder.metrics.open("a+b") as file:
                file.truncate(self.progress.metrics_bytes)
        objective = Objective(self.config.objective)
        limits = Limits(self.config.workers, self.config.timeout, self.config.memory, self.config.scheduler)
        with (
            measuring(objective, limits) as asked,
            remembering(objective, asked, self.config.cache) as measure,
        ):
            budget = self._budget(objective, measure)
            self._loop(budget, tell)
        save_prior(
            replace(self.learner.prior, name="policy", model=self.learner.policy), new_folder(self.folder.policy)
        )
        return self._over(budget)

    def _budget(self, objective: Objective, measure: Measure) -> Budgeted:
        """What is left to spend, with every call of the ledger remembered."""
        measured = [
            (call.smiles, Measured(tuple(call.components[name] for name in objective.config.names), call.error))
            for call in self.ledger.calls()
        ]
        known, recorded = measured[: self.progress.calls], measured[self.progress.calls :]
        return Budgeted(objective, measure, self.config.budget, known=known, recorded=dict(recorded))

    def _loop(self, budget: Budgeted, tell: Callable[[Step, "Run"], None]) -> None:
        saved = time.monotonic()
        with interruptible() as interrupt:
            while not self._over(budget):
                tell(self._step(budget), self)
                if interrupt.asked or time.monotonic() - saved > self.config.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
                if interrupt.asked:
                    raise KeyboardInterrupt
        self.save()

    def save(self) -> None:
        """Write the checkpoint."""
        save_learner(self.folder.checkpoint, self.learner, asdict(self.progress))

    def _over(self, budget: Budgeted) -> str:
        if budget.left == 0:
            return f"the budget of {self.config.budget} oracle calls is spent"
        if self.progress.idle >= self.config.max_idle_steps:
            return f"no new molecule in {self.progress.idle} steps: the policy repeats itself"
        return ""

    def _step(self, budget: Budgeted) -> Step:
        """One turn of the loop, its calls committed before the policy learns from them."""
        number = self.progress.step + 1
        step = self.learner.step(lambda smiles: self._measure(budget, number, smiles))
        self.progress.idle = self.progress.idle + 1 if budget.used == self.progress.calls else 0
        self.progress.step, self.progress.calls = number, budget.used
        values = step_values(step)
        self.ledger.append_step(number, budget.used, values)
        with self.folder.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": number, "calls": budget.used, **_without_nan(values)}) + "\n")
            file.flush()
            self.progress.metrics_bytes = file.tell()
        return step

    def _measure(self, budget: Budgeted, step: int, smiles: list[str]) -> Scores:
        """Score a batch; every new oracle call is in the ledger, on disk, when this returns."""
        before = budget.used
        scores = budget(smiles)
        rows = {int(call): row for row, call in reversed(list(enumerate(scores.call))) if call > before}
        calls = [_call(scores, rows[number], number, step) for number in sorted(rows)]
        self.ledger.append(calls)
        for call in calls:
            self.tally.add(call.smiles, call.score)
        return scores


def _call(scores: Scores, row: int, number: int, step: int) -> Call:
    """Row of the ledger for one row of the scores."""
    components = {name: float(values[row]) for name, values in scores.components.items()}
    return Call(number, step, scores.smiles[row], float(scores.total[row]), components, scores.error[row])


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: null stands for it."""
    return {key: None if value != value else value for key, value in values.items()}  # noqa: PLR0124 - NaN's mark
