"""Estimators against the exact gradient, on a space small enough to enumerate."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.gradients import forward_kl_loss, ppo_loss, reinforce_loss, rloo_loss
from chemmara.rl.likelihoods import target_likelihood_loss, top_likelihood_loss
from chemmara.rl.regressions import (
    TrajectoryBalance,
    augmented_hill_climb_loss,
    log_variance_loss,
    reinvent_loss,
    reinvent_pmo_loss,
)
from chemmara.rl.rewards import mara_rewards

BETA = 0.2


@pytest.fixture
def space() -> tuple[Tensor, Tensor, Tensor]:
    """Six sequences: logits of the policy (with gradient), log-probabilities of the prior, scores."""
    torch.manual_seed(3)
    logits = torch.randn(6, dtype=torch.float64, requires_grad=True)
    return logits, torch.randn(6, dtype=torch.float64).log_softmax(0), torch.rand(6, dtype=torch.float64)


def exact_gradient(logits: Tensor, prior_logp: Tensor, rewards: Tensor) -> Tensor:
    """Of J = E[R] - beta KL(policy || prior), by automatic differentiation of the sum over the space."""
    logp = logits.log_softmax(0)
    objective = (logp.exp() * (rewards - BETA * (logp - prior_logp))).sum()
    return torch.autograd.grad(objective, logits)[0]


def expected_gradient(loss: Callable[..., Tensor], logits: Tensor, prior_logp: Tensor, rewards: Tensor) -> Tensor:
    """Of the loss under on-policy sampling: each sequence's gradient, weighted by its probability."""
    logp = logits.log_softmax(0)
    return torch.autograd.grad((logp.detach().exp() * loss(logp, prior_logp, rewards, beta=BETA)).sum(), logits)[0]


def test_worked_example_of_each_loss() -> None:
    policy, prior, rewards = torch.tensor([-1.0, -2.0]), torch.tensor([-1.5, -1.0]), torch.tensor([1.0, 0.5])
    # returns R - beta (log policy - log prior), beta 0.5: 1 - 0.5 * 0.5 = 0.75 and 0.5 - 0.5 * -1 = 1.0
    torch.testing.assert_close(reinforce_loss(policy, prior, rewards, beta=0.5), torch.tensor([0.75, 2.0]))
    # less the other's return: -(0.75 - 1.0) * -1 = -0.25 and -(1.0 - 0.75) * -2 = 0.5
    torch.testing.assert_close(rloo_loss(policy, prior, rewards, beta=0.5), torch.tensor([-0.25, 0.5]))
    # (log prior + R / beta - log policy)^2: (-1.5 + 2 + 1)^2 = 2.25 and (-1 + 1 + 2)^2 = 4
    torch.testing.assert_close(reinvent_loss(policy, prior, rewards, beta=0.5), torch.tensor([2.25, 4.0]))


def test_reinforce_ascends_the_regularised_objective(space: tuple[Tensor, Tensor, Tensor]) -> None:
    torch.testing.assert_close(-expected_gradient(reinforce_loss, *space), exact_gradient(*space))


def test_reinvent_is_kl_regularised_rl_with_beta_one_over_sigma(space: tuple[Tensor, Tensor, Tensor]) -> None:
    sigma = 1 / BETA
    torch.testing.assert_close(expected_gradient(reinvent_loss, *space), -2 * sigma * exact_gradient(*space))


def test_rloo_is_unbiased_over_all_pairs_of_samples(space: tuple[Tensor, Tensor, Tensor]) -> None:
    """Batches of two: the expectation is the sum over all 36 pairs, weighted by their probabilities."""
    logits, prior_logp, rewards = space
    logp = logits.log_softmax(0)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(6):
        for j in range(6):
            pair = torch.tensor([i, j])
            loss = rloo_loss(logp[pair], prior_logp[pair], rewards[pair], beta=BETA).mean()
            total = total + (logp[i] + logp[j]).detach().exp() * loss
    torch.testing.assert_close(-torch.autograd.grad(total, logits)[0], exact_gradient(*space))


def test_log_variance_and_ppo_are_rloo_on_any_on_policy_batch(space: tuple[Tensor, Tensor, Tensor]) -> None:
    """Not in expectation alone: batch by batch, up to a factor, which Adam takes out (docs/methods/baselines.md)."""
    logits, prior_logp, rewards = space
    rows = torch.tensor([0, 3, 3, 5, 1])
    n = len(rows)

    def gradient(loss: Callable[..., Tensor]) -> Tensor:
        logp = logits.log_softmax(0)
        return torch.autograd.grad(loss(logp[rows], prior_logp[rows], rewards[rows], beta=BETA).mean(), logits)[0]

    rloo = gradient(rloo_loss)
    torch.testing.assert_close(gradient(log_variance_loss), 2 / BETA * rloo)
    logp = logits.detach().log_softmax(0)
    spread = (rewards - BETA * (logp - prior_logp))[rows].std()
    torch.testing.assert_close(gradient(ppo_loss), (n - 1) / n * rloo / (spread + 1e-4))


