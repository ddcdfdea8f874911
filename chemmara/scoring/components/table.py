"""The table of all components, for the documentation, `chemmara oracle list` and `chemmara oracle show`."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from chemmara.config import parse
from chemmara.scoring.components import Component
from chemmara.scoring.components.base import Base
from chemmara.scoring.components.graph import DESCRIPTORS, DescriptorComponent
from chemmara.scoring.components.likeness import SPATIAL, SpatialComponent
from chemmara.scoring.components.usual import USUAL_TRANSFORMS


@dataclass(frozen=True)
class Row:
    """A name that `oracle = ` knows."""

    oracle: str
    definition: str
    unit: str
    cost: float  # milliseconds a molecule, about
    example: dict[str, Any]  # settings that work, apart from files that they name
    settings: type[Base]

    @property
    def transform(self) -> dict[str, Any] | None:
        """A usual transform for values outside 0 to 1; None where none is needed, or the example has it."""
        return None if "transform" in self.example else USUAL_TRANSFORMS.get(self.oracle)


def everyday_names() -> dict[str, str]:
    """Everyday words for oracles, with the names that `oracle = ` knows."""
    return {word: name for settings in get_args(get_args(Component)[0]) for word, name in settings.also_called.items()}


def component_table() -> list[Row]:
    """Every component, in the order of the documentation."""
    rows = []
    for settings in get_args(get_args(Component)[0]):
        if settings is DescriptorComponent:
            rows += [
                Row(name, row.definition, row.unit, row.cost, {"oracle": name}, settings)
                for name, row in DESCRIPTORS.items()
            ]
        elif settings is SpatialComponent:
            cost = SpatialComponent(oracle="npr1").cost
            rows += [
                Row(name, f"{row.definition}, of a conformer", row.unit, cost, {"oracle": name}, settings)
                for name, row in SPATIAL.items()
            ]
        else:
            rows.append(_row(settings))
    return rows


def _row(settings: type[Base]) -> Row:
    (oracle,) = get_args(settings.model_fields["oracle"].annotation)
    definition = (settings.__doc__ or "").splitlines()[0].rstrip(".")
    blank = settings.model_construct(**settings.example)
    return Row(oracle, definition, blank.unit, blank.cost, settings.example, settings)


def value_range(row: Row) -> str:
    """Smallest and largest value of the example's oracle, in words."""
    if row.settings.values:
        return row.settings.values
    oracle = parse(row.settings, row.example, source=row.oracle).build()  # type: ignore[attr-defined]
    low, high = (f"{end:g}" for end in (oracle.low, oracle.high))
    return "any" if (low, high) == ("-inf", "inf") else f"{low} or more" if high == "inf" else f"{low} to {high}"


def own_settings(settings: type[BaseModel]) -> dict[str, str]:
    """Keys of a component beside those that all have, with their descriptions."""
    return {
        key: (field.description or "").replace("\n", " ")
        for key, field in settings.model_fields.items()
        if key not in Base.model_fields and key != "oracle"
    }


def own_defaults(settings: type[BaseModel]) -> dict[str, Any]:
    """Values of these keys where they are left out; without those that then say nothing: no value, text or item."""
    fields = {key: settings.model_fields[key] for key in own_settings(settings)}
    values = {
        key: field.get_default(call_default_factory=True, validated_data={})
        for key, field in fields.items()
        if not field.is_required()
    }
    return {key: value for key, value in values.items() if value not in (None, "", (), {})}
