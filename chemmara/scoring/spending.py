"""What a command would ask of the oracles, said before it asks anything."""

from dataclasses import dataclass
from typing import Any

from chemmara.scoring.components.base import Base
from chemmara.scoring.objective import ObjectiveConfig


@dataclass(frozen=True)
class OracleUse:
    """An oracle that would be asked."""

    component: str
    oracle: str
    settings: dict[str, Any]  # of the oracle, those that are not at their default: a program, a model, a receptor, ...
    milliseconds: float  # a molecule, about: what the oracle's settings, or `chemmara oracle list`, say


@dataclass(frozen=True)
class Spending:
    """Oracle calls to come, at most, and the time that scoring them takes."""

    calls: int
    oracles: tuple[OracleUse, ...]
    workers: int  # processes that score side by side

    @property
    def seconds(self) -> float:
        """About how long scoring takes, every oracle being asked about every molecule; the network comes on top.

        >>> slow = OracleUse("affinity", "docking", {}, 30_000.0)
        >>> Spending(100, (slow,), workers=2).seconds  # 100 molecules of 30 s, two at a time
        1500.0
        """
        return self.calls * sum(use.milliseconds for use in self.oracles) / 1000 / self.workers


def spending(objective: ObjectiveConfig, calls: int, workers: int = 1) -> Spending:
    """What `calls` molecules would cost by an objective. No oracle is asked."""
    shared = {*Base.model_fields, "oracle", "low", "high", "cost_ms"}  # not what an oracle is, but what is said of it
    uses = [
        OracleUse(
            name,
            component.oracle,
            component.model_dump(mode="json", exclude=shared, exclude_defaults=True),
            component.cost,
        )
        for name, component in objective.named
    ]
    return Spending(calls, tuple(uses), workers)
