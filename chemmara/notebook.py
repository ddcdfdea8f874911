"""The functions that a notebook or a script needs; `import chemmara` offers them by name.

Nothing global is changed: torch keeps its threads and its random state; signals are handled in the main thread only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from chemmara import config
from chemmara.campaign import settings as of_campaigns
from chemmara.campaign.method_spec import with_method
from chemmara.campaign.results import write_outputs
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig, saved_settings
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.sampling import sample_batches
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import hits_of, library_figures, run_figures
from chemmara.records.tally import Standing
from chemmara.rl.method import MethodConfig
from chemmara.scoring.load import load_objective
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import measuring


@dataclass(frozen=True)
class CampaignRun:
    """What a run has found so far, read from its ledger."""

    folder: Path
    settings: dict[str, Any]  # of the campaign, as campaign.json has them
    calls: pd.DataFrame  # one row for each oracle call: call, step, smiles, score, error, raw component values
    steps: pd.DataFrame  # one row for each step: what was logged of it

    @property
    def hits(self) -> pd.DataFrame:
        """Calls with a score of at least the campaign's hit_threshold, best first."""
        return hits_of(self.calls, self.settings["hit_threshold"])

    @cached_property
    def figures(self) -> dict[str, float]:
        """Headline figures: hits, scaffolds, #Circles, AUC, ... (docs/metrics.md)."""
        return run_figures(self.calls, self.settings["hit_threshold"], self.settings["budget"])


def sample(prior: Prior | str | Path, n: int, *, seed: int = 0, temperature: float = 1.0) -> list[str]:
    """SMILES of n molecules from a prior, as the network writes them: some may be invalid.

    ChemmaraError where there is no such prior, n is below 0, or the temperature is not above 0.

    >>> len(sample("zinc250k-gru", 5, seed=1))
    5
    """
    if n < 0 or not temperature > 0:
        raise ChemmaraError(f"sample: n = {n}, temperature = {temperature:g}: n is 0 or more, a temperature above 0")
    loaded = prior if isinstance(prior, Prior) else load_prior(prior)
    batches = sample_batches(
        loaded.model, loaded.tokenizer, n, seed=seed, max_length=loaded.config.max_length, temperature=temperature
    )
    return [smiles for rollout in batches for smiles in rollout.smiles]


def score(
    smiles: Sequence[str] | pd.Series,
    objective: str | Path | dict[str, Any] | ObjectiveConfig,
    *,
    workers: int = 1,
) -> pd.DataFrame:
    """One row for each SMILES, in order: smiles, total (0 to 1), the raw value of each component, error.

    A row without a score has NaN as its total, and the reason under `error`.

    Args:
        smiles: the molecules, a list or a column of a table; a missing one (None, NaN) is an empty SMILES.
        objective: a TOML file, a bundled objective, a benchmark task, tables as in such a file, or settings.
        workers: processes that score; the values do not depend on it.

    Raises:
        ChemmaraError: there is no such objective, or it has a mistake; or the molecules are no list of texts.

    >>> score(["CCO", "C1CC"], "qed")[["smiles", "total", "error"]].round(3).values.tolist()
    [['CCO', 0.407, ''], ['C1CC', nan, 'invalid SMILES: not SMILES syntax']]
    """
    texts, scored = _texts(smiles), Objective(_objective(objective))
    with measuring(scored, WorkerLimits(workers)) as measure:
        found = scored(texts, measure)
    return pd.DataFrame({"smiles": texts, "total": found.total, **found.components, "error": found.error})


def _objective(given: str | Path | dict[str, Any] | ObjectiveConfig) -> ObjectiveConfig:
    if isinstance(given, ObjectiveConfig):
        return given
    if isinstance(given, dict):
        return config.parse(ObjectiveConfig, given, source="objective")
    return load_objective(given)


