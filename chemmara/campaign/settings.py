"""What a campaign is: prior, objective, method, budget and seed, as one TOML file; and as a run's record of it."""

import platform
import tomllib
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, NonNegativeInt, PositiveFloat, PositiveInt, ValidationInfo

from chemmara import assets, config
from chemmara.config import Fraction, Strict, UserPath
from chemmara.errors import ConfigError
from chemmara.records.run_folder import RunFolder
from chemmara.rl.method import MethodConfig
from chemmara.scoring.load import named_objective
from chemmara.scoring.objective import ObjectiveConfig


def _prior_beside_the_file(value: Any, info: ValidationInfo) -> Any:
    """A folder beside the campaign's file, if there is one; else the name as it is, which may be a bundled one."""
    folder = (info.context or {}).get("folder")
    if folder is None or not isinstance(value, str) or value in assets.priors():
        return value
    path = (Path(folder) / value).resolve()
    return str(path) if path.exists() else value


class CampaignConfig(Strict):
    """A generation campaign; relative paths in it start at the folder of its file."""

    belongs_under: ClassVar[dict[str, str]] = {"component": "objective", "aggregation": "objective"}
    prior: Annotated[str, BeforeValidator(_prior_beside_the_file)] = "chembl-gru"
    """Prior to start from and stay near: a folder or a bundled name."""
    budget: PositiveInt = 5000
    """Unique molecules that the oracles may measure; never one more."""
    seed: NonNegativeInt = 0
    """Fixes every draw: same seed, same ledger."""
    threshold: Fraction = 0.8
    """Score from which a molecule is a hit (the screening threshold of every figure)."""
    workers: PositiveInt = 1
    """Processes that score molecules; results do not depend on it."""
    timeout: PositiveFloat | None = None
    """Seconds after which a molecule is given up as having no score; none: wait for ever."""
    memory: PositiveFloat | None = None
    """GiB that a scoring process may take; a molecule that needs more has no score. None: no limit. Linux."""
    scheduler: str | None = None
    """Address of a Dask scheduler (tcp://host:8786) whose workers score, instead of processes here."""
    cache: UserPath | None = None
    """SQLite file of what oracles said, shared by campaigns: a value in it is not asked for again."""
    max_idle_steps: PositiveInt = 200
    """Steps in a row without a new molecule after which the campaign ends, its budget unspent."""
    checkpoint_seconds: PositiveFloat = 30.0
    """Time between saved states; resuming goes through the steps since the last one again, without oracle calls."""
    threads: PositiveInt | None = None
    """CPU threads of the network; none: torch's choice. Kept when resuming, for the last bit depends on it."""
    method: MethodConfig = MethodConfig()
    """How the policy learns: a name, or a table."""
    objective: Annotated[ObjectiveConfig, BeforeValidator(named_objective)]
    """What makes a molecule good: a table, a benchmark task, a bundled objective, or a file of one."""


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


def with_method(campaign: CampaignConfig, spec: str) -> CampaignConfig:
    """The campaign by another method: NAME, or NAME+KEY=VALUE+... with keys of [method] (`mara+anchor.choose=lowest`).

    The campaign's own keys for the method hold only where the name is its own. MARA's threshold goes along, for it
    belongs to the objective. ConfigError if there is no such method or key.
    """
    name, *settings = spec.split("+")
    own = campaign.method.model_dump(exclude_unset=True) if name == campaign.method.name else {}
    table: dict[str, Any] = {"threshold": campaign.method.model_dump()["threshold"]} | own | {"name": name}
    for setting in settings:
        key, found, value = setting.partition("=")
        if not found:
            raise ConfigError(f"--methods: {spec!r}: {setting!r} is not KEY=VALUE")
        place = table
        *tables, last = key.split(".")
        for one in tables:
            if not isinstance(place.get(one), dict):  # a number, as of tau, gives way to a table
                place[one] = {}
            place = place[one]
        place[last] = _value(value)
    method = config.parse(_Method, {"method": table}, source="--methods").method
    return campaign.model_copy(update={"method": method})


def _value(text: str) -> Any:
    """As TOML has it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


class _Method(Strict):
    method: MethodConfig


def saved_settings(path: Path) -> CampaignConfig:
    """The settings that the run in a folder was begun with."""
    folder = RunFolder(path)
    return config.parse(CampaignConfig, folder.read_config()["campaign"], source=str(folder.config))


def identity(settings: CampaignConfig) -> dict[str, Any]:
    """What campaign.json and the ledger say of a run: settings, versions, and the prior's checksum."""
    return {
        "campaign": settings.model_dump(mode="json"),
        "prior_sha256": prior_checksum(settings.prior),
        "versions": {name: version(name) for name in ("chemmara", "torch", "rdkit", "numpy")}
        | {"python": platform.python_version()},
    }


def prior_checksum(prior: str) -> str:
    """Sha256 of a prior's weights."""
    return sha256((assets.prior_folder(prior) / "weights.safetensors").read_bytes()).hexdigest()
