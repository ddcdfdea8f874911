"""The settings of a campaign: prior, objective, method, budget and seed, from one TOML file."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationInfo, model_validator

from chemmara import assets, config
from chemmara.campaign.moved import follow
from chemmara.campaign.stages import StageConfig, all_names, refuse_unclear_names, stage_method
from chemmara.campaign.start import StartConfig
from chemmara.config import Fraction, Strict, UserPath
from chemmara.language_model.device import DeviceName
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.method import MethodConfig
from chemmara.scoring.load import named_objective
from chemmara.scoring.objective import ObjectiveConfig


def _prior_beside_the_file(value: Any, info: ValidationInfo) -> Any:
    """The folder of that name beside the campaign's file if it exists; otherwise the name, perhaps a bundled one."""
    folder = (info.context or {}).get("folder")
    if folder is None or not isinstance(value, str) or value in assets.priors():
        return value
    path = (Path(folder) / value).resolve()
    return str(path) if path.exists() else value


class CampaignConfig(Strict):
    """A generation campaign; relative paths in it start at the folder of its file."""

    renamed: ClassVar[dict[str, str]] = {"threshold": "hit_threshold", "memory": "worker_memory"}
    belongs_under: ClassVar[dict[str, str]] = {"component": "objective", "aggregation": "objective"}

    prior: Annotated[str, BeforeValidator(_prior_beside_the_file)] = "chembl-gru"
    """Prior to start from and stay near: a folder or a bundled name."""
    budget: PositiveInt = 5000
    """Unique molecules that the oracles may measure; the run never exceeds it."""
    seed: NonNegativeInt = 0
    """Fixes every random draw: the same seed gives the same ledger on the same kind of processor."""
    hit_threshold: Fraction = 0.8
    """Score from which a molecule is a hit (the screening threshold of every figure)."""
    workers: PositiveInt = 1
    """Processes that score molecules; the scores do not depend on it."""
    timeout: PositiveFloat | None = None
    """Seconds after which a molecule is given up and has no score; left out: no limit."""
    worker_memory: PositiveFloat | None = None
    """GiB of memory that a scoring process may take; a molecule that needs more has no score. Left out: no limit.
    Linux only."""
    ahead: Annotated[int, Field(ge=0, le=8)] = 0
    """Batches that the workers have beyond the one that is learned from next, for oracles whose times are uneven. The
    policy learns from answers that are this many steps late; the ledger does not depend on the times. 0: a batch is
    sampled when the policy has learned from the one before."""
    scheduler: str | None = None
    """Address of a Dask scheduler (tcp://host:8786) whose workers score, instead of processes here."""
    cache: UserPath | None = None
    """SQLite file of oracle values, shared by campaigns: a value in it is not measured again."""
    max_idle_steps: PositiveInt = 200
    """Steps in a row without a new molecule after which the campaign ends with part of its budget unspent."""
    checkpoint_seconds: PositiveFloat = 30.0
    """Seconds between saved states; resuming repeats the steps since the last saved state without oracle calls."""
    threads: PositiveInt | None = None
    """CPU threads of the network. Left out: the CPUs that this process may use less the workers, 1 to 4. A resumed run
    keeps its number, since rounding depends on it."""
    device: DeviceName = "auto"
    """Where the network works: cpu, cuda, cuda:N or mps. auto: a CUDA GPU where there is one and the method's batch
    is at least 64, else the CPU. A resumed run stays where it was, unless another device is given."""
    start: StartConfig = StartConfig()
    """What the campaign starts from besides its prior: known molecules (seeds), or parts that every molecule holds."""
    method: MethodConfig = MethodConfig()
    """How the policy learns: a name, or a table."""
    objective: Annotated[ObjectiveConfig, BeforeValidator(named_objective)]
    """What makes a molecule good: a table, a benchmark task, a bundled objective, or a file of one."""
    stage: tuple[StageConfig, ...] = ()
    """Stages that come before, a [[stage]] table each; `objective` and `method` are then those of the last stage, which
    takes the rest of the budget."""

    @model_validator(mode="before")
    @classmethod
    def _the_last_stage_is_the_campaigns_own(cls, data: Any) -> Any:
        if isinstance(data, dict) and "stage" in data and "objective" not in data:
            raise ValueError(
                "[objective] is missing: it is that of the last stage, and each [[stage]] is one that comes before"
            )
        return data

    @model_validator(mode="after")
    def _the_method_fits_the_campaign(self) -> "CampaignConfig":
        refuse_misfit(self)
        return self

    @model_validator(mode="after")
    def _stages_fit_together(self) -> "CampaignConfig":
        if not self.stage:
            return self
        refuse_unclear_names(self.objectives)
        spent = sum(stage.budget or 0 for stage in self.stage)
        if spent >= self.budget:
            raise ValueError(
                f"the budgets of the stages come to {spent} of the campaign's {self.budget} calls, and leave none for"
                " the last stage"
            )
        if self.start.seed_scores is not None:
            raise ValueError("seed_scores are scores of one objective, and stages have several; leave it out")
        for number, stage in enumerate(self.stage, start=1):
            try:
                stage_method(self.method, stage.method)
            except ValueError as error:
                raise ValueError(f"stage[{number}].{error}") from None
        return self

    @property
    def objectives(self) -> list[ObjectiveConfig]:
        """The objective of each stage; the campaign's own is the last."""
        return [*(stage.objective for stage in self.stage), self.objective]

    @property
    def component_names(self) -> list[str]:
        """The names of the components of all stages."""
        return all_names(self.objectives)

    def in_stage(self, number: int) -> "CampaignConfig":
        """The settings with the objective and the method of a stage, counted from 1."""
        if number > len(self.stage):
            return self
        stage = self.stage[number - 1]
        method = stage_method(self.method, stage.method)
        return self.model_copy(update={"objective": stage.objective, "method": method})


