"""One step: what is left out of the loss, what earns nothing, and MARA's law on what the loss saw."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from chemmara.language_model.checkpoint import load_prior
from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import step_values
from chemmara.scoring.objective import canonical_texts
from chemmara.scoring.scores import Scores


def scored(by: Callable[[int, str], float]) -> Callable[[list[str]], Scores]:
    """An objective that scores a molecule by its row and canonical SMILES."""

    def objective(smiles: list[str]) -> Scores:
        texts = canonical_texts(smiles)
        valid = np.array([bool(text) for text in texts])
        total = np.array([by(i, text) if text else np.nan for i, text in enumerate(texts)])
        return Scores(texts, total, {}, valid, [""] * len(texts), np.zeros(len(texts), dtype=np.int64))

    return objective


def learner(folder: Path, **method: object) -> Learner:
    settings = MethodConfig.model_validate({"batch_size": 24, "tau": 0.5, "beta": 0.1, **method})
    return new_learner(load_prior(folder), load_prior(folder).model, settings, seed=0)


def weights(model: object) -> torch.Tensor:
    return torch.cat([weight.detach().flatten().clone() for weight in model.parameters()])  # type: ignore[attr-defined]


def test_the_policy_moves_and_the_prior_does_not(tiny_prior: Path) -> None:
    trained = learner(tiny_prior)
    prior, policy = weights(trained.prior.model), weights(trained.policy)
    trained.step(scored(lambda i, _: i / 24))
    assert torch.equal(weights(trained.prior.model), prior)
    assert not torch.equal(weights(trained.policy), policy)


@pytest.mark.parametrize("method", ["mara", "rloo", "ahc"])
def test_a_batch_without_any_score_teaches_nothing(tiny_prior: Path, method: str) -> None:
    trained = learner(tiny_prior, name=method, batch_size=8)
    before = weights(trained.policy)
    step = trained.step(lambda smiles: scored(lambda *_: np.nan)(["C"] * len(smiles)))
    assert np.isnan(step.updates[0].loss)
    assert torch.equal(weights(trained.policy), before)


def test_what_has_no_score_leaves_the_loss_and_an_invalid_smiles_earns_nothing(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="rloo")
    step = trained.step(lambda _: scored(lambda i, _: np.nan if i % 2 else 0.7)(["C", "CC", "bad", "CCC"] * 6))
    assert step.filtered_scores[:4] == pytest.approx([0.7, np.nan, 0.0, np.nan], nan_ok=True)
    assert len(step.updates[0].rewards) == 12
    assert step.updates[0].rewards.tolist() == pytest.approx([0.7, 0.0] * 6)


def test_under_mara_the_loss_saw_one_level_for_all_good_samples(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="mara", diversity_filter=None)
    step = trained.step(scored(lambda i, _: 0.2 if i % 3 else 0.6 + i / 100))
    values, anchor, beta = step_values(step), step.anchor, 0.1
    assert anchor is not None
    assert len(step.updates) == 1
    trained.step(scored(lambda i, _: 0.2 if i % 3 else 0.6 + i / 100))
    first = step.updates[0]
    good = first.rows.filtered_scores >= 0.5
    level = first.rows.prior_logp[good] + first.rewards[good] / beta
    assert good.sum() > 3
    np.testing.assert_allclose(level, anchor.prior_logp + anchor.score / beta, atol=1e-9)
    assert (values["anchor_score"], values["anchor_prior_logp"]) == (anchor.score, anchor.prior_logp)
    assert values["tau"] == 0.5
    assert values["good"] == pytest.approx(float((step.filtered_scores >= 0.5).mean()))


@pytest.mark.parametrize("over", ["step", "running", "run"])
def test_every_update_of_a_step_lifts_its_good_rows_to_the_level_of_the_logged_anchor(
    tiny_prior: Path, over: str
) -> None:
    """The batch and each round of replay: one constant log prior + reward / beta for all good rows of the step."""
    trained = learner(
        tiny_prior, name="mara", diversity_filter=None, anchor={"over": over}, replay={"joined": 4, "rounds": 2}
    )
    step = [trained.step(scored(lambda i, _: 0.2 if i % 3 else 0.6 + i / 100)) for _ in range(4)][-1]
    assert len(step.updates) == 3
    assert step.anchor is not None
    for update in step.updates:
        good = update.rows.filtered_scores >= 0.5
        assert good.any()
        level = update.rows.prior_logp[good] + update.rewards[good] / 0.1
        np.testing.assert_allclose(level, step.anchor.prior_logp + step.anchor.score / 0.1, atol=1e-9)


def test_no_gradient_is_clipped_unless_the_method_says_so_and_the_log_has_its_norm(tiny_prior: Path) -> None:
    for limit, clipped in ((False, 0.0), (1e9, 0.0), (1e-3, 1.0)):
        trained = learner(tiny_prior, name="reinvent", max_grad_norm=limit)
        values = step_values(trained.step(scored(lambda i, _: i / 24)))
        assert values["clipped"] == clipped
        applied = float(torch.cat([weight.grad.flatten() for weight in trained.policy.parameters()]).norm())
        assert values["grad_norm"] > 1.0
        assert applied == pytest.approx(1e-3 if clipped else values["grad_norm"], rel=1e-3)


def test_tau_is_a_percentile_of_what_is_earned_so_that_something_is_good(tiny_prior: Path) -> None:
    """Nineteen of 24 molecules share a scaffold with room for one: the 80th percentile of the scores is .95."""
    trained = learner(
        tiny_prior, name="mara", tau={"kind": "percentile", "percentile": 80},
        diversity_filter={"kind": "scaffold", "bucket": 1},
    )  # fmt: skip
    smiles = ["C" * (n + 1) + "O" for n in range(19)] + ["c1ccccc1", "C1CCCCC1", "C1CCNC1", "c1ccncc1", "C1CC1"]
    step = trained.step(lambda _: scored(lambda i, _: 0.95 if i < 19 else 0.6 + i / 100)(smiles))
    # earned: .95 once, 0 eighteen times, .79 to .83: the 80th percentile of 24 values is the 18.4th (of 0 to 23)
    assert step.tau == pytest.approx(0.79 + 0.4 * 0.01)
    assert step_values(step)["good"] == pytest.approx(5 / 24)


def test_a_repeat_that_earns_nothing_is_learned_from_as_a_0(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="reinvent", diversity_filter=None, repeats="nothing")
    same = scored(lambda *_: 0.9)
    first = trained.step(lambda _: same(["C" * (n + 1) for n in range(24)]))
    again = trained.step(lambda _: same(["C" * (n + 13) for n in range(24)]))
    assert first.filtered_scores.tolist() == [0.9] * 24
    assert again.filtered_scores.tolist() == [0.0] * 12 + [0.9] * 12
    assert again.scores.total.tolist() == [0.9] * 24


def test_a_full_scaffold_earns_nothing_but_keeps_its_score(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, name="mara", diversity_filter={"kind": "scaffold", "bucket": 1})
    chains = ["C" * n + "O" for n in range(1, 25)]  # acyclic molecules share a scaffold
    step = trained.step(lambda _: scored(lambda *_: 0.9)(chains))
    assert step.filtered_scores.tolist() == [0.9] + [0.0] * 23
    assert set(step.scores.total) == {0.9}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_every_estimator_learns_as_far_off_policy_as_it_stands(tiny_prior: Path, name: str) -> None:
    stands = ESTIMATORS[name].off_policy  # type: ignore[index]
    settings: dict[str, object] = {"name": "reinvent", "estimator": name, "rewards": "mara", "replay": None}
    if stands != "no":
        smiles = "randomised" if stands == "any" else "sampled"
        settings |= {"updates": 2, "replay": {"rows": 8, "rounds": 1, "keep": "best", "smiles": smiles}}
    trained = learner(tiny_prior, **settings)
    before = weights(trained.policy)
    step = [trained.step(scored(lambda i, _: (i % 7) / 7)) for _ in range(2)][-1]
    assert len(step.updates) == (3 if stands != "no" else 1)
    assert all(np.isfinite(update.loss) for update in step.updates)
    moved = weights(trained.policy)
    assert moved.isfinite().all()
    assert not torch.equal(moved, before)


def test_a_learner_goes_on_from_its_saved_state_as_if_it_had_never_stopped(tiny_prior: Path, tmp_path: Path) -> None:
    """With everything that remembers: learned log Z, running anchor, adaptive tau, clusters, replay, filter."""
    settings = {
        "name": "mara-cluster", "estimator": "trajectory-balance", "anchor": {"over": "running", "choose": "random"},
        "tau": {"kind": "adaptive", "scaffolds": 3, "at_least": 0.2}, "equal_mass": "niche", "repeats": "visits",
    }  # fmt: skip
    objective = scored(lambda _, text: (sum(map(ord, text)) % 10) / 10)
    whole, first = learner(tiny_prior, **settings), learner(tiny_prior, **settings)
    for _ in range(3):
        whole.step(objective)
        first.step(objective)
    save_learner(tmp_path / "state.safetensors", first, {})
    second = learner(tiny_prior, **settings)
    load_learner(tmp_path / "state.safetensors", second)
    for _ in range(2):
        ours, theirs = whole.step(objective), second.step(objective)
        assert ours.tau == theirs.tau
        np.testing.assert_array_equal(ours.updates[0].rewards, theirs.updates[0].rewards)
    assert torch.equal(weights(whole.policy), weights(second.policy))
    assert torch.equal(whole.loss.log_z, second.loss.log_z)  # type: ignore[attr-defined]


def test_it_learns_under_every_part_at_once(tiny_prior: Path) -> None:
    """Long molecules are wanted: cluster-anchored MARA with an adaptive tau writes longer ones."""
    trained = learner(
        tiny_prior, name="mara-cluster", tau={"kind": "adaptive"}, diversity_filter=None, learning_rate=5e-3
    )
    objective = scored(lambda _, text: min(1.0, len(text) / 20))
    scores = [np.nanmean(trained.step(objective).scores.total) for _ in range(40)]
    assert np.mean(scores[-5:]) > np.mean(scores[:5]) + 0.1
