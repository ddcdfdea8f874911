"""The scoring section of a REINVENT 4 file as an objective of chemmara."""

from pathlib import Path
from typing import Any, Final

from chemmara import config
from chemmara.campaign.reinvent_components import converted_component
from chemmara.campaign.reinvent_start import file_beside
from chemmara.campaign.reinvent_transforms import converted_transform, number
from chemmara.errors import ChemmaraError
from chemmara.scoring.objective import RESERVED, ObjectiveConfig

_AGGREGATIONS: Final = {
    "arithmetic_mean": "arithmetic", "custom_sum": "arithmetic",
    "geometric_mean": "geometric", "custom_product": "geometric",
}  # fmt: skip


def converted_objective(scoring: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The tables of an objective, and a line for everything that did not map or differs.

    Args:
        scoring: the section [scoring], or [stage.scoring].
        folder: of the file, where a file of components (`filename`) is looked for.

    Raises:
        ChemmaraError: no component that gives a score could be converted; one line each, with its reason.
    """
    scoring, notes = _with_its_file(scoring, folder)
    objective: dict[str, Any] = {"aggregation": _AGGREGATIONS.get(str(scoring.get("type")), "geometric")}
    if scoring.get("type") not in _AGGREGATIONS:
        notes.append(f"scoring.type = {scoring.get('type')!r} is no aggregation of REINVENT; geometric was taken")
    if scoring.get("parallel", 1) != 1:
        notes.append("scoring.parallel was left out; scoring processes are `workers` here, or --workers")
    if scoring.get("use_pumas"):
        notes.append("scoring.use_pumas was left out; transforms were read as REINVENT's own")
    known = {"type", "parallel", "use_pumas", "component", "filename", "filetype"}
    notes += [f"scoring.{key} was left out; it is not known here" for key in scoring if key not in known]
    components: list[dict[str, Any]] = []
    for kind, endpoint in _endpoints(scoring.get("component"), notes):
        label = f"component {kind}" + (f" ({name!r})" if (name := endpoint.get("name")) else "")
        try:
            component, differs = _component(kind, endpoint, {column_of(table) for table in components})
        except ChemmaraError as error:
            notes += [f"{label} was left out: {line}" for line in str(error).splitlines()]
        else:
            components.append(component)
            notes += [f"{label}: {line}" for line in differs]
    if all(component.get("role", "score") != "score" for component in components):
        raise ChemmaraError("\n".join([*notes, "no component that gives a score could be converted"]))
    return {**objective, "component": components}, notes


def column_of(component: dict[str, Any]) -> str:
    """The name that a component has in the ledger."""
    return component.get("name", component["oracle"])


def _with_its_file(scoring: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The section with the components of the file that it names, which REINVENT lets win."""
    name = scoring.get("filename")
    if not name:
        return scoring, []
    path = file_beside(str(name), folder)
    if path is None or path.suffix != ".toml":
        why = "is not there" if path is None else "is not TOML"
        return scoring, [f"scoring.filename = {str(name)!r} was left out: the file {why}"]
    return scoring | config.read_toml(path), []


def _endpoints(components: Any, notes: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Every endpoint with its component's name; parameters of the component are laid under those of the endpoint."""
    found: list[tuple[str, dict[str, Any]]] = []
    for component in components if isinstance(components, list) else []:
        for kind, table in component.items() if isinstance(component, dict) else ():
            endpoints = table.get("endpoint") if isinstance(table, dict) else None
            if not isinstance(endpoints, list) or not all(isinstance(endpoint, dict) for endpoint in endpoints):
                notes.append(f"component {kind} was left out: it has no [[...{kind}.endpoint]]")
                continue
            shared = _table(table, "params")
            found += [(kind, {**endpoint, "params": shared | _table(endpoint, "params")}) for endpoint in endpoints]
    return found


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def _component(kind: str, endpoint: dict[str, Any], taken: set[str]) -> tuple[dict[str, Any], list[str]]:
    """An [[objective.component]] that chemmara accepts, and what is different in it."""
    weight = number(endpoint, "weight", 1.0)
    measured, note = converted_component(kind, endpoint["params"])
    notes = [note] if note else []
    role = measured.get("role", "score")
    if weight == 0 and role == "score":
        raise ChemmaraError("its weight is 0, so that it counts nothing; report such values by `chemmara score`")
    table: dict[str, Any] = {"name": _free_name(str(endpoint.get("name", kind)), taken), **measured}
    if role == "score" and weight != 1.0:
        table["weight"] = weight
    if (transform := endpoint.get("transform")) is not None:
        if role != "score":
            raise ChemmaraError(f"a transform of a {role} is not converted; its values are 0 or 1 here")
        table["transform"], differs = converted_transform(transform)
        notes += [differs] if differs else []
    known = {"name", "weight", "transform", "params"}
    notes += [f"{key} was left out; it is not known here" for key in endpoint if key not in known]
    _require_sound(table)
    return table, notes


def _require_sound(table: dict[str, Any]) -> None:
    """ChemmaraError with chemmara's own reasons where it does not accept a component."""
    beside = {"oracle": "qed", "name": f"not {table['name']}"}  # an objective needs a component that gives a score
    try:
        config.parse(ObjectiveConfig, {"component": [table, beside]}, source="")
    except ChemmaraError as error:
        raise ChemmaraError("\n".join(line.removeprefix(": ") for line in str(error).splitlines())) from None


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where another component or a column of the ledger has it."""
    free, copy = name, 1
    while free in taken or free in RESERVED:
        copy += 1
        free = f"{name} {copy}"
    return free