def test_pmos_reinvent_holds_likely_strings_back() -> None:
    # (-8 + 2 + 10)^2 = 16 and less 5000 / -10: 516; at log policy -1 the term is 5000: (-8 + 2 + 1)^2 + 5000 = 5025
    policy, prior, rewards = torch.tensor([-10.0, -1.0]), torch.tensor([-8.0, -8.0]), torch.tensor([1.0, 1.0])
    torch.testing.assert_close(reinvent_pmo_loss(policy, prior, rewards, beta=0.5), torch.tensor([516.0, 5025.0]))


def test_rewards_of_a_batch_of_one_are_left_without_baseline() -> None:
    row = torch.tensor([-1.0])
    torch.testing.assert_close(rloo_loss(row, row, row, beta=0.1), reinforce_loss(row, row, row, beta=0.1))


@pytest.mark.parametrize(
    "name", sorted(name for name, estimator in ESTIMATORS.items() if estimator.target == "reverse")
)
def test_descent_reaches_the_target_and_under_mara_the_good_become_equal(
    name: str, space: tuple[Tensor, Tensor, Tensor]
) -> None:
    """G = prior exp(R / beta) / zeta (eq. 2); with MARA's rewards it is flat over the good (eq. 68)."""
    logits, prior_logp, scores = space
    rewards = mara_rewards(scores, prior_logp, threshold=0.4, beta=BETA)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    loss = ESTIMATORS[name].new()  # type: ignore[index]
    for _ in range(1500):
        optimizer.zero_grad()
        if name in {"rloo", "log-variance", "ppo"}:  # their expectation, for what is common couples the rows of a batch
            logits.grad = -exact_gradient(logits, prior_logp, rewards)
        elif name == "target-likelihood":  # weighted by its own policy it is no expectation: the tests below
            logits.grad = logits.detach().softmax(0) - (prior_logp + rewards / BETA).softmax(0)
        else:
            logits.grad = expected_gradient(loss, logits, prior_logp, rewards)
        optimizer.step()
    policy = logits.detach().softmax(0)
    target = (prior_logp + rewards / BETA).softmax(0)
    torch.testing.assert_close(policy, target, atol=1e-4, rtol=1e-3)
    good = scores >= 0.4
    assert good.sum() > 1
    torch.testing.assert_close(policy[good], policy[good].mean().expand(int(good.sum())), atol=1e-4, rtol=1e-3)


def test_log_variance_is_reinvents_gradient_over_all_pairs_of_samples(space: tuple[Tensor, Tensor, Tensor]) -> None:
    logits, prior_logp, rewards = space
    logp = logits.log_softmax(0)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(6):
        for j in range(6):
            pair = torch.tensor([i, j])
            loss = log_variance_loss(logp[pair], prior_logp[pair], rewards[pair], beta=BETA).mean()
            total = total + (logp[i] + logp[j]).detach().exp() * loss
    torch.testing.assert_close(torch.autograd.grad(total, logits)[0], -2 / BETA * exact_gradient(*space))


def test_weighted_likelihood_over_the_whole_space_is_the_gradient_of_forward_kl(
    space: tuple[Tensor, Tensor, Tensor],
) -> None:
    """A uniform policy over the space makes the batch of all sequences its exact expectation."""
    _, prior_logp, rewards = space
    logits = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    logp = logits.log_softmax(0)
    found = torch.autograd.grad(target_likelihood_loss(logp, prior_logp, rewards, beta=BETA).mean(), logits)[0]
    target = (prior_logp + rewards / BETA).softmax(0)
    torch.testing.assert_close(found, logp.detach().exp() - target)  # of KL(G || policy) by logits


def test_forward_kl_ascends_its_own_objective_over_all_pairs_of_samples(space: tuple[Tensor, Tensor, Tensor]) -> None:
    """E[R] - beta KL(prior || policy) (eq. 4), whose gradient is not that of the reverse one."""
    logits, prior_logp, rewards = space
    logp = logits.log_softmax(0)
    exact = torch.autograd.grad(
        (logp.exp() * rewards).sum() - BETA * (prior_logp.exp() * (prior_logp - logp)).sum(), logits
    )[0]
    logp = logits.log_softmax(0)
    torch.testing.assert_close(-_over_pairs(forward_kl_loss, logp, logits, prior_logp, rewards), exact)
    assert (exact - exact_gradient(*space)).abs().max() > 0.01