def diversity(smiles: Sequence[str] | pd.Series) -> dict[str, float]:
    """Counts and diversity of a set of molecules: scaffolds, IntDiv1, #Circles, ... (docs/metrics.md).

    >>> found = diversity(["c1ccccc1C", "C1CCCCC1", "CCO", "OCC", "C1CC"])
    >>> found["unique"], found["invalid"], found["scaffolds"], found["circles75"]
    (3, 1, 3, 3)
    """
    return library_figures(_texts(smiles))


def _texts(smiles: Sequence[str] | pd.Series) -> list[str]:
    """The molecules as texts; ChemmaraError where they are one text, whose letters would be taken for molecules."""
    if isinstance(smiles, str):
        raise ChemmaraError(f"a list of SMILES is needed, not a single text: write [{smiles!r}]")
    texts = ["" if pd.api.types.is_scalar(text) and pd.isna(text) else text for text in smiles]
    for row, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise ChemmaraError(f"row {row} of the molecules is {text!r}: a SMILES (text) is needed")
    return texts


def load_campaign(
    name: str | Path, *, method: str | dict[str, Any] | MethodConfig | None = None, **keys: Any
) -> CampaignConfig:
    """The campaign of a TOML file or a bundled name, with top-level keys (budget, seed, prior, ...) laid over it.

    `method` is NAME or NAME+KEY=VALUE+..., as for `--method`, or a table as [method]. ChemmaraError where any of it is
    wrong.

    >>> load_campaign("quickstart", method="mara+beta=0.02", budget=100).method.beta
    0.02
    """
    if isinstance(method, str):
        return with_method(of_campaigns.load_campaign(name, **keys), method, option="method")
    return of_campaigns.load_campaign(name, method=method, **keys)


def run(
    campaign: CampaignConfig | str | Path,
    folder: str | Path,
    *,
    progress: Callable[[Standing], None] = lambda _: None,
    force: bool = False,
    keep_going: bool = False,
) -> CampaignRun:
    """Run a campaign to its end in a folder, with the same files and the same resuming as `chemmara run`.

    It may run in a thread. An interrupt (Ctrl-C, or a notebook's stop button) finishes the step, saves, and raises
    KeyboardInterrupt; so does a `progress` that raises it.

    Args:
        campaign: settings of `load_campaign`, a TOML file, or the name of a bundled campaign.
        folder: of the run.
        progress: called after every step.
        force: replace a run that the folder holds.
        keep_going: do not stop where an oracle fails again and again.

    Raises:
        ChemmaraError: a mistake in the settings, a folder that holds a run, or an oracle that always fails.
    """
    settings = campaign if isinstance(campaign, CampaignConfig) else load_campaign(campaign)
    return _finish(Run.start(Path(folder), settings, force=force), progress, keep_going=keep_going)


def resume(
    folder: str | Path,
    *,
    budget: int | None = None,
    progress: Callable[[Standing], None] = lambda _: None,
    keep_going: bool = False,
) -> CampaignRun:
    """Go on with the run in a folder, to its end or to a larger budget; arguments as for `run`."""
    path = Path(folder)
    return _finish(Run.resume(path, saved_settings(path, budget=budget)), progress, keep_going=keep_going)


def _finish(current: Run, progress: Callable[[Standing], None], *, keep_going: bool) -> CampaignRun:
    with current:
        current.go(progress, keep_going=keep_going)
        write_outputs(current.folder.path)
    return load_run(current.folder.path)


def load_run(folder: str | Path) -> CampaignRun:
    """The run in a folder, finished or under way; ChemmaraError where there is none."""
    path = Path(folder)
    place = RunFolder(path)
    if not place.ledger.exists():
        raise ChemmaraError(f"{path}: not a run's folder (ledger.sqlite is missing)")
    with Ledger.open(place.ledger) as ledger:
        settings = ledger.get("campaign")
        if settings is None:
            raise ChemmaraError(f"{path}: was stopped before it had begun; chemmara.resume goes on with it")
        return CampaignRun(path, settings, ledger.frame(), ledger.steps())
