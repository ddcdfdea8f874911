"""Objectives by name: a benchmark task, a bundled objective, or a file."""

from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from chemmara import assets, config
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.scoring.objective import ObjectiveConfig
from chemmara.scoring.tasks import TASKS, task


def load_objective(name: str | Path) -> ObjectiveConfig:
    """The objective of a TOML file (its own, or the [objective] of a campaign), a bundled one, or a benchmark task."""
    if str(name) in TASKS and not Path(name).exists():
        return task(str(name))
    file = assets.objective_file(name)
    tables = config.read_toml(file)
    inner = tables.get("objective")
    if isinstance(inner, str):
        return named_objective(inner, folder=file.parent)
    if isinstance(inner, dict):
        tables = inner
    elif misplaced := [key for key in ("prior", "budget", "seed", "method") if key in tables]:
        raise ConfigError(
            f"{file}: has {', '.join(misplaced)}, which a campaign has, but no [objective]; a campaign's components are"
            " written [[objective.component]], an objective's file has aggregation and [[component]] alone"
        )
    return config.parse(ObjectiveConfig, tables, source=str(file), folder=file.parent)


def named_objective(value: Any, info: ValidationInfo | None = None, *, folder: Path | None = None) -> Any:
    """An objective given by name or path in another file, read; a table stays as it is."""
    if not isinstance(value, str):
        return value
    folder = folder or ((info.context or {}).get("folder") if info else None)
    beside = Path(folder) / value if folder else Path(value)
    try:
        return load_objective(beside if beside.is_file() else value)
    except ChemmaraError as error:
        raise ValueError(str(error)) from None
