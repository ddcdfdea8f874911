"""What every component has beside its oracle's own settings."""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat, model_validator

from chemmara.config import Strict
from chemmara.scoring.finite import finite
from chemmara.scoring.transforms import Transform

COSTLY = 10.0
"""Milliseconds a molecule from which an oracle measures only molecules that can still have a score."""


class Base(Strict):
    """A component: an oracle's value, made 0 to 1 by a transform, and what it does to the score."""

    name: str | None = None
    """Name of its column and in reports; the oracle's if left out."""
    role: Literal["score", "filter", "penalty"] = "score"
    """score: takes part in the aggregation. filter: where its desirability is 0, the score is 0 and costly oracles are
    spared; elsewhere it changes nothing. penalty: multiplies the aggregated score."""
    weight: PositiveFloat = 1.0
    """Share in the aggregation, relative to the others'."""
    transform: Transform | None = None
    """From the oracle's value to 0..1; needed unless the value lies there already, or a filter passes 0 alone (alerts,
    rules)."""

    example: ClassVar[dict[str, Any]] = {}
    """Settings that work, for the documentation and its test."""
    values: ClassVar[str] = ""
    """Range in words, where it depends on what the settings name."""
    passes: ClassVar[dict[str, Any] | None] = None
    """Transform of a filter that is given none; without one here, a filter has to be given its own."""
    may_be_zero: ClassVar[bool] = False
    """Whether 0 is a usual value, so that a filter passes something even without a transform: 0 no, 1 yes."""

    @model_validator(mode="before")
    @classmethod
    def _filter_by_what_passes(cls, table: Any) -> Any:
        if cls.passes and isinstance(table, dict) and table.get("role") == "filter" and table.get("transform") is None:
            return {**table, "transform": cls.passes}
        return table

    def identity(self) -> dict[str, Any]:
        """All that the oracle's values depend on: its settings, the files that they name, and versions."""
        settings = self.model_dump(mode="json", exclude={"name", "role", "weight", "transform"})
        versions = {name: version(name) for name in ("chemmara", "rdkit")}
        return {**settings, "files": self.files(), "versions": versions}

    def files(self) -> dict[str, str]:
        """SHA-256 of the files that the settings name, by what names each of them."""
        named = {key: getattr(self, key) for key in type(self).model_fields}
        return {key: checksum(value) for key, value in named.items() if isinstance(value, Path) and value.is_file()}

    @property
    def unit(self) -> str:
        """Of the oracle's value; "" for a pure number."""
        return ""

    @property
    def cost(self) -> float:
        """Milliseconds a molecule, about."""
        return 0.1

    def desirability(self, raw: np.ndarray) -> np.ndarray:
        """Desirabilities (n,) of 0 to 1 of raw values; NaN for a missing or infinite value."""
        return finite(raw) if self.transform is None else self.transform(raw)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()