def refuse_misfit(campaign: CampaignConfig) -> None:
    """ValueError where a campaign's method does not go with its given parts, or with batches ahead."""
    method = campaign.method
    off_policy = ESTIMATORS[method.estimator].off_policy
    if campaign.start.has_parts and off_policy != "any":
        fitting = ", ".join(name for name, estimator in ESTIMATORS.items() if estimator.off_policy == "any")
        raise ValueError(f"start gives parts, which biases the estimator {method.estimator}; use one of {fitting}")
    if campaign.ahead and off_policy == "no":
        fitting = ", ".join(name for name, estimator in ESTIMATORS.items() if estimator.off_policy != "no")
        raise ValueError(
            f"ahead = {campaign.ahead} is off-policy, which {method.estimator} does not allow; use ahead = 0, or one of"
            f" {fitting}"
        )
    if campaign.ahead and method.breeds_in_a_step:
        raise ValueError(
            f"ahead = {campaign.ahead} does not go with genetic generations, each of which waits for the scores of the"
            " last; use ahead = 0, or let screening choose among children ([method.screen] children)"
        )


def load_campaign(name: str | Path, *, prior: str | None = None, **overrides: Any) -> CampaignConfig:
    """The campaign of a TOML file or a bundled name, with top-level keys (budget, seed, ...) laid over it.

    Unlike the file's own, the path of a `prior` given here starts at the working folder.
    """
    path = assets.campaign_file(name)
    given = {key: value for key, value in overrides.items() if value is not None}
    if prior is not None:
        given["prior"] = prior if prior in assets.priors() else str(Path(prior).resolve())
    source = f"{path} with {', '.join(f'--{key}' for key in given)}" if given else str(path)
    return config.parse(CampaignConfig, config.read_toml(path) | given, source=source, folder=path.parent)


def saved_settings(path: Path, *, budget: float | None = None, device: str | None = None) -> CampaignConfig:
    """The settings that the run in a folder was begun with, perhaps with another budget or device.

    Where the run was moved together with the files that its settings name, they are found in the new place.
    ChemmaraError where another version began it, the budget is no whole number above 0, or no device has that name.
    """
    folder = RunFolder(path)
    begun = folder.read_config()
    saved = begun["campaign"]
    if place := begun.get("folder"):  # runs of an older version do not say where they were
        saved = follow(saved, Path(place), path.resolve())
    if folder.ledger.exists() and Ledger.begun(folder.ledger):
        Ledger.open(folder.ledger).close()  # of another format: one line, before the settings are misunderstood
    settings = config.parse(CampaignConfig, saved, source=str(folder.config))
    given = {key: value for key, value in (("budget", budget), ("device", device)) if value is not None}
    if not given:
        return settings
    return config.parse(CampaignConfig, saved | given, source=f"{path} with another {' and '.join(given)}")
