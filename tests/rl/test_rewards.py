"""MARA: a worked example, the law that defines it, and its two halves."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chemmara import mara_rewards
from chemmara.rl.rewards import REWARDS, flattened_rewards, prior_undone_rewards


def test_worked_example() -> None:
    scores = np.array([0.9, 0.6, 0.7, 0.2])
    prior_logp = np.array([-30.0, -20.0, -25.0, -10.0])
    # tau = 0.5: the first three are good; the prior likes the second best, so z = 1 and R(z) = 0.6.
    # beta = 0.01: 0.6 + 0.01 (-20 - -30) = 0.7; the anchor itself 0.6; 0.6 + 0.01 (-20 - -25) = 0.65; below tau: 0.2.
    rewards = mara_rewards(scores, prior_logp, threshold=0.5, beta=0.01)
    np.testing.assert_allclose(rewards, [0.7, 0.6, 0.65, 0.2], rtol=1e-12)


finite: Any = {"allow_nan": False, "allow_infinity": False}
batches = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0, 1, **finite), min_size=n, max_size=n),
        st.lists(st.floats(-150, -1, **finite), min_size=n, max_size=n),
    )
)


@given(batches, st.floats(0, 1), st.floats(1e-3, 1))
def test_every_good_sample_has_the_same_optimal_log_probability_and_the_others_keep_theirs(
    batch: tuple[list[float], list[float]], threshold: float, beta: float
) -> None:
    """The law (eq. 68): log prior + reward / beta, which is log G up to a constant, is one value over the good."""
    scores, prior_logp = map(np.array, batch)
    rewards = mara_rewards(scores, prior_logp, threshold=threshold, beta=beta)
    good = scores >= threshold
    np.testing.assert_array_equal(rewards[~good], scores[~good])
    if good.any():
        level = prior_logp[good] + rewards[good] / beta
        np.testing.assert_allclose(level, level[0], atol=1e-9 / beta)
        anchor = np.flatnonzero(good)[prior_logp[good].argmax()]
        assert rewards[anchor] == scores[anchor]
        assert (rewards[good] >= scores[anchor] - 1e-12).all()


@given(batches, st.floats(0, 1), st.floats(1e-3, 1))
def test_without_the_priors_preference_good_samples_are_optimal_as_their_scores_say(
    batch: tuple[list[float], list[float]], threshold: float, beta: float
) -> None:
    """The law of the default: over the good, log prior + (reward - score) / beta is one value, the anchor's."""
    scores, prior_logp = map(np.array, batch)
    rewards = prior_undone_rewards(scores, prior_logp, threshold=threshold, beta=beta)
    good = scores >= threshold
    np.testing.assert_array_equal(rewards[~good], scores[~good])
    level = prior_logp[good] + (rewards[good] - scores[good]) / beta
    np.testing.assert_allclose(level, prior_logp[good].max(initial=-np.inf), atol=1e-9 / beta)


def test_a_score_equal_to_the_threshold_is_good() -> None:
    rewards = mara_rewards(np.array([0.5, 0.5]), np.array([-1.0, -2.0]), threshold=0.5, beta=0.1)
    np.testing.assert_allclose(rewards, [0.5, 0.6])


def test_without_a_good_sample_nothing_changes_and_inputs_are_left_alone() -> None:
    scores, prior_logp = np.array([0.1, 0.4]), np.array([-1.0, -2.0])
    np.testing.assert_array_equal(mara_rewards(scores, prior_logp, threshold=0.5, beta=0.1), [0.1, 0.4])
    mara_rewards(scores, prior_logp, threshold=0.2, beta=0.1)
    np.testing.assert_array_equal(scores, [0.1, 0.4])


def test_no_score_stays_no_score_and_is_never_the_anchor() -> None:
    rewards = mara_rewards(np.array([np.nan, 0.8]), np.array([-1.0, -9.0]), threshold=0.5, beta=0.1)
    np.testing.assert_array_equal(rewards, [np.nan, 0.8])


@pytest.mark.parametrize("lost", [-np.inf, np.nan])
def test_a_good_sample_that_the_prior_cannot_write_is_refused_and_others_do_not_count(lost: float) -> None:
    scores, prior_logp = np.array([0.9, 0.8, 0.2]), np.array([lost, -2.0, -1.0])
    for rewards in (mara_rewards, prior_undone_rewards):
        with pytest.raises(ValueError, match="not finite"):
            rewards(scores, prior_logp, threshold=0.5, beta=0.1)
    prior_logp = np.array([-3.0, -2.0, lost])  # 0.8 + 0.1 * (-2 - -3) = 0.9 for the first
    np.testing.assert_allclose(mara_rewards(scores, prior_logp, threshold=0.5, beta=0.1), [0.9, 0.8, 0.2])


def test_tensors_give_tensors_of_their_type_with_the_same_values() -> None:
    scores, prior_logp = torch.tensor([0.9, 0.6, 0.1]), torch.tensor([-30.0, -20.0, -5.0])
    rewards = mara_rewards(scores, prior_logp, threshold=0.5, beta=0.01)
    assert rewards.dtype == torch.float32
    expected = mara_rewards(scores.numpy(), prior_logp.numpy(), threshold=0.5, beta=0.01)
    np.testing.assert_allclose(rewards.numpy(), expected, rtol=1e-6)


def test_the_two_halves_of_mara_add_up_to_it() -> None:
    scores, prior_logp = np.array([0.9, 0.6, 0.7]), np.array([-30.0, -20.0, -25.0])
    settings: Any = {"threshold": 0.5, "beta": 0.01}
    flat = flattened_rewards(scores, prior_logp, **settings)
    undone = prior_undone_rewards(scores, prior_logp, **settings)
    np.testing.assert_allclose(flat, [0.6, 0.6, 0.6])  # R(z) for all, the prior's preference kept
    np.testing.assert_allclose(undone, [1.0, 0.6, 0.75])  # own score + 0.01 * (10, 0, 5)
    np.testing.assert_allclose(flat + undone - scores, mara_rewards(scores, prior_logp, **settings))


@pytest.mark.parametrize("name", sorted(set(REWARDS) - {"vanilla"}))  # vanilla looks at no log-probabilities
def test_scores_and_log_probabilities_must_belong_together(name: str) -> None:
    with pytest.raises(ValueError, match="scores but"):
        REWARDS[name](torch.ones(2), torch.ones(3), threshold=0.5, beta=0.1)  # type: ignore[index]
