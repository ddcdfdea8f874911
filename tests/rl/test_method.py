"""Named methods and what may be changed about them."""

from typing import Any

import pytest
from pydantic import ValidationError

from chemmara.campaign.method_spec import method_names, with_method
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.config import Strict, parse
from chemmara.errors import ConfigError
from chemmara.rl.diversity_filter import SphereFilterConfig
from chemmara.rl.genetic import GeneticConfig
from chemmara.rl.method import MethodConfig
from chemmara.rl.named_methods import METHODS
from chemmara.rl.tau import PercentileTau


class File(Strict):
    method: MethodConfig = MethodConfig()


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_named_method_can_be_built_from_its_name(name: str) -> None:
    assert parse(File, {"method": name}, source="x").method.name == name


@pytest.mark.parametrize("name", ["mara", "flattened", "vanilla"])
def test_the_defaults_twins_differ_from_it_in_name_and_rewards_alone(name: str) -> None:
    assert MethodConfig().model_copy(update={"name": name, "rewards": name}) == MethodConfig(name=name)


def test_the_default_is_the_half_of_mara_that_undoes_the_prior() -> None:
    assert MethodConfig() == MethodConfig(name="prior-undone")
    assert MethodConfig().rewards == "prior-undone"


def test_optimise_is_genetic_gfn_whose_children_and_samples_are_screened() -> None:
    base = MethodConfig(name="genetic-gfn")
    own = {"genetic": {"mutation_rate": 0.01}, "replay": {"zeros": True}}
    method = MethodConfig.model_validate({"name": "optimise", **own})
    assert method.model_copy(update={"name": "genetic-gfn", "screen": None, "restart": None}) == base
    assert method.screen is not None
    assert (method.screen.children, method.screen.candidates, method.screen.price) == (256, 256, 0.0)
    assert method.breeding == GeneticConfig(offspring=256)
    assert not method.breeds_in_a_step
    plain = MethodConfig.model_validate({"name": "optimise", "screen": False, "restart": False, **own})
    assert plain.model_copy(update={"name": "genetic-gfn"}) == base


def test_children_of_optimise_are_changed_thirty_times_as_often_as_those_of_its_source() -> None:
    assert MethodConfig(name="genetic-gfn").breeding == GeneticConfig(mutation_rate=0.01)
    assert MethodConfig(name="optimise").breeding == GeneticConfig(offspring=256, mutation_rate=0.3)


def test_one_key_of_a_part_may_be_changed_and_the_others_stay() -> None:
    method = MethodConfig.model_validate({"name": "mara", "replay": {"rows": 32}})
    assert method.replay is not None
    assert (method.replay.rows, method.replay.keep, method.replay.smiles) == (32, "best-per-scaffold", "randomised")


