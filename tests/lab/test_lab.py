"""The lab: targets by hand, the laws that define them, and its experiments through the program."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from chemmara.lab.experiments import EXPERIMENTS
from chemmara.lab.learn import learn, method, optimum
from chemmara.lab.one_two import ANSWERS, TOKENS, answer_ids
from chemmara.lab.space import Space, entropy, flip_beta, forward_kl_target, kl, log_ratio, reverse_kl_target
from chemmara.rl.rewards import mara_rewards
from cli.main import app

SPACES = st.builds(Space.random, st.integers(2, 15), st.integers(0, 10_000))


def test_targets_by_hand() -> None:
    prior, rewards = np.log([0.75, 0.25]), np.array([0.0, 1.0])
    # beta 1: weights .75 and .25 e: .75 / (.75 + .67957) = .52463
    np.testing.assert_allclose(np.exp(reverse_kl_target(prior, rewards, 1.0)), [0.52463, 0.47537], atol=1e-5)
    # beta 1: .75 / L + .25 / (L - 1) = 1 gives L^2 - 2 L + .75 = 0, L = 1.5: .5 and .5
    np.testing.assert_allclose(np.exp(forward_kl_target(prior, rewards, 1.0)), [0.5, 0.5])
    assert kl(np.log([0.5, 0.5]), np.log([0.25, 0.75])) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    assert entropy(np.log([0.5, 0.5])) == pytest.approx(np.log(2))
    # The paper's example: .25 / (5.95 - 4.05)
    example = Space.of(np.exp([-4.05, -5.95]), np.array([0.75, 1.0]))
    assert flip_beta(example, 0, 1) == pytest.approx(0.25 / 1.9)


@settings(max_examples=15)
@example(Space.random(9, 0), 0.02)  # a search from the prior alone lost the best answer here
@given(SPACES, st.floats(0.02, 2.0))
def test_both_targets_are_distributions_and_the_exact_gradient_finds_them(space: Space, beta: float) -> None:
    for divergence, target in (("reverse", reverse_kl_target), ("forward", forward_kl_target)):
        goal = target(space.prior_logp, space.scores, beta)
        assert np.exp(goal).sum() == pytest.approx(1.0)
        assert kl(optimum(space, space.scores, beta, divergence), goal) < 1e-3  # type: ignore[arg-type]


@given(SPACES, st.floats(0.02, 2.0))
def test_the_ratio_law_holds_between_any_two(space: Space, beta: float) -> None:
    goal = reverse_kl_target(space.prior_logp, space.scores, beta)
    ratio = log_ratio(space.prior_logp, space.scores, beta, 0, 1)
    assert goal[0] - goal[1] == pytest.approx(ratio, abs=1e-9)


@given(SPACES, st.floats(0.02, 2.0))
def test_equal_rewards_keep_the_priors_ratio_under_both(space: Space, beta: float) -> None:
    scores = space.scores.copy()
    scores[1] = scores[0]
    for target in (reverse_kl_target, forward_kl_target):
        goal = target(space.prior_logp, scores, beta)
        assert goal[0] - goal[1] == pytest.approx(space.prior_logp[0] - space.prior_logp[1], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_an_experiment_writes_its_evidence_and_says_that_it_was_quick(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["lab", name, "--out", str(tmp_path), "--quick"])
    assert result.exit_code == 0, result.output
    assert "a quick run, not the evidence" in result.output
    result = json.loads((tmp_path / name / "result.json").read_text())
    assert (result["full"], len(result["table"]) > 1) == (False, True)
    assert (tmp_path / name / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / name / "table.csv").read_text().count("\n") == len(result["table"]) + 1


def test_all_takes_what_is_finished_and_writes_one_page(tmp_path: Path) -> None:
    for name in EXPERIMENTS:
        result = {
            "name": name,
            "claim": f"claim of {name}",
            "prediction": "p",
            "measured": "m",
            "holds": True,
            "full": True,
        }
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(json.dumps(result | {"table": []}))
    result = CliRunner().invoke(app, ["lab", "all", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.output.count("done already") == len(EXPERIMENTS)
    page = (tmp_path / "README.md").read_text()
    assert all(f"claim of {name}" in page and f"{name}/figure.png" in page for name in EXPERIMENTS)


def test_under_visits_the_policy_ends_half_as_far_from_even() -> None:
    """Its law: log policy = (log prior + R / beta) / 2 + a constant, half of what it is where repeats earn a score."""
    space = Space.of(np.array([0.6, 0.2, 0.15, 0.05]), np.array([0.3, 0.5, 0.2, 0.4]))
    for repeats, share in (("score", 1.0), ("visits", 0.5)):
        unnormalised = share * (space.prior_logp + space.scores / 0.2)
        goal = unnormalised - np.logaddexp.reduce(unnormalised)
        how = method("rloo", "vanilla", beta=0.2, tau=0.9, batch=64, rate=0.02, repeats=repeats)
        assert learn(space, how, goal, seed=0, steps=800).kl[-1] < 0.003


def test_the_answers_of_the_1_2_task_are_what_the_tokens_write() -> None:
    for answer in ANSWERS:
        assert TOKENS.decode_smiles(answer_ids(answer)) == answer


def test_log_mass_of_clusters_is_equal_at_the_exact_optimum_of_cluster_anchored_mara() -> None:
    # Two clusters of one and two good answers, prior .5, .3, .2; n_c 1, 2, 2: masses 1 : 1/2 + 1/2
    prior, cluster, beta = np.log([0.5, 0.3, 0.2]), np.array([0, 1, 1]), 0.1
    rewards = mara_rewards(np.array([0.9, 0.8, 1.0]), prior, threshold=0.5, beta=beta) - beta * np.log([1, 2, 2])
    goal = np.exp(reverse_kl_target(prior, rewards, beta))
    np.testing.assert_allclose([goal[cluster == 0].sum(), goal[cluster == 1].sum()], [0.5, 0.5])
