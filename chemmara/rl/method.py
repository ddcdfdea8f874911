"""The settings of a method: a named composition, over which the user's own keys are laid."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from chemmara.config import Fraction, Strict, did_you_mean
from chemmara.rl.anchors import AnchorConfig
from chemmara.rl.clusters import EqualMass
from chemmara.rl.dial import parts_of_the_dial
from chemmara.rl.diversity_filter import DiversityFilterConfig
from chemmara.rl.estimators import ESTIMATORS, EstimatorName
from chemmara.rl.genetic import GeneticConfig
from chemmara.rl.named_methods import DEFAULT, METHODS
from chemmara.rl.niches import NichingConfig
from chemmara.rl.repeats import Repeats
from chemmara.rl.replay import ReplayConfig
from chemmara.rl.restarts import RestartConfig
from chemmara.rl.rewards import RewardName
from chemmara.rl.tau import TauConfig
from chemmara.screening.config import ScreenConfig

_WORDS: Final = ("screen", "niching", "restart")  # parts that `true` adds with their defaults


def _none_for_false(value: Any) -> Any:
    """TOML has no word for none: false takes away a part that a named method has."""
    return None if value is False else value


def _by_a_word(value: Any) -> Any:
    """true: the part with its defaults."""
    return {} if value is True else _none_for_false(value)


_Clip = Annotated[
    PositiveFloat | None, BeforeValidator(_none_for_false, json_schema_input_type=PositiveFloat | Literal[False] | None)
]
_Replay = Annotated[
    ReplayConfig | None, BeforeValidator(_none_for_false, json_schema_input_type=ReplayConfig | Literal[False] | None)
]
_Filter = Annotated[
    DiversityFilterConfig | None,
    BeforeValidator(_none_for_false, json_schema_input_type=DiversityFilterConfig | Literal[False] | None),
]
_Genetic = Annotated[
    GeneticConfig | None, BeforeValidator(_none_for_false, json_schema_input_type=GeneticConfig | Literal[False] | None)
]


_Niching = Annotated[
    NichingConfig | None, BeforeValidator(_by_a_word, json_schema_input_type=NichingConfig | bool | None)
]
_Restart = Annotated[
    RestartConfig | None, BeforeValidator(_by_a_word, json_schema_input_type=RestartConfig | bool | None)
]
_Screen = Annotated[ScreenConfig | None, BeforeValidator(_by_a_word, json_schema_input_type=ScreenConfig | bool | None)]


class MethodConfig(Strict):
    """How the policy learns. `name` picks a composition; every other key here overrides one part of it."""

    renamed: ClassVar[dict[str, str]] = {"threshold": "tau", "memory": "diversity_filter"}

    name: str = DEFAULT
    """Composition to start from: prior-undone (the default: many different hits), mara (MARA as published, where good
    molecules all earn the same), vanilla (the same without MARA), optimise (the best molecules), reinvent, rloo, ..."""
    diversity: Fraction | None = None
    """From 0, most hits, to 1, most different hits: sets `screen.price` (0.1 to 1), `niching.price` (0 to 1), and of
    the diversity filter `bucket` (10,000 to 2) and `similarity` (0.4 to 0.3), where the file does not. Left out: 0.3,
    no niching, 10,000 and 0.4."""
    rewards: RewardName = "vanilla"
    """What scores are turned into: vanilla (nothing changes), mara, or half of it: prior-undone (good molecules keep
    their scores, the prior's preference goes) or flattened (the other way round)."""
    tau: TauConfig = 0.75
    """Score from which MARA counts a sample as good, best a little below the campaign's hit_threshold; or a table of
    kind "percentile" or "adaptive"."""
    anchor: AnchorConfig = AnchorConfig()
    """The good sample to whose level MARA lifts the others."""
    equal_mass: EqualMass = "string"
    """What becomes equally likely among good samples: strings (the paper's MARA), molecules, scaffolds, or niches of
    Tanimoto similarity 0.4. Except for strings, beta log(n) is subtracted from the reward of a good sample, where n is
    the number of good molecules (or strings) known of its cluster."""
    estimator: EstimatorName = "reinvent"
    """Loss: a regression (reinvent, log-variance, trajectory-balance, genetic-gfn, augmented-hill-climb), a policy
    gradient (reinforce, rloo, ppo, forward-kl), or a likelihood (target-likelihood, top-likelihood)."""
    updates: NonNegativeInt = 1
    """Updates from each sampled batch; 0: it learns from the rounds of the replay alone. Those after the first are
    off-policy; importance weights correct for it where the loss needs that."""
    beta: PositiveFloat = 1 / 128
    """Weight of the KL term, which keeps the policy near the prior; 1 / sigma in REINVENT's terms."""
    batch_size: PositiveInt = 64
    """Molecules sampled in a step."""
    learning_rate: PositiveFloat = 5e-4
    """Learning rate of Adam."""
    max_grad_norm: _Clip = None
    """Gradients with a larger norm are scaled down to this norm; false: none is. The log has `grad_norm`, and the share
    of updates that were `clipped`."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the matrix products of an update. bfloat16 takes less time where the processor has it, and finds fewer
    different hits (docs/lab-notes.md); sampling, the prior and all figures stay in float32."""
    repeats: Repeats = "score"
    """What a molecule earns when it is sampled again: its score; its score, but once a step (once-a-step); nothing; or
    its reward less beta log n, where n counts its visits (visits)."""
    replay: _Replay = None
    """Learns again from the best molecules so far; false: no replay, where the named method has it."""
    genetic: _Genetic = None
    """Children of the best molecules so far (a genetic algorithm), which are scored in every step and enter the replay;
    false: none, where the named method has them."""
    screen: _Screen = None
    """Many candidates a step, of which a model of the calls so far chooses those that are measured; false: none, where
    the named method has it; true, or a table."""
    niching: _Niching = None
    """Where the latest hits all lie close together, the policy begins anew, away from them; true, or a table. Left out:
    it never does, unless `diversity` is set in a method with screening; false: it never does."""
    restart: _Restart = None
    """Where the best molecules get no better, the search begins anew from the prior; true, or a table; false: never,
    where the named method does."""
    diversity_filter: _Filter = None
    """Molecules too similar to earlier hits score 0; false: no filter, where the named method has it."""

    @model_validator(mode="before")
    @classmethod
    def _start_from_the_named_method(cls, data: Any) -> Any:
        """Lay the user's keys over what the dial sets, and that over the named method's, inside their tables too."""
        if isinstance(data, str):
            data = {"name": data}
        if not isinstance(data, dict):
            return data
        name = data.get("name", DEFAULT)
        if not isinstance(name, str) or name not in METHODS:
            raise ValueError(f"no such method {name!r}{did_you_mean(str(name), METHODS)}")
        merged = METHODS[name] | data
        if merged.get("screen") and "niching" not in merged and parts_of_the_dial(data.get("diversity"), None):
            merged["niching"] = {}
        for part in ("replay", "genetic", "screen", "niching", "restart", "diversity_filter"):
            own = {} if part in _WORDS and merged.get(part) is True else merged.get(part)
            if isinstance(own, dict):
                base = METHODS[name].get(part) or {}
                # A filter of another kind shares no keys with the method's own.
                kind = own.get("kind", base.get("kind"))
                base = base if kind == base.get("kind") else {}
                dial = parts_of_the_dial(data.get("diversity"), kind).get(part, {})
                merged[part] = base | dial | (own if part in data else {})
        return merged

    @model_validator(mode="after")
    def _only_losses_that_allow_it_learn_off_policy(self) -> "MethodConfig":
        allowed = ESTIMATORS[self.estimator].off_policy
        if self.updates > 1 and allowed == "no":
            raise ValueError(f"updates = {self.updates} is off-policy, which {self.estimator} does not allow; use 1")
        if self.replay is not None and allowed != "any" and (allowed == "no" or self._rewrites):
            fitting = ", ".join(name for name, estimator in ESTIMATORS.items() if estimator.off_policy == "any")
            raise ValueError(
                f"replay is off-policy, where {self.estimator} is biased; use one of {fitting}"
                + ("" if allowed == "no" else ', or replay smiles = "sampled", whose rows can be weighted')
            )
        return self

    @model_validator(mode="after")
    def _something_is_learned_from(self) -> "MethodConfig":
        if self.updates == 0 and (self.replay is None or self.replay.rounds == 0):
            raise ValueError("updates = 0 without rounds of replay teaches the policy nothing; use updates = 1")
        if self.genetic is not None and (self.replay is None or not (self.replay.rounds or self.replay.joined)):
            raise ValueError("genetic needs replay, through which its children are learned from; add replay rounds")
        return self

    @model_validator(mode="after")
    def _diversity_has_something_to_set(self) -> "MethodConfig":
        if self.diversity is not None and not (self.screen or self.niching or self.diversity_filter):
            raise ValueError("diversity sets screen, niching and diversity_filter, and this method has none of them")
        return self

    @model_validator(mode="after")
    def _one_thing_begins_the_search_anew(self) -> "MethodConfig":
        if self.niching is not None and self.restart is not None:
            raise ValueError("niching and restart both begin the search anew; use one of them")
        return self

    @model_validator(mode="after")
    def _chosen_rows_are_off_policy(self) -> "MethodConfig":
        if self.screen is not None and ESTIMATORS[self.estimator].off_policy != "any":
            fitting = ", ".join(name for name, estimator in ESTIMATORS.items() if estimator.off_policy == "any")
            raise ValueError(f"screen chooses rows, which biases {self.estimator}; use one of {fitting}")
        if self.screen is not None and self.screen.has_other_sources and self.replay is None:
            raise ValueError("screen has children or a library, which are learned from through replay; add [replay]")
        return self

    @property
    def breeding(self) -> GeneticConfig | None:
        """How children are made, whether all of them are scored or screening chooses; None without children."""
        if self.screen is not None and self.screen.children:
            return (self.genetic or GeneticConfig()).model_copy(update={"offspring": self.screen.children})
        return self.genetic

    @property
    def breeds_in_a_step(self) -> bool:
        """Whether a step breeds and scores generations of its own, after its batch."""
        return self.genetic is not None and not (self.screen is not None and self.screen.children)

    @property
    def _rewrites(self) -> bool:
        """Whether an update learns from SMILES that no policy sampled."""
        if self.replay is None:
            return False
        rewritten = self.replay.rounds > 0 and self.replay.smiles == "randomised"
        others = self.genetic is not None or (self.screen is not None and self.screen.has_other_sources)
        return rewritten or self.replay.smiles == "canonical" or others
