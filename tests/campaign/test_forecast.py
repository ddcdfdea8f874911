"""Forecasts by hand, and their law: with every answer in the pilot as often as the prior has it, they are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.campaign.forecast import Pilot, forecast, preferred_better
from chemmara.lab.space import Space, entropy, reverse_kl_target
from chemmara.rl.rewards import REWARDS


def pilot_of(prior_logp: list[float], scores: list[float], smiles: list[str]) -> Pilot:
    return Pilot(np.array(prior_logp), np.array(scores), smiles, smiles)


def test_by_hand() -> None:
    # Two samples of each of two answers, prior 1/2 each, scores 0 and 1, beta 1: weights 1 and e, a share of
    # e / (1 + e) = .73106 for the good; entropy .58203, so 1.790 answers; effective samples 4 (1 + e)^2 / 2 (1 + e^2)
    pilot = pilot_of([np.log(0.5)] * 4, [0.0, 0.0, 1.0, 1.0], ["C", "C", "O", "O"])
    found = forecast(pilot, "vanilla", beta=1.0, tau=0.5, hit_threshold=0.5)
    assert (found.score, found.good) == pytest.approx((0.73106, 0.73106), abs=1e-5)
    assert (found.strings, found.molecules) == pytest.approx((1.7897, 1.7897), abs=1e-3)
    assert found.samples == pytest.approx(2 * (1 + np.e) ** 2 / (1 + np.e**2))
    assert not found.trusted
    assert found.seen == 1.0  # every string was met twice


def test_what_was_met_once_counts_as_not_seen() -> None:
    # weights e, e and 1 of samples A, A, B: the one met once has 1 / (2 e + 1) = .15537 of the weight
    found = forecast(pilot_of([-1.0, -1.0, -2.0], [1.0, 1.0, 0.0], ["A", "A", "B"]), "vanilla", beta=1.0, tau=0.5,
                     hit_threshold=0.5)  # fmt: skip
    assert found.seen == pytest.approx(1 - 0.15537, abs=1e-4)


def test_under_mara_the_good_are_alike_so_none_is_preferred_for_its_score() -> None:
    scores, logp = np.array([0.8, 1.0, 0.2]), np.array([-1.0, -3.0, -0.5])
    rewards = np.asarray(REWARDS["mara"](scores, logp, threshold=0.5, beta=0.1))
    # pairs that disagree: (1.0, 0.8), alike; (0.8, 0.2) and (1.0, 0.2), both preferred: 2 of 3
    assert preferred_better(scores, logp, rewards, 0.1) == pytest.approx(2 / 3)
    # weighted: pairs 6, 3 and 2; the last two of 11
    assert preferred_better(scores, logp, rewards, 0.1, np.array([3.0, 2.0, 1.0])) == pytest.approx(5 / 11)


def test_of_a_likelier_and_a_better_answer_the_better_is_preferred_below_the_beta_of_equation_10() -> None:
    scores, logp = np.array([0.75, 1.0]), np.array([-4.05, -5.95])  # the paper's example: beta .25 / 1.9 = .1316
    assert preferred_better(scores, logp, scores, 0.131) == 1.0
    assert preferred_better(scores, logp, scores, 0.132) == 0.0
    assert np.isnan(preferred_better(scores, logp[::-1], scores, 0.1))  # the better is the likelier: nothing to flip


@given(st.integers(0, 1000), st.floats(0.05, 1.0), st.sampled_from(["vanilla", "mara"]))
def test_a_pilot_that_is_the_prior_gives_the_optimum(seed: int, beta: float, kind: str) -> None:
    """Answers with prior i / 55 appear i times: no sampling error is left."""
    counts = np.arange(1, 11)
    space = Space.of(counts.astype(float), np.random.default_rng(seed).random(10))
    rows = np.repeat(np.arange(10), counts)
    names = [str(i) for i in rows]
    pilot = Pilot(space.prior_logp[rows], space.scores[rows], names, names)
    found = forecast(pilot, kind, beta=beta, tau=0.6, hit_threshold=0.6)  # type: ignore[arg-type]
    rewards = np.asarray(REWARDS[kind](space.scores, space.prior_logp, threshold=0.6, beta=beta))  # type: ignore[index]
    goal = reverse_kl_target(space.prior_logp, rewards, beta)
    assert found.good == pytest.approx(float(np.exp(goal)[space.scores >= 0.6].sum()))
    assert found.score == pytest.approx(float((np.exp(goal) * space.scores).sum()))
    assert found.strings == pytest.approx(float(np.exp(entropy(goal))))
    assert found.molecules == pytest.approx(float(np.exp(entropy(goal))))
    flips = preferred_better(space.scores, space.prior_logp, rewards, beta, space.prior)
    assert found.flips == pytest.approx(flips, nan_ok=True)