def test_saved_settings_come_back_as_they_were() -> None:
    method = MethodConfig.model_validate({"name": "reinvent", "diversity_filter": {"kind": "sphere"}, "replay": None})
    assert MethodConfig.model_validate(method.model_dump(mode="json")) == method


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("maraa", "no such method 'maraa'"),
        ("MARA", "no such method 'MARA'; did you mean 'mara'?"),
        ({"diversity": 2}, "campaign.toml: should be less than or equal to 1 in method.diversity (got 2)"),
        ({"niching": "yes"}, "should be a table in method.niching (got 'yes'); true and false are written so, without"),
        ({"batch_size": "many"}, "should be a whole number in method.batch_size (got 'many')"),
        ({"beta": "low"}, "should be a number in method.beta (got 'low')"),
        ({"betaa": 1}, "unknown key 'betaa' in method; did you mean 'beta'?"),
        ({"replay": {"row": 3}}, "did you mean 'rows'?"),
        ({"beta": 0.0}, "greater than 0 in method.beta (got 0.0)"),
        ({"name": "rloo", "replay": {}}, "replay is off-policy"),
        ({"name": "rloo", "replay": {}}, 'or replay smiles = "sampled"'),
        ({"name": "reinvent", "estimator": "top-likelihood"}, "replay is off-policy, where top-likelihood is biased"),
        ({"name": "rloo", "estimator": "top-likelihood", "updates": 2}, "updates = 2 is off-policy"),
        ({"tau": {"kind": "percentil"}}, "percentile"),
        ({"anchor": {"choose": "median", "over": "run"}}, 'use choose = "support"'),
        ({"threshold": 0.7}, "'threshold' in method is now called 'tau'; rename it"),
        ({"memory": {"kind": "scaffold"}}, "'memory' in method is now called 'diversity_filter'; rename it"),
        ({"diversity_filter": {"threshold": 0.4}}, "'threshold' in method.diversity_filter is now called 'min_score'"),
        ({"tau": {"kind": "adaptive", "scaffold": 3}}, "did you mean 'scaffolds'?"),
    ],
)
def test_mistakes_are_named_in_one_line(method: object, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(File, {"method": method}, source="campaign.toml")
    assert str(caught.value).startswith("campaign.toml: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_what_false_takes_away_is_said_to_be_true_or_false() -> None:
    for data in ({"start": "yes"}, {"method": {"anchor": "yes"}}):  # false is none of their values
        with pytest.raises(ConfigError) as caught:
            parse(
                CampaignConfig, {"prior": "chembl-gru", "budget": 9, "objective": "qed"} | data, source="campaign.toml"
            )
        assert str(caught.value).endswith("(got 'yes')")


def test_a_method_on_the_command_line_changes_keys_of_its_own() -> None:
    campaign = load_campaign("quickstart")
    changed = with_method(campaign, "rloo-mara+beta=0.02+anchor.choose=lowest+anchor.over=running+updates=2").method
    assert (changed.name, changed.beta, changed.updates) == ("rloo-mara", 0.02, 2)
    assert (changed.anchor.choose, changed.anchor.over) == ("lowest", "running")
    assert changed.tau == campaign.method.tau
    assert with_method(campaign, "prior-undone").method == campaign.method
    assert with_method(campaign, "prior-undone+beta=0.5").method.replay == campaign.method.replay
    for spec, words in (("mara+beta", "is not KEY=VALUE"), ("mara+bet=1", "did you mean 'beta'?")):
        with pytest.raises(ConfigError, match=words):
            with_method(campaign, spec)


def test_a_value_on_the_command_line_may_hold_what_parts_keys_and_methods() -> None:
    campaign, spec = load_campaign("quickstart"), 'mara+diversity_filter={kind="scaffold",bucket=25}+beta=2e+1'
    assert method_names(f"reinvent, {spec},mara,reinvent") == ["reinvent", spec, "mara"]
    method = with_method(campaign, spec).method
    assert method.diversity_filter is not None
    assert (method.beta, method.diversity_filter.kind, method.diversity_filter.bucket) == (20.0, "scaffold", 25)
    assert method_names('mara+x="a,b+c",[') == ['mara+x="a,b+c"', "["]


def test_false_takes_a_part_away_and_a_table_replaces_a_number() -> None:
    campaign = load_campaign("quickstart")
    bare = with_method(campaign, "mara+diversity_filter=false+replay=false").method
    assert (bare.diversity_filter, bare.replay) == (None, None)
    assert MethodConfig.model_validate(bare.model_dump(mode="json")) == bare  # as a run's folder keeps it
    tau = with_method(campaign, "mara+tau.kind=percentile+tau.percentile=75").method.tau
    assert tau == PercentileTau(percentile=75.0)
    for spec in ("mara+diversity_filter=true", "mara+replay=3"):
        with pytest.raises(ConfigError, match="should be a table in method"):
            with_method(campaign, spec)


def test_the_dial_by_hand() -> None:
    # price .1 x 10^d: .1, .316, 1; of niching d; bucket 10,000 x .0002^d: 10,000, 141, 2; similarity .4 - .1 d
    for diversity, price, bucket, similarity in ((0, 0.1, 10_000, 0.4), (0.5, 0.316228, 141, 0.35), (1.0, 1.0, 2, 0.3)):
        method = MethodConfig.model_validate({"name": "mara", "screen": True, "diversity": diversity})
        assert method.screen is not None
        assert method.diversity_filter is not None
        assert method.niching is not None
        assert method.screen.price == pytest.approx(price)
        assert method.niching.price == diversity
        assert isinstance(method.diversity_filter, SphereFilterConfig)
        assert method.diversity_filter.bucket == bucket
        assert method.diversity_filter.similarity == pytest.approx(similarity)
        assert MethodConfig.model_validate(method.model_dump()) == method


@pytest.mark.parametrize(
    ("given", "price"),
    [
        ({"name": "mara"}, None),
        ({"name": "mara", "niching": True}, 0.3),
        ({"name": "mara", "niching": {"hits": 500}}, 0.3),
        ({"name": "mara", "diversity": 0.5, "niching": False}, None),
        ({"name": "mara", "diversity": 0.5, "niching": {"price": 0.2}}, 0.2),
        ({"name": "mara", "diversity": 0.5, "niching": {"hits": 500}}, 0.5),
        ({"name": "mara", "diversity": 0.5, "screen": False}, None),
        ({"name": "reinvent", "diversity": 0.5}, None),
        ({"name": "reinvent", "niching": True}, 0.3),
    ],
)
def test_niching_is_off_unless_it_is_set_or_the_dial_is(given: dict[str, Any], price: float | None) -> None:
    niching = MethodConfig.model_validate(given).niching
    assert (niching and niching.price) == price


def test_what_the_file_sets_itself_the_dial_leaves_alone() -> None:
    own = {"name": "mara", "screen": {"price": 0.7}, "diversity_filter": {"bucket": 7}, "diversity": 1.0}
    method = MethodConfig.model_validate(own)
    assert method.screen is not None
    assert method.diversity_filter is not None
    assert (method.screen.price, method.diversity_filter.bucket) == (0.7, 7)
    with pytest.raises(ValidationError, match="this method has none of them"):
        MethodConfig.model_validate({"name": "rloo", "diversity": 0.5})
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        MethodConfig.model_validate({"name": "mara", "diversity": 2})


def test_the_dial_leaves_what_a_filter_by_scaffold_does_not_have() -> None:
    scaffold = {"kind": "scaffold", "min_score": 0.3}
    method = MethodConfig.model_validate({"name": "mara", "diversity_filter": scaffold, "diversity": 1.0})
    assert method.diversity_filter is not None
    assert method.diversity_filter.bucket == 2
