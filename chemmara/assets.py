"""Paths of the files that travel with chemmara: priors, campaigns, objectives, suites, catalogue."""

from importlib.resources import files
from pathlib import Path

from chemmara.errors import ChemmaraError, nearest_name

MODELS = Path(str(files("chemmara.models")))
DATA = Path(str(files("chemmara.data")))


def priors() -> list[str]:
    """Names of the bundled priors, sorted."""
    return sorted(config.parent.name for config in MODELS.glob("*/config.json"))


def prior_folder(name: str | Path) -> Path:
    """Folder of a prior: a path of the user's, or else the bundled prior of that name."""
    path = Path(name)
    return path if path.exists() else _bundled(str(name), MODELS / str(name), priors(), kind="prior")


def campaigns() -> list[str]:
    """Names of the bundled campaigns, sorted."""
    return _names("campaigns")


def campaign_file(name: str | Path) -> Path:
    """TOML file of a campaign: a path of the user's, or else the bundled campaign of that name."""
    return _file(name, "campaigns", kind="campaign")


def objectives() -> list[str]:
    """Names of the bundled objectives, sorted."""
    return _names("objectives")


def objective_file(name: str | Path) -> Path:
    """TOML file of an objective: a path of the user's, or else the bundled objective of that name."""
    return _file(name, "objectives", kind="objective")


def suites() -> list[str]:
    """Names of the bundled benchmark suites, sorted."""
    return _names("suites")


def suite_file(name: str | Path) -> Path:
    """TOML file of a benchmark suite: a path of the user's, or else the bundled suite of that name."""
    return _file(name, "suites", kind="suite")


def _names(folder: str) -> list[str]:
    return sorted(path.stem for path in (DATA / folder).glob("*.toml"))


def _file(name: str | Path, folder: str, *, kind: str) -> Path:
    path, known = Path(name), _names(folder)
    if path.is_file() or (path.exists() and str(name) not in known):  # a run's folder may be called like a campaign
        return path
    return _bundled(str(name), DATA / folder / f"{name}.toml", known, kind=kind)


def _bundled(name: str, path: Path, known: list[str], *, kind: str) -> Path:
    if name in known:
        return path
    near = nearest_name(name, known)
    hint = f"did you mean {near!r}?" if near else f"bundled are: {', '.join(known) or 'none'}"
    raise ChemmaraError(f"{name}: no such {kind}, neither a path nor a bundled name; {hint}")
