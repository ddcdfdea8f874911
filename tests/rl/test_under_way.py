"""Batches under way in a learner: proposed by an earlier policy, kept in its state, and chosen no second time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import step_values
from chemmara.screening.acquisition import different
from chemmara.screening.taken import Taken
from tests.conftest import DRUGS
from tests.rl.test_screened_steps import Calls, screened


def ahead(learner: Learner, calls: Calls, steps: int) -> list[dict[str, float]]:
    """The figures of steps with two batches ahead."""
    figures = []
    for _ in range(steps):
        while len(learner.under_way) < 3:
            learner.propose()
        oldest = learner.under_way[0]
        figures.append(step_values(learner.learn(calls(oldest.smiles), calls)))
    return figures


def test_what_is_under_way_repels_its_like_by_hand() -> None:
    # Aspirin is under way, and like itself by 1: nothing is left of its preference, the largest, and it comes last.
    bits = packed_fingerprints(molecules_of(list(DRUGS.values())))
    preference, own = np.linspace(1.0, 0.3, len(DRUGS)), np.ones(len(DRUGS), dtype=bool)
    aspirin = Taken()
    aspirin.add(bits[:1])
    plain = different(preference, bits, Taken(), price=1.0, count=8, own=own, others=0)
    assert plain[0] == 0
    apart = different(preference, bits, Taken(), price=1.0, count=8, own=own, others=0, under_way=aspirin)
    assert apart == different(preference, bits, aspirin, price=1.0, count=8, own=own, others=0)
    assert apart[-1] == 0
    flat = different(preference, bits, Taken(), price=0.0, count=8, own=own, others=0, under_way=aspirin)
    assert flat[0] == 0


def test_screening_chooses_no_molecule_that_is_under_way(tiny_prior: Path) -> None:
    learner, calls = screened(tiny_prior, {}), Calls()
    ahead(learner, calls, 6)
    under_way = [batch.choice for batch in learner.under_way]
    chosen = [smiles for choice in under_way if choice for smiles in choice.smiles]
    assert len(under_way) == 2
    assert all(choice and choice.active for choice in under_way)
    assert len(chosen) == len(set(chosen)) == 32
    again = learner.propose().choice
    assert again is not None
    assert not set(again.smiles) & set(chosen)
    assert not set(again.candidates) & set(chosen)


def test_a_batch_is_learned_from_with_the_likelihood_under_the_policy_that_sampled_it(tiny_prior: Path) -> None:
    method = MethodConfig.model_validate({"name": "rloo", "batch_size": 16, "learning_rate": 0.01})
    learner, calls = new_learner(load_prior(tiny_prior), load_prior(tiny_prior).model, method, 0), Calls()
    first, second = learner.propose(), learner.propose()
    on = learner.learn(calls(first.smiles), calls)
    np.testing.assert_allclose(on.updates[0].policy_logp, on.batch.behaviour_logp, atol=1e-4)  # on-policy
    off = learner.learn(calls(second.smiles), calls)
    np.testing.assert_array_equal(off.batch.behaviour_logp, second.rollout.logp.numpy().astype(np.float64))
    assert (
        np.abs(off.updates[0].policy_logp - off.batch.behaviour_logp).max() > 0.01
    )  # the policy has learned meanwhile


@pytest.mark.parametrize("screen", [{}, {"start": 10_000}])
def test_a_learner_goes_on_bit_for_bit_with_its_batches_under_way(
    tiny_prior: Path, tmp_path: Path, screen: dict[str, object]
) -> None:
    whole, ours = screened(tiny_prior, screen), Calls()
    ahead(whole, ours, 4)
    save_learner(tmp_path / "state.safetensors", whole, {"step": 4})
    fresh = screened(tiny_prior, screen)
    assert load_learner(tmp_path / "state.safetensors", fresh) == {"step": 4}
    assert len(fresh.under_way) == 2
    for batch, other in zip(whole.under_way, fresh.under_way, strict=True):
        assert torch.equal(batch.rollout.tokens, other.rollout.tokens)
        assert torch.equal(batch.rollout.logp, other.rollout.logp)
        assert (batch.smiles, batch.molecules) == (other.smiles, other.molecules)
    theirs = Calls()
    theirs.numbers = dict(ours.numbers)
    for mine, other in zip(ahead(whole, ours, 3), ahead(fresh, theirs, 3), strict=True):
        assert mine == pytest.approx(other, nan_ok=True, abs=0)
