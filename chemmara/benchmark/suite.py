"""A benchmark suite: tasks with hit thresholds, a budget, a prior and the figures to judge by, from one TOML file."""

from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from chemmara import assets, config
from chemmara.benchmark.figures import FIGURES, NEED_REFERENCES
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.config import Fraction, Strict
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse

_FolderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
_RowName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,()'-]*$")]
_BELOW: Final = 0.05


def _known(name: str) -> str:
    if name not in FIGURES:
        raise ValueError(f"no such figure {name!r}{config.did_you_mean(name, FIGURES)}")
    return name


FigureName = Annotated[str, AfterValidator(_known)]
"""A key of FIGURES."""


class SuiteTask(Strict):
    """One task: a campaign, or an objective with its hit threshold."""

    name: _FolderName
    """What it is called in tables; the name of its folder."""
    campaign: str | None = None
    """Bundled campaign or path of one, for its objective, hit threshold and MARA's tau."""
    objective: str | dict[str, Any] | None = None
    """In place of a campaign: a benchmark task, a bundled objective, a file of one, or its tables."""
    hit_threshold: Fraction | None = None
    """Score from which a molecule is a hit; an objective needs it."""
    tau: Fraction | None = None
    """Score from which MARA counts a molecule as good; left out: .05 below the hit threshold."""
    files: tuple[str, ...] = ()
    """Files or folders that the objective names and that are not bundled; they are looked for in --files."""
    how: str = ""
    """How to come by these files, in one sentence."""
    references: dict[_RowName, str] = Field(default_factory=dict)
    """SMILES of known chemotypes by name, for the figures of modes."""
    similarity: Fraction = 0.5
    """Tanimoto similarity (ECFP4 counts) to its nearest reference from which a hit belongs to it."""

    @model_validator(mode="after")
    def _is_a_campaign_or_an_objective(self) -> Self:
        if (self.campaign is None) == (self.objective is None):
            raise ValueError(f"task {self.name!r} needs either a campaign or an objective")
        if self.campaign is None and self.hit_threshold is None:
            raise ValueError(f"task {self.name!r} has an objective, and so needs a hit_threshold")
        if self.campaign is not None and (self.hit_threshold is not None or self.tau is not None):
            raise ValueError(f"task {self.name!r}: hit_threshold and tau are those of its campaign; leave them out")
        for reference, smiles in self.references.items():
            if parse(smiles) is None:
                raise ValueError(f"task {self.name!r}: reference {reference!r} is not a valid SMILES")
        return self


class SuiteConfig(Strict):
    """A benchmark suite."""

    name: _FolderName
    """What its tables are called."""
    about: str = ""
    """What it measures, in one sentence."""
    prior: str = "chembl-gru"
    """Prior of every run: a bundled name, or a folder."""
    budget: PositiveInt
    """Oracle calls of each run."""
    seeds: PositiveInt = 3
    """Runs of each method on each task, with the seeds 1, 2, ...; the same for every method."""
    figures: tuple[FigureName, ...]
    """What the tables show, the first one first."""
    sums: tuple[FigureName, ...] = ()
    """Figures that are added up over the tasks."""
    published: str | None = None
    """Name of the bundled published figures that belong to it."""
    task: tuple[SuiteTask, ...]
    """The tasks, one [[task]] table each."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [task.name for task in self.task]
        if not names:
            raise ValueError("a suite needs at least one [[task]]")
        if not self.figures:
            raise ValueError(f"a suite needs at least one figure; known are: {', '.join(FIGURES)}")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two tasks are called {name!r}; give one another name")
        if missing := set(self.sums) - set(self.figures):
            raise ValueError(f"sums name {', '.join(sorted(missing))}, which figures lacks")
        bare = [task.name for task in self.task if not task.references]
        if bare and NEED_REFERENCES & set(self.figures):
            raise ValueError(f"figures of modes need references, which task {bare[0]!r} lacks")
        return self

    def chosen(self, names: list[str] | None) -> list[SuiteTask]:
        """The tasks of these names, or all; ChemmaraError where there is none of a name."""
        known = {task.name: task for task in self.task}
        for name in names or []:
            if name not in known:
                raise ChemmaraError(f"suite {self.name}: no such task {name!r}{config.did_you_mean(name, known)}")
        return list(self.task) if names is None else [known[name] for name in names]


def load_suite(name: str | Path, *, prior: str | None = None, **overrides: Any) -> SuiteConfig:
    """The suite of a TOML file or a bundled name, with top-level keys (budget, seeds) laid over it.

    A prior in the file is taken beside the file, one given here starts at the working folder.
    """
    path = assets.suite_file(name)
    tables = config.read_toml(path)
    tables |= {key: value for key, value in overrides.items() if value is not None}
    suite = config.parse(SuiteConfig, tables, source=str(path))
    place = path.parent if prior is None else Path()
    wanted = prior or suite.prior
    if wanted not in assets.priors():
        wanted = str(assets.prior_folder((place / wanted).resolve() if (place / wanted).exists() else wanted))
    return suite.model_copy(update={"prior": wanted})


def task_campaign(suite: SuiteConfig, task: SuiteTask, folder: Path, workers: int | None = None) -> CampaignConfig:
    """The campaign of a task; relative paths in its objective start at `folder`.

    Raises:
        ChemmaraError: a file that is not bundled is not in the folder, or the objective is not one.
    """
    if missing := [name for name in task.files if not (folder / name).exists()]:
        place = "bundled" if folder == assets.DATA / "suites" else f"in {folder}"
        how = task.how or "put it there, or name its folder by --files"
        raise ChemmaraError(f"task {task.name} needs {missing[0]}, which is not {place}: {how}")
    if task.campaign is not None:
        beside = folder / task.campaign
        name = beside if beside.is_file() else task.campaign
        return load_campaign(name, prior=suite.prior, budget=suite.budget, workers=workers)
    threshold = task.hit_threshold or 0.0
    tau = max(0.0, round(threshold - _BELOW, 10)) if task.tau is None else task.tau
    tables = {
        "prior": suite.prior, "budget": suite.budget, "hit_threshold": threshold, "method": {"tau": tau},
        "objective": task.objective, "workers": workers or 1,
    }  # fmt: skip
    return config.parse(CampaignConfig, tables, source=f"suite {suite.name}, task {task.name}", folder=folder)
