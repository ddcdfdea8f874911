"""Restarts: when the best get no better, what is forgotten, and that the next search is as a first one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chemmara.config import Strict, parse
from chemmara.errors import ConfigError
from chemmara.language_model.checkpoint import load_prior
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.next_search import restart_where_due
from chemmara.rl.restarts import LEAST, RestartConfig, Restarts
from chemmara.rl.seeds import take_seeds
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import choice_in_words, step_values
from chemmara.scoring.scores import Scores
from chemmara.screening.memory import Memory
from tests.rl.test_finetune import weights
from tests.rl.test_niches import calls as molecules_with_calls
from tests.rl.test_screened_steps import Calls, screened

GENETIC: dict[str, Any] = {
    "name": "optimise", "batch_size": 16, "restart": {"patience": 10_000},
    "genetic": {"parents": 8, "mutation_rate": 0.3}, "replay": {"rows": 8, "rounds": 2},
}  # fmt: skip
SCREEN = {"children": 16}


def calls(scores: list[float], first: int) -> Scores:
    """Scores of new molecules, whose calls have the numbers from `first` on."""
    return molecules_with_calls(["C" * (first + i) for i in range(len(scores))], scores, first)


def test_when_the_search_begins_anew_by_hand() -> None:
    restarts = Restarts(RestartConfig(patience=50))
    restarts.saw(calls([0.5] * 5, 1))  # the mean of ten is 5 x .5 / 10 = .25, at call 5
    assert (restarts.level, restarts.rose, restarts.due) == (0.25, 5, False)
    restarts.saw(calls([0.509] + [0.0] * 24, 6))  # (2.5 + .509) / 10 = .3009: a rise of .0509, at call 30
    assert (round(restarts.level, 4), restarts.rose) == (0.3009, 30)
    restarts.saw(calls([0.008] + [0.0] * 38, 31))  # .3017: .0008 more, less than .001
    assert (restarts.rose, restarts.calls, restarts.due) == (30, 69, False)  # 39 calls
    restarts.saw(calls([0.003] + [0.0] * 5, 70))  # .302: .0011 more than when it rose last
    assert (restarts.rose, restarts.due) == (75, False)
    restarts.saw(calls([0.0] * 49, 76))
    assert not restarts.due  # 124 - 75 = 49
    restarts.saw(calls([0.0], 125))
    assert restarts.due
    restarts.begin({}, under_way=0)
    assert (restarts.number, restarts.rose, restarts.level, restarts.best, restarts.due) == (1, 125, 0.0, [], False)
    restarts.saw(calls([0.01], 126))  # what the first search found is not compared with
    assert (restarts.level, restarts.rose) == (0.001, 126)


def test_nothing_found_is_no_end_of_a_search_and_no_score_is_none() -> None:
    restarts = Restarts(RestartConfig(patience=5))
    restarts.saw(calls([0.0, np.nan] * 30, 1))
    assert not restarts.due
    restarts.saw(calls([np.nan, 0.3], 61))
    assert restarts.level == pytest.approx(0.03)


def test_a_stage_that_begins_late_has_its_own_patience() -> None:
    restarts = Restarts(RestartConfig(patience=50))
    restarts.saw(calls([0.0005], 2001))  # a mean of .00005, which is no rise
    assert (restarts.rose, restarts.due) == (2000, False)


def test_a_molecule_that_is_scored_again_is_no_call() -> None:
    restarts = Restarts(RestartConfig(patience=50))
    for _ in range(3):
        restarts.saw(calls([0.5], 1))
    assert restarts.best == [0.5]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=20), min_size=1, max_size=20), st.integers(1, 60))
def test_it_is_due_just_when_the_ten_best_have_not_risen(steps: list[list[float]], patience: int) -> None:
    restarts, seen, level, rose = Restarts(RestartConfig(patience=patience)), list[float](), 0.0, 0
    for scores in steps:
        restarts.saw(calls(scores, len(seen) + 1))
        seen += scores
        mean = sum(sorted(seen, reverse=True)[:10]) / 10
        if mean >= level + LEAST:
            level, rose = mean, len(seen)
        assert restarts.due == (level > 0 and len(seen) - rose >= patience)


def test_a_model_learns_of_the_new_search_alone_and_of_what_was_given() -> None:
    memory = Memory(10)
    for smiles, score in (("C", 0.9), ("CC", 0.8), ("CCC", 0.1)):
        memory.add(smiles, score, [score])
    memory.compare([(0.0, 1.0), (1.0, 0.0)] * 70)
    assert not memory.predicts
    memory.begin_anew(["CC", "unknown"])
    assert (memory.learnable, memory.predicts, len(memory.record)) == (1, True, 0)
    memory.add("N", 0.2, [0.2])
    assert memory.to_learn_from()[0] == ["CC", "N"]
    assert set(memory.values) == {"C", "CC", "CCC", "N"}  # which are not measured again
    again = Memory(10)
    again.restore(memory.state())
    assert again == memory
    again.begin_anew()
    empty = Memory(10)
    empty.restore(again.state())
    assert empty == again
    assert empty.to_learn_from()[0] == []


def searching(folder: Path) -> Learner:
    """A learner that breeds and screens, on the tiny prior."""
    return screened(folder, SCREEN, **GENETIC)


def until_restarted(learner: Learner, objective: Calls, steps: int = 5) -> None:
    """Some steps, after which the search begins anew."""
    assert learner.restarts is not None
    for _ in range(steps):
        learner.step(objective)
        restart_where_due(learner)
    assert learner.restarts.number == 0
    learner.restarts.rose = learner.restarts.calls - learner.restarts.config.patience
    restart_where_due(learner)
    assert learner.restarts.number == 1


def test_all_that_was_learned_is_forgotten_and_nothing_is_measured_again(tiny_prior: Path) -> None:
    learner, objective = searching(tiny_prior), Calls()
    until_restarted(learner, objective)
    assert torch.equal(weights(learner.policy), weights(learner.prior.model))
    assert not learner.optimizer.state
    assert (learner.replay.kept, learner.breeding.pool) == ([], {})  # type: ignore[union-attr]
    memory = learner.screening.memory  # type: ignore[union-attr]
    assert memory.learnable == 0
    assert len(memory.values) == len(objective.numbers)
    assert (learner.loss.state_dict()["log_z"]).item() == 5.0  # type: ignore[union-attr]
    step = learner.step(objective)
    assert step_values(step)["restarts"] == 1.0
    assert choice_in_words(step) == "restart 1"  # which has too few scores for a model
    assert sum(len(batch) for batch in objective.batches) == len(objective.numbers)


@pytest.mark.parametrize("name", ["reinvent", "mara", "genetic-gfn"])
def test_the_next_search_is_as_a_first_one(tiny_prior: Path, name: str) -> None:
    method = MethodConfig.model_validate(
        {
            "name": name, "batch_size": 16, "screen": False, "diversity_filter": False, "learning_rate": 1e-3,
            "restart": {"patience": 10_000},
        }
    )  # fmt: skip
    learner, fresh = (
        new_learner(load_prior(tiny_prior), load_prior(tiny_prior).model, method, seed) for seed in (0, 1)
    )
    until_restarted(learner, Calls())
    fresh.generator.set_state(learner.generator.get_state())
    fresh.sampling.set_state(learner.sampling.get_state())
    objective = Calls()  # of its own: what a molecule costs does not matter to either
    for _ in range(3):
        theirs, ours = fresh.step(objective), learner.step(objective)
        assert ours.rollout.smiles == theirs.rollout.smiles
        assert torch.equal(weights(learner.policy), weights(fresh.policy))


def test_seeds_are_known_again_and_only_they(tiny_prior: Path) -> None:
    learner, objective = searching(tiny_prior), Calls()
    take_seeds(learner, objective(["CCO", "CCCCCO", "not a molecule"]))
    until_restarted(learner, objective)
    assert list(learner.breeding.pool) == ["CCCCCO", "CCO"]  # type: ignore[union-attr]
    assert [entry.smiles for entry in learner.replay.kept] == ["CCCCCO", "CCO"]  # type: ignore[union-attr]
    assert set(learner.screening.memory.to_learn_from()[0]) == {"CCO", "CCCCCO"}  # type: ignore[union-attr]


def test_what_was_under_way_teaches_the_next_search_nothing(tiny_prior: Path) -> None:
    learner, objective = searching(tiny_prior), Calls()
    late = [learner.propose()]
    for _ in range(4):
        late.append(learner.propose())
        learner.learn(objective(late.pop(0).smiles), objective)
    learner.restarts.rose = -10_000  # type: ignore[union-attr]
    restart_where_due(learner)
    assert learner.restarts.late == 1  # type: ignore[union-attr]
    step = learner.learn(objective(late[0].smiles), objective)
    assert np.isnan(step.filtered_scores[step.scores.valid]).all()  # an invalid SMILES is one in any search
    assert torch.equal(weights(learner.policy), weights(learner.prior.model))
    assert (learner.replay.kept, learner.breeding.pool) == ([], {})  # type: ignore[union-attr]
    assert learner.screening.memory.learnable == 0  # type: ignore[union-attr]
    assert set(objective.numbers) == set(learner.screening.memory.values)  # type: ignore[union-attr]
    assert learner.restarts.best == [0.0] * 10  # type: ignore[union-attr]
    learner.step(objective)
    assert learner.breeding.pool  # type: ignore[union-attr]


def test_a_saved_learner_goes_on_as_if_nothing_had_happened(tiny_prior: Path, tmp_path: Path) -> None:
    learner, objective = searching(tiny_prior), Calls()
    take_seeds(learner, objective(["CCO", "CCCCCO"]))
    until_restarted(learner, objective)
    learner.step(objective)
    learner.propose()
    save_learner(tmp_path / "saved", learner, {})
    again = searching(tiny_prior)
    load_learner(tmp_path / "saved", again)
    assert again.restarts == learner.restarts
    for _ in range(2):
        ours, theirs = (each.learn(objective(each.under_way[0].smiles), objective) for each in (learner, again))
        assert ours.scores.smiles == theirs.scores.smiles
        assert torch.equal(weights(learner.policy), weights(again.policy))
        for each in (learner, again):
            each.restarts.rose = each.restarts.calls - 10_000  # type: ignore[union-attr]
            restart_where_due(each)
            each.propose()
    assert again.restarts == learner.restarts


def test_a_run_ends_with_the_policy_of_its_best_search(tiny_prior: Path, tmp_path: Path) -> None:
    learner, objective = searching(tiny_prior), Calls()
    restarts = learner.restarts
    assert restarts is not None
    for _ in range(5):
        learner.step(objective)
    first, level = weights(learner.policy), restarts.level
    assert torch.equal(weights(learner.trained()), first)
    until_restarted(learner, objective, steps=0)
    assert (restarts.top, restarts.level) == (level, 0.0)
    learner.step(objective)
    save_learner(tmp_path / "saved", learner, {})
    again = searching(tiny_prior)
    load_learner(tmp_path / "saved", again)
    assert torch.equal(weights(again.trained()), first)
    restarts.best = [2.0] * 10
    learner.step(objective)  # the second search is the better one
    second = weights(learner.policy)
    assert torch.equal(weights(learner.trained()), second)
    restarts.begin(learner.trained().state_dict(), 0)
    restarts.level = 1.0  # the third is not
    restarts.begin({}, 0)
    assert torch.equal(weights(learner.trained()), second)


class File(Strict):
    method: MethodConfig = MethodConfig()


def test_optimise_restarts_unless_it_is_not_to_and_niching_does_not_go_with_it() -> None:
    assert MethodConfig(name="optimise").restart == RestartConfig(patience=500)
    assert MethodConfig.model_validate({"name": "optimise", "restart": False}).restart is None
    assert MethodConfig.model_validate({"name": "reinvent", "restart": True}).restart == RestartConfig()
    with pytest.raises(ConfigError, match=r"campaign\.toml: niching and restart both begin the search anew; use one"):
        parse(File, {"method": {"name": "optimise", "niching": True}}, source="campaign.toml")