def _over_pairs(
    loss: Callable[..., Tensor], logp: Tensor, logits: Tensor, prior_logp: Tensor, rewards: Tensor,
    behaviour_logp: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Expected gradient over batches of two drawn from the policy, or from another one."""
    drawn = logp.detach() if behaviour_logp is None else behaviour_logp
    total = torch.zeros((), dtype=torch.float64)
    for i in range(6):
        for j in range(6):
            pair = torch.tensor([i, j])
            of_pair = None if behaviour_logp is None else behaviour_logp[pair]
            value = loss(logp[pair], prior_logp[pair], rewards[pair], beta=BETA, behaviour_logp=of_pair).mean()
            total = total + (drawn[i] + drawn[j]).exp() * value
    return torch.autograd.grad(total, logits)[0]


@pytest.mark.parametrize("loss", [reinforce_loss, rloo_loss])
def test_weighted_by_policy_over_behaviour_samples_of_another_policy_do(
    loss: Callable[..., Tensor], space: tuple[Tensor, Tensor, Tensor]
) -> None:
    logits, prior_logp, rewards = space
    behaviour = torch.full((6,), 1 / 6, dtype=torch.float64).log()  # no weight reaches the limit of 10
    found = _over_pairs(loss, logits.log_softmax(0), logits, prior_logp, rewards, behaviour)
    torch.testing.assert_close(-found, exact_gradient(*space))


def test_regressions_vanish_at_the_target_on_any_rows_and_policy_gradients_where_all_are_worth_the_same(
    space: tuple[Tensor, Tensor, Tensor],
) -> None:
    _, prior_logp, rewards = space
    at_target = (prior_logp + rewards / BETA).log_softmax(0).requires_grad_()
    loss = TrajectoryBalance()
    for row in ([0, 1, 2], [3, 3, 5]):
        rows = torch.tensor(row)
        for estimator in (log_variance_loss, loss, rloo_loss, ppo_loss):
            found = estimator(at_target[rows], prior_logp[rows], rewards[rows], beta=BETA).mean()
            slope = torch.autograd.grad(found, at_target)[0]
            torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-6, rtol=0)
    # It began at the first batch's mean, which at the target is log Z itself.
    assert loss.log_z.item() == pytest.approx((prior_logp + rewards / BETA).logsumexp(0).item())


def test_ppo_by_hand() -> None:
    # On-policy at beta 0: rewards 1, 0, mean .5, standard deviation .70711: advantages .70701 and -.70701 (floor 1e-4)
    logp, prior, rewards = torch.zeros(2), torch.zeros(2), torch.tensor([1.0, 0.0])
    torch.testing.assert_close(
        ppo_loss(logp, prior, rewards, beta=0.0), torch.tensor([-0.70701, 0.70701]), atol=1e-5, rtol=0
    )
    # Twice as likely as when it was sampled: the good row is held at 1.2, the bad one is not: .70701 * (1.2, 2)
    old = torch.full((2,), -0.693147)
    moved = ppo_loss(logp, prior, rewards, beta=0.0, behaviour_logp=old)
    torch.testing.assert_close(moved, torch.tensor([-0.84841, 1.41402]), atol=1e-4, rtol=0)


def test_hill_climbs_learn_from_the_best_rows_alone() -> None:
    logp, prior = torch.tensor([-1.0, -2.0, -3.0, -4.0]), torch.zeros(4)
    rewards = torch.tensor([0.1, 0.9, 0.2, 0.8])
    # The better half are rows 1 and 3: (.9 / .5 + 2)^2 * 4 / 2 = 28.88 and (.8 / .5 + 4)^2 * 2 = 62.72
    climbed = augmented_hill_climb_loss(logp, prior, rewards, beta=0.5)
    torch.testing.assert_close(climbed, torch.tensor([0.0, 28.88, 0.0, 62.72]))
    # The best quarter is row 1: 2 * 4 / 1
    torch.testing.assert_close(top_likelihood_loss(logp, prior, rewards, beta=0.5), torch.tensor([0.0, 8.0, 0.0, 0.0]))


@pytest.mark.parametrize(
    "name", sorted(name for name, estimator in ESTIMATORS.items() if estimator.target == "reverse")
)
def test_algorithm_2_has_the_gradient_of_algorithm_1(name: str, space: tuple[Tensor, Tensor, Tensor]) -> None:
    logits, prior_logp, scores = space
    first = mara_rewards(scores, prior_logp, threshold=0.4, beta=BETA)
    # Algorithm 2 swaps instead of lifting: for the good, R(z) in place of R(y) and log prior(z) of log prior(y).
    good = scores >= 0.4
    z = torch.where(good, prior_logp, -torch.inf).argmax()
    second, support = torch.where(good, scores[z], scores), torch.where(good, prior_logp[z], prior_logp)
    slopes = [
        torch.autograd.grad(
            ESTIMATORS[name].new()(logits.log_softmax(0), prior, rewards, beta=BETA).mean(), logits  # type: ignore[index]
        )[0]
        for prior, rewards in ((prior_logp, first), (support, second))
    ]  # fmt: skip
    torch.testing.assert_close(slopes[0], slopes[1])
