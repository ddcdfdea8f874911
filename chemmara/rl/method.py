"""Methods: compositions of reward, estimator, replay and memory, each with a name."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, PositiveFloat, PositiveInt, model_validator

from chemmara.config import Strict
from chemmara.rl.anchors import AnchorConfig
from chemmara.rl.clusters import EqualMass
from chemmara.rl.estimators import ESTIMATORS, EstimatorName
from chemmara.rl.memory import MemoryConfig
from chemmara.rl.replay import ReplayConfig
from chemmara.rl.rewards import RewardName
from chemmara.rl.thresholds import ThresholdConfig

_DIVERSE: Final[dict[str, Any]] = {
    "estimator": "reinvent",
    "replay": {"keep": "best-per-scaffold", "smiles": "randomised", "rows": 64, "rounds": 2},
    "memory": {"kind": "scaffold"},
}
METHODS: Final[dict[str, dict[str, Any]]] = {
    "mara": {"rewards": "mara", **_DIVERSE},
    "mara-cluster": {"rewards": "mara", "equal_mass": "scaffold", **_DIVERSE},
    "vanilla": {"rewards": "vanilla", **_DIVERSE},
    "flattened": {"rewards": "flattened", **_DIVERSE},
    "prior-undone": {"rewards": "prior-undone", **_DIVERSE},
    "reinvent": {"estimator": "reinvent", "replay": {"keep": "best", "smiles": "sampled", "rows": 24, "rounds": 1}},
    "reinvent-mara": {
        "rewards": "mara",
        "estimator": "reinvent",
        "replay": {"keep": "best", "smiles": "sampled", "rows": 24, "rounds": 1},
    },
    "rloo": {"estimator": "rloo"},
    "rloo-mara": {"rewards": "mara", "estimator": "rloo"},
    "reinforce": {"estimator": "reinforce"},
}
"""What each named method sets; everything else has the default of MethodConfig."""


def _none_for_false(value: Any) -> Any:
    """TOML has no word for nothing, so false takes away what a named method has."""
    return None if value is False else value


_Replay = Annotated[
    ReplayConfig | None, BeforeValidator(_none_for_false, json_schema_input_type=ReplayConfig | Literal[False] | None)
]
_Memory = Annotated[
    MemoryConfig | None, BeforeValidator(_none_for_false, json_schema_input_type=MemoryConfig | Literal[False] | None)
]


class MethodConfig(Strict):
    """How the policy learns. `name` picks a composition; every other key here overrides one part of it."""

    name: str = "mara"
    """Composition to start from: mara (the default), vanilla (the same without MARA), reinvent, rloo, ..."""
    rewards: RewardName = "vanilla"
    """What becomes of scores: vanilla, mara (mara-2 is the same by the paper's algorithm 2), or, as a control, one of
    MARA's halves (flattened, prior-undone)."""
    threshold: ThresholdConfig = 0.75
    """Score from which MARA counts a sample as good (tau), best a little below the campaign's screening threshold; or
    a table: kind "percentile" or "adaptive"."""
    anchor: AnchorConfig = AnchorConfig()
    """The good sample to whose level MARA lifts the others."""
    equal_mass: EqualMass = "string"
    """What becomes equally likely among the good: strings (the paper's MARA), molecules, scaffolds, or niches of
    Tanimoto similarity 0.4. A good sample's reward is less by beta log of the good known of its kind."""
    order: Literal["memory-first", "mara-first"] = "memory-first"
    """Whether what the memory finds crowded can be an anchor (mara-first) or not."""
    estimator: EstimatorName = "reinvent"
    """Loss: a regression (reinvent, log-variance, trajectory-balance, augmented-hill-climb), a policy gradient
    (reinforce, rloo, ppo, forward-kl), or a likelihood (target-likelihood, top-likelihood)."""
    updates: PositiveInt = 1
    """Updates from each sampled batch; those after the first are off-policy, and weighted where the loss needs it."""
    beta: PositiveFloat = 1 / 128
    """Weight of the KL term, which holds the policy near the prior; 1 / sigma in REINVENT's terms."""
    batch_size: PositiveInt = 64
    """Molecules sampled a step."""
    learning_rate: PositiveFloat = 5e-4
    """Adam's rate."""
    max_grad_norm: PositiveFloat = 1.0
    """Longer gradients are shortened to this."""
    replay: _Replay = None
    """Learning again from the best molecules so far; false: none, where the named method has one."""
    memory: _Memory = None
    """Taking the score from molecules like those found already; false: none, where the named method has one."""

    @model_validator(mode="before")
    @classmethod
    def _start_from_the_named_method(cls, data: Any) -> Any:
        """Lay the user's keys over those of the named method, inside `replay` and `memory` too."""
        if isinstance(data, str):
            data = {"name": data}
        if not isinstance(data, dict):
            return data
        name = data.get("name", "mara")
        if not isinstance(name, str) or name not in METHODS:
            raise ValueError(f"no such method {name!r}; known are: {', '.join(METHODS)}")
        merged = METHODS[name] | data
        for part in ("replay", "memory"):
            base, mine = METHODS[name].get(part), data.get(part)
            # Another kind of memory shares no keys with the method's own.
            if (
                isinstance(base, dict)
                and isinstance(mine, dict)
                and mine.get("kind", base.get("kind")) == base.get("kind")
            ):
                merged[part] = base | mine
        return merged

    @model_validator(mode="after")
    def _only_losses_that_stand_it_learn_off_policy(self) -> "MethodConfig":
        stands = ESTIMATORS[self.estimator].off_policy
        if self.updates > 1 and stands == "no":
            raise ValueError(f"updates = {self.updates} is off-policy, which {self.estimator} does not stand; use 1")
        if self.replay is not None and stands != "any" and (stands == "no" or self.replay.smiles == "randomised"):
            fitting = ", ".join(name for name, one in ESTIMATORS.items() if one.off_policy == "any")
            raise ValueError(
                f"replay is off-policy, where {self.estimator} is biased; use one of {fitting}"
                + ("" if stands == "no" else ', or replay smiles = "sampled", whose rows can be weighted')
            )
        return self
