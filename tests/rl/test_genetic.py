"""Genetic-GFN: its loss, its draws by rank, and children that are paid for, remembered and learned from."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from chemmara.campaign.method_spec import with_method
from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign, saved_settings
from chemmara.config import Strict, parse
from chemmara.errors import ConfigError
from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical_smiles
from chemmara.records.ledger import Ledger
from chemmara.rl.finetune import new_learner
from chemmara.rl.genetic import Breeding, GeneticConfig
from chemmara.rl.method import MethodConfig
from chemmara.rl.named_methods import METHODS
from chemmara.rl.ranks import drawn_by_rank, rank_weights
from chemmara.rl.regressions import GeneticGFN
from chemmara.rl.replay import Replay, ReplayConfig
from chemmara.rl.row_sources import canonically_written
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import step_values
from chemmara.scoring.scores import Scores
from cli.main import app
from tests.conftest import DRUGS
from tests.rl.test_finetune import learner, scored, weights

BY_LENGTH = scored(lambda _, text: min(1.0, len(text) / 40))
FEW_PARENTS = {"genetic": {"parents": 4}, "replay": {"rows": 8}, "batch_size": 48, "beta": 1 / 50}
CPU = torch.device("cpu")


def test_the_weights_of_four_ranks_by_hand() -> None:
    # 0.01 * 4 = 0.04: 1 / 0.04 = 25, 1 / 1.04, 1 / 2.04, 1 / 3.04; the best has 25 of 26.781, a share of 0.9335
    weights_of_four = rank_weights(4)
    expected = torch.tensor([25.0, 0.9615385, 0.4901961, 0.3289474], dtype=torch.float64)
    torch.testing.assert_close(weights_of_four, expected)
    drawn = drawn_by_rank(4, 4000, torch.Generator().manual_seed(0))
    for rank, share in enumerate((0.9335, 0.0359, 0.0183, 0.0123)):  # standard errors of .004 and less
        assert drawn.count(rank) / 4000 == pytest.approx(share, abs=0.015)


def test_the_loss_by_hand() -> None:
    # log policy + 5 - 50 R: -20 + 5 - 25 = -40 and -30 + 5 - 50 = -75; 0.01 (log policy - log prior): 0.05 and -0.02
    policy = torch.tensor([-20.0, -30.0], dtype=torch.float64, requires_grad=True)
    prior, rewards = torch.tensor([-25.0, -28.0]).double(), torch.tensor([0.5, 1.0]).double()
    loss = GeneticGFN()
    found = loss(policy, prior, rewards, beta=1 / 50)
    torch.testing.assert_close(found, torch.tensor([1600.05, 5624.98]).double())
    found.mean().backward()
    # by log policy: (2 * -40 + 0.01) / 2 and (2 * -75 + 0.01) / 2; by log Z: (2 * -40 + 2 * -75) / 2
    torch.testing.assert_close(policy.grad, torch.tensor([-39.995, -74.995]).double())
    assert loss.log_z.grad is not None
    assert loss.log_z.grad.item() == pytest.approx(-115.0)


def test_descent_on_any_rows_ends_at_the_rewards_alone_whatever_the_prior_says() -> None:
    """Policy exp(R / beta) / Z up to the pull of 0.01, and log Z the log of that sum."""
    torch.manual_seed(3)
    logits = torch.randn(6, dtype=torch.float64, requires_grad=True)
    prior, rewards = torch.randn(6).double().log_softmax(0), torch.rand(6).double()
    loss = GeneticGFN()
    optimizer = torch.optim.Adam([{"params": [logits], "lr": 0.02}, {"params": loss.parameters(), "lr": 0.1}])
    for _ in range(3000):
        optimizer.zero_grad()
        loss(logits.log_softmax(0), prior, rewards, beta=0.5).mean().backward()
        optimizer.step()
    torch.testing.assert_close(logits.detach().softmax(0), (rewards / 0.5).softmax(0), atol=0.01, rtol=0)
    assert loss.log_z.item() == pytest.approx((rewards / 0.5).logsumexp(0).item(), abs=0.02)


def breeding(seed: int = 0, **config: object) -> Breeding:
    made = Breeding(GeneticConfig.model_validate(config), torch.Generator().manual_seed(seed))
    made.add(list(DRUGS.values()), np.linspace(0.9, 0.2, len(DRUGS)))
    return made


def test_the_pool_keeps_the_best_and_leaves_out_what_has_no_score() -> None:
    made = Breeding(GeneticConfig(), torch.Generator())
    made.add(["CC", "CCC", "", "CCCC"], np.array([0.2, 0.7, 0.0, np.nan]))
    made.add(["CO", "CC"], np.array([0.5, 0.1]))
    assert list(made.pool.items()) == [("CCC", 0.7), ("CO", 0.5), ("CC", 0.2)]
    made.forget(lambda smiles: smiles == "CO")
    assert list(made.pool) == ["CCC", "CC"]
    made.add([f"{'C' * n}O" for n in range(1, 1301)], np.linspace(0, 1, 1300))
    assert len(made.pool) == 1024
    assert next(iter(made.pool)) == "C" * 1300 + "O"


def test_there_are_no_children_before_there_are_more_molecules_than_parents() -> None:
    assert breeding(parents=8).generation() == []  # eight drugs
    assert breeding(parents=7).generation()


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]))
def test_children_are_different_valid_molecules_and_the_same_for_the_same_generator(seed: int, rate: float) -> None:
    children = breeding(seed, parents=4, mutation_rate=rate).generation()
    assert len(children) == len(set(children)) <= 8
    assert [canonical_smiles(smiles) for smiles in children] == children
    assert breeding(seed, parents=4, mutation_rate=rate).generation() == children


def test_by_rank_a_molecule_is_drawn_again_and_none_before_enough_are_kept(tiny_prior: Path) -> None:
    replay = Replay(ReplayConfig(keep="best", draw="by-rank", zeros=True))
    prior, smiles = load_prior(tiny_prior), list(DRUGS.values())
    replay.add(canonically_written(prior, smiles, np.linspace(0.7, 0.0, 8), CPU))
    generator = torch.Generator().manual_seed(0)
    assert replay.draw(8, generator) == []
    drawn = [entry.smiles for entry in replay.draw(7, generator)]
    assert len(drawn) == 7
    assert len(set(drawn)) < 7


def test_a_molecule_that_earns_nothing_is_kept_where_zeros_are(tiny_prior: Path) -> None:
    rows = canonically_written(
        load_prior(tiny_prior), ["CC", "", "CCC", "CCCC"], np.array([0.0, 0.0, 0.3, np.nan]), CPU
    )
    for zeros, kept in ((True, ["CCC", "CC"]), (False, ["CCC"])):
        replay = Replay(ReplayConfig(keep="best", zeros=zeros))
        replay.add(rows)
        assert [entry.smiles for entry in replay.kept] == kept


def test_a_memory_of_zeros_is_not_drawn_from_where_zeros_stand_beside_others(tiny_prior: Path) -> None:
    """Eight molecules that earn 0 are kept and not drawn; with one of .3 among them the draws are those of `zeros`."""
    rows = canonically_written(load_prior(tiny_prior), list(DRUGS.values()), np.zeros(8), CPU)
    found = canonically_written(load_prior(tiny_prior), ["CCC"], np.array([0.3]), CPU)
    beside, always = (Replay(ReplayConfig(keep="best", draw="by-rank", zeros=z)) for z in ("beside-others", True))
    for replay in (beside, always):
        replay.add(rows)
    drawn = [replay.draw(4, torch.Generator().manual_seed(0)) for replay in (beside, always)]
    assert (len(beside.kept), [len(entries) for entries in drawn]) == (8, [0, 4])
    for replay in (beside, always):
        replay.add(found)
    drawn = [replay.draw(4, torch.Generator().manual_seed(0)) for replay in (beside, always)]
    ours, theirs = ([entry.smiles for entry in entries] for entries in drawn)
    assert ours == theirs
    assert len(ours) == 4


def test_while_nothing_scores_the_preset_keeps_the_prior_and_its_source_leaves_it(tiny_prior: Path) -> None:
    few = {"replay": {"rows": 8}, "batch_size": 48}
    moved = []
    for name in ("optimise", "genetic-gfn"):
        trained = learner(tiny_prior, name=name, **few)
        before = weights(trained.policy)
        for _ in range(2):
            trained.step(scored(lambda _, __: 0.0))
        moved.append(not torch.equal(weights(trained.policy), before))
        trained.step(BY_LENGTH)
        assert not torch.equal(weights(trained.policy), before)
    assert moved == [False, True]


def test_each_generation_is_scored_in_a_call_of_its_own_before_anything_is_learned(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS)
    before, calls = weights(trained.policy), []

    def objective(smiles: list[str]) -> Scores:
        calls.append(list(smiles))
        assert torch.equal(weights(trained.policy), before)
        return BY_LENGTH(smiles)

    step = trained.step(objective)
    assert [len(call) for call in calls[:1]] == [48]
    assert len(calls) == 3
    assert all(0 < len(call) <= 8 for call in calls[1:])
    assert not torch.equal(weights(trained.policy), before)
    # the figures are the sampled batch's own
    assert len(step.scores.smiles) == len(step.filtered_scores) == 48
    values = step_values(step)
    assert values["mean_score"] == pytest.approx(float(np.nanmean(BY_LENGTH(calls[0]).total)))
    assert np.isnan(values["loss"])
    assert np.isnan(values["mean_reward"])
    assert np.isfinite([values["later_loss"], values["kl"], values["grad_norm"]]).all()
    # pool and replay hold all of the step, the children too
    scored_here = {canonical_smiles(smiles) for call in calls for smiles in call} - {None}
    assert scored_here == set(trained.breeding.pool)  # type: ignore[union-attr]
    assert {s for rows in step.children for s in rows.smiles} <= {entry.smiles for entry in trained.replay.kept}  # type: ignore[union-attr]


def test_the_policy_learns_eight_times_from_canonical_rows_of_the_replay_alone(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS)
    step = trained.step(BY_LENGTH)
    assert len(step.updates) == 8
    known = {entry.smiles: entry.score for entry in trained.replay.kept}  # type: ignore[union-attr]
    for update in step.updates:
        assert len(update.rows) == 8
        assert [known[smiles] for smiles in update.rows.smiles] == update.rows.filtered_scores.tolist()
        assert update.rewards.tolist() == update.rows.filtered_scores.tolist()
        for smiles, text in zip(update.rows.smiles, update.rows.texts, strict=True):
            assert canonical_smiles(text) == smiles


def test_a_first_batch_that_is_too_small_for_the_replay_teaches_nothing_and_breaks_nothing(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="genetic-gfn", batch_size=24)
    before = weights(trained.policy)
    step = trained.step(BY_LENGTH)
    assert step.updates == []
    assert torch.equal(weights(trained.policy), before)
    assert np.isnan(step_values(step)["later_loss"])


def test_a_child_that_the_prior_cannot_write_is_a_parent_but_not_learned_from() -> None:
    tokenizer = Tokenizer.of(["CCO"])  # no rings, no nitrogen
    config = PriorConfig(network=RecurrentConfig(embedding=8, hidden=8), max_length=20)
    torch.manual_seed(0)
    prior = Prior("small", config, tokenizer, build(config.network, len(tokenizer)))
    method = MethodConfig.model_validate({"name": "genetic-gfn", "batch_size": 4, "genetic": {"parents": 4}})
    trained = new_learner(prior, build(config.network, len(tokenizer)), method, seed=0)
    assert trained.breeding is not None
    assert trained.replay is not None
    trained.breeding.add(list(DRUGS.values()), np.linspace(0.9, 0.2, len(DRUGS)))
    born: list[str] = []

    def objective(smiles: list[str]) -> Scores:
        born.extend(smiles if len(smiles) != 4 else [])
        return BY_LENGTH(smiles)

    trained.step(objective)
    unwritable = [smiles for smiles in born if not tokenizer.knows(smiles)]
    assert unwritable
    assert set(unwritable) <= set(trained.breeding.pool)
    assert not set(unwritable) & {entry.smiles for entry in trained.replay.kept}


def test_a_child_of_a_full_scaffold_earns_nothing_and_is_no_parent(tiny_prior: Path) -> None:
    room_for_one = {"kind": "scaffold", "bucket": 1, "min_score": 0.0}
    trained = learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS, diversity_filter=room_for_one)
    trained.step(BY_LENGTH)
    assert trained.diversity_filter is not None
    full = {smiles for smiles in trained.diversity_filter.members if trained.diversity_filter.full(smiles)}
    assert full
    trained.step(BY_LENGTH)
    assert {trained.breeding.pool.get(smiles, 0.0) for smiles in full} == {0.0}  # type: ignore[union-attr]
    assert {entry.score for entry in trained.replay.kept if entry.smiles in full} <= {0.0}  # type: ignore[union-attr]


def test_a_learner_with_parents_goes_on_from_its_saved_state_as_if_it_had_never_stopped(
    tiny_prior: Path, tmp_path: Path
) -> None:
    whole, first = (learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS) for _ in range(2))
    for _ in range(2):
        whole.step(BY_LENGTH)
        first.step(BY_LENGTH)
    save_learner(tmp_path / "state.safetensors", first, {})
    second = learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS)
    load_learner(tmp_path / "state.safetensors", second)
    for _ in range(2):
        ours, theirs = whole.step(BY_LENGTH), second.step(BY_LENGTH)
        assert [rows.smiles for rows in ours.children] == [rows.smiles for rows in theirs.children]
    assert torch.equal(weights(whole.policy), weights(second.policy))
    assert torch.equal(whole.loss.log_z, second.loss.log_z)  # type: ignore[attr-defined]
    assert whole.breeding.pool == second.breeding.pool  # type: ignore[union-attr]
    assert list(whole.breeding.pool) == list(second.breeding.pool)  # type: ignore[union-attr]


def test_it_learns_to_write_long_molecules(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="genetic-gfn", **FEW_PARENTS, learning_rate=5e-3)
    scores = [np.nanmean(trained.step(BY_LENGTH).scores.total) for _ in range(25)]
    assert np.mean(scores[-5:]) > np.mean(scores[:5]) + 0.1


def test_maras_default_method_can_have_children_too(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="mara", batch_size=48, genetic={"parents": 4}, replay={"rounds": 2})
    step = [trained.step(BY_LENGTH) for _ in range(2)][-1]
    assert step.children
    assert len(step.updates) == 3
    assert all(np.isfinite(update.loss) for update in step.updates)


class File(Strict):
    method: MethodConfig = MethodConfig()


def test_the_named_method_has_its_sources_settings() -> None:
    method = MethodConfig(name="genetic-gfn")
    assert (method.batch_size, method.updates, method.beta, method.learning_rate) == (64, 0, 1 / 50, 5e-4)
    assert method.replay is not None
    assert (method.replay.capacity, method.replay.rounds, method.replay.rows) == (1024, 8, 64)
    assert method.genetic == GeneticConfig(generations=2, offspring=8, parents=64, mutation_rate=0.01)
    bare = MethodConfig.model_validate({"name": "genetic-gfn", "genetic": False})
    assert bare.genetic is None
    assert MethodConfig.model_validate(method.model_dump(mode="json")) == method
    assert METHODS["genetic-gfn"]["estimator"] == "genetic-gfn"


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ({"name": "ahc", "updates": 0}, "updates = 0 without rounds of replay teaches the policy nothing"),
        ({"name": "reinvent", "updates": 0}, "updates = 0 without rounds of replay teaches the policy nothing"),
        ({"name": "ahc", "genetic": {}}, "genetic needs replay"),
        (
            {"name": "rloo", "replay": {"smiles": "sampled"}, "genetic": {}},
            "replay is off-policy, where rloo is biased",
        ),
        ({"name": "rloo", "replay": {"smiles": "canonical"}}, "replay is off-policy, where rloo is biased"),
        ({"name": "genetic-gfn", "genetic": {"mutation_rates": 0.1}}, "did you mean 'mutation_rate'?"),
        ({"name": "genetic-gfn", "genetic": {"mutation_rate": 1.1}}, "less than or equal to 1"),
    ],
)
def test_mistakes_about_children_are_named_in_one_line(method: object, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(File, {"method": method}, source="campaign.toml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_campaign_spends_its_budget_to_the_call_and_every_child_is_in_its_ledger(
    tmp_path: Path, campaign_file: Path
) -> None:
    folder = tmp_path / "run"
    spec = "genetic-gfn+batch_size=32+genetic.parents=16+replay.rows=16"
    arguments = ["run", campaign_file, "--out", folder, "--method", spec, "--budget", 200]
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert ran.exit_code == 0, ran.output
    with sqlite3.connect(f"file:{folder}/ledger.sqlite?mode=ro", uri=True) as connection:
        calls = connection.execute("SELECT call, step, smiles FROM calls ORDER BY call").fetchall()
    connection.close()
    assert [call for call, _, _ in calls] == list(range(1, 201))
    ledger = {smiles for _, _, smiles in calls}
    assert len(ledger) == 200
    steps = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert steps[-1]["calls"] == 200
    assert steps[0]["loss"] is None
    # 32 are sampled in a step, of which a share is valid; what it spends beyond those is for children
    beyond = np.diff([0, *(step["calls"] for step in steps)]) - [round(step["valid"] * 32) for step in steps]
    assert beyond[0] <= 0
    assert 0 < beyond.max() <= 16
    campaign = saved_settings(folder)
    prior, policy = load_prior(campaign.prior), load_prior(campaign.prior).model
    trained = new_learner(prior, policy, campaign.method, campaign.seed)
    load_learner(folder / "checkpoint.safetensors", trained)
    assert set(trained.breeding.pool) == ledger  # type: ignore[union-attr]
    assert {entry.smiles for entry in trained.replay.kept} <= ledger  # type: ignore[union-attr]


def test_a_campaign_that_loses_its_last_steps_ends_with_the_ledger_of_one_that_did_not(
    tmp_path: Path, campaign_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Children of a step that is taken again are met again in the ledger, call by call."""
    campaign = with_method(
        load_campaign(campaign_file, seed=3), "genetic-gfn+batch_size=32+genetic.parents=8+replay.rows=8"
    ).model_copy(update={"budget": 120, "checkpoint_seconds": 1e-9})
    with Run.start(tmp_path / "whole", campaign) as run:
        run.go()
    saved, steps = [], []

    def save_two(run: Run, *arguments: Any) -> None:
        saved.append(None)
        if len(saved) <= 2:
            save(run, *arguments)

    def stop_at_four(_: object) -> None:
        steps.append(None)
        if len(steps) == 4:
            raise KeyboardInterrupt

    save = Run.save
    with Run.start(tmp_path / "cut", campaign) as run, monkeypatch.context() as patched:
        patched.setattr(Run, "save", save_two)
        with pytest.raises(KeyboardInterrupt):
            run.go(stop_at_four)
    with Run.resume(tmp_path / "cut", campaign) as run:
        assert run.progress.step == 2
        run.go()
    ledgers = []
    for name in ("whole", "cut"):
        with Ledger.open(tmp_path / name / "ledger.sqlite") as ledger:
            ledgers.append(ledger.calls())
    assert ledgers[0] == ledgers[1]
    assert len(ledgers[0]) == 120
