"""Stages of a campaign: what comes before its own objective, and when the next stage begins."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from chemmara import config
from chemmara.config import Fraction, Strict, did_you_mean
from chemmara.errors import ConfigError
from chemmara.records.ledger import Call
from chemmara.rl.method import MethodConfig
from chemmara.scoring.load import named_objective
from chemmara.scoring.objective import ObjectiveConfig

MAY_DIFFER: Final = (
    "rewards", "tau", "anchor", "equal_mass", "beta", "batch_size", "learning_rate", "max_grad_norm", "repeats",
    "diversity_filter",
)  # fmt: skip
"""Keys of [method] that a stage may set for itself."""
LATEST: Final = 100
"""Calls of a stage over which the share of hits is counted."""
_TOP: Final = 10


class StageConfig(Strict):
    """A stage before the campaign's own objective, which is that of the last stage."""

    objective: Annotated[ObjectiveConfig, BeforeValidator(named_objective)]
    """What makes a molecule good in this stage: a table, a benchmark task, a bundled objective, or a file of one."""
    budget: PositiveInt | None = None
    """Calls of this stage, at most; they are part of the campaign's budget. Left out: until a threshold is reached."""
    until_top10: Fraction | None = None
    """The next stage begins when the ten best molecules of this stage have this mean score."""
    until_hits: Fraction | None = None
    """The next stage begins when this share of the stage's latest 100 calls reaches the campaign's hit_threshold."""
    method: dict[str, Any] = Field(default_factory=dict)
    """Keys of the campaign's [method] that differ in this stage: rewards, tau, anchor, equal_mass, beta, batch_size,
    learning_rate, max_grad_norm, repeats, diversity_filter."""

    @model_validator(mode="after")
    def _it_ends(self) -> "StageConfig":
        if self.budget is None and self.until_top10 is None and self.until_hits is None:
            raise ValueError("a stage never ends without a budget, until_top10 or until_hits; give one of them")
        for key in self.method:
            if key in MethodConfig.model_fields and key not in MAY_DIFFER:
                raise ValueError(
                    f"method.{key} is the same in all stages; set it in the campaign's [method]. A stage may set"
                    f" {', '.join(MAY_DIFFER)}"
                )
            if key not in MAY_DIFFER:
                raise ValueError(f"unknown key {key!r} in method{did_you_mean(key, MAY_DIFFER)}")
        return self

    def words(self) -> str:
        """What is measured in the stage, and when it ends.

        >>> print(StageConfig(objective={"component": [{"oracle": "qed"}]}, budget=40, until_top10=0.7).words())
        geometric of qed; ends after 40 calls, or when the ten best have a mean score of 0.7
        """
        ends = {
            f"after {self.budget} calls": self.budget,
            f"when the ten best have a mean score of {self.until_top10}": self.until_top10,
            f"when a share of {self.until_hits} of the latest {LATEST} calls are hits": self.until_hits,
        }
        ending = ", or ".join(words for words, value in ends.items() if value is not None)
        return f"{self.objective.aggregation} of {', '.join(self.objective.names)}; ends {ending}"

    def over(self, scores: Sequence[float], hit_threshold: float, given: int = 0) -> str:
        """Why the stage ends after calls with these scores (NaN for none), or "" while it goes on.

        `given`: how many of them, the first, are those of seeds, which say nothing of what the policy has learned: they
        are calls of the stage, and no threshold counts them.

        >>> stage = StageConfig(objective={"component": [{"oracle": "qed"}]}, budget=4, until_hits=0.5)
        >>> stage.over([0.9, 0.9, 0.1, 0.2], 0.8)
        'the 4 calls of the stage are spent'
        """
        if len(scores) == self.budget:
            return f"the {self.budget} calls of the stage are spent"
        found = scores[given:]
        known = np.array([score for score in found if not np.isnan(score)])
        if self.until_top10 is not None and len(known) >= _TOP:
            mean = float(np.sort(known)[-_TOP:].mean())
            if mean >= self.until_top10:
                return f"the ten best molecules of the stage have a mean score of {mean:.3f}"
        if self.until_hits is not None and len(found) >= LATEST:
            share = sum(score >= hit_threshold for score in found[-LATEST:]) / LATEST
            if share >= self.until_hits:
                return f"{share:.0%} of the latest {LATEST} calls are hits of the stage"
        return ""


def stage_method(campaign: MethodConfig, own: Mapping[str, Any]) -> MethodConfig:
    """The campaign's method with the keys of a stage laid over it, inside its tables too.

    Raises:
        ValueError: a value cannot be, or the method that results.
    """
    table = campaign.model_dump()
    for key, value in own.items():
        before = table[key]
        alike = isinstance(before, dict) and isinstance(value, dict)
        alike = alike and value.get("kind", before.get("kind")) == before.get("kind")
        table[key] = before | value if alike else value
    try:
        return config.parse(MethodConfig, table, source="method")
    except ConfigError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def refuse_unclear_names(objectives: Sequence[ObjectiveConfig]) -> None:
    """ValueError where a name stands for different oracles in different stages.

    A component of several stages keeps its name: its values are measured once. Its transform, weight and role may
    differ from stage to stage.
    """
    first: dict[str, tuple[int, dict[str, Any]]] = {}
    for number, objective in enumerate(objectives, start=1):
        for name, component in objective.named:
            oracle = component.model_dump(exclude={"name", "role", "weight", "transform"})
            where, known = first.setdefault(name, (number, oracle))
            if oracle != known:
                raise ValueError(
                    f"stages {where} and {number} measure different things under the name {name!r}; give one of them"
                    " another name"
                )


def all_names(objectives: Iterable[ObjectiveConfig]) -> list[str]:
    """The names of the components of all stages, in the order in which they first come."""
    return list(dict.fromkeys(name for objective in objectives for name in objective.names))


def known_values(calls: Iterable[Call], names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Raw values of components by canonical SMILES that calls have left; molecules with none of them are left out.

    Of a molecule with several calls each value is the first that was measured.
    """
    found: dict[str, dict[str, float]] = {}
    for call in calls:
        values = found.setdefault(call.smiles, {})
        for name in names:
            if not np.isnan(value := call.components.get(name, np.nan)):
                values.setdefault(name, value)
    return {
        smiles: tuple(values.get(name, float("nan")) for name in names) for smiles, values in found.items() if values
    }
