"""A vocabulary that grows: what the prior knew stays as likely as it was, and what is new can be learned."""

import math

import pytest
import torch

from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.extend import calibrate, extended
from chemmara.language_model.sampling import log_likelihood, pad
from chemmara.language_model.tokenizer import END, PAD, START
from chemmara.pretraining.train import token_loss

NEW = ["[C@H]", "[C@@H]", "[Si]", "[se]", "."]


def exact_nll(prior: Prior, smiles: list[str]) -> torch.Tensor:
    """Nats a molecule, in float64, so that rounding hides nothing."""
    tokens = pad([prior.encode(text) for text in smiles])
    start = tokens.new_full((len(tokens), 1), START)
    with torch.no_grad():
        logits = prior.model(torch.cat([start, tokens[:, :-1]], dim=1))[..., END:]
    each = torch.log_softmax(logits, -1).gather(2, (tokens - END).clamp(min=0)[..., None])[..., 0]
    return -(each * (tokens != PAD)).sum(1)


@pytest.mark.parametrize("name", ["chembl-gru", "zinc250k-gru", "zinc250k-transformer", "zinc250k-gru-selfies"])
def test_no_molecule_that_the_prior_knew_changes_its_likelihood(name: str, drugs: dict[str, str]) -> None:
    old = load_prior(name)
    tokens = [f"[new{i}]" for i in range(20)] if old.tokenizer.notation == "selfies" else NEW
    new = extended(old, tokens)
    assert new.tokenizer.tokens[: len(old.tokenizer.tokens)] == old.tokenizer.tokens
    assert set(tokens) <= set(new.tokenizer.tokens)
    smiles = [*drugs.values(), "C" * (old.config.max_length - 1), "CC" * 5 + "c1ccccc1"]
    for prior in (old, new):
        prior.model.to(torch.float64)
    # K new tokens at most exp(-c) each, c = log(max_length K / 1e-7): a molecule of max_length tokens loses 1e-7 nats
    change = exact_nll(new, smiles) - exact_nll(old, smiles)
    assert change.min() >= 0
    assert change.max() < 1.001e-7  # the new vocabulary can only take probability away


def test_in_single_precision_the_change_is_below_a_millionth(drugs: dict[str, str]) -> None:
    old = load_prior("chembl-gru")
    new = extended(old, NEW)
    rows = [old.encode(text) for text in drugs.values()]
    torch.testing.assert_close(log_likelihood(new.model, rows), log_likelihood(old.model, rows), atol=0, rtol=1e-6)


def test_a_new_token_begins_as_a_copy_of_its_plain_atom() -> None:
    old = load_prior("chembl-gru")
    new = extended(old, ["[C@H]", "[Si]"])
    carbon, centre, silicon = (new.tokenizer.encode(token)[0] for token in ("C", "[C@H]", "[Si]"))
    weights = new.model.state_dict()
    for name in ("embedding.weight", "output.weight"):
        assert torch.equal(weights[name][centre], weights[name][carbon])
        torch.testing.assert_close(weights[name][silicon], old.model.state_dict()[name][END + 1 :].mean(0))
    # two new tokens, samples of up to 111 tokens: c = log(111 * 2 / 1e-7) = 21.5
    lowered = float(weights["output.bias"][carbon] - weights["output.bias"][centre])
    assert lowered == pytest.approx(math.log(111 * 2 / 1e-7), abs=1e-5) == pytest.approx(21.52, abs=0.01)
    assert extended(old, ["C"]) is old


@pytest.mark.parametrize("name", ["chembl-gru", "zinc250k-transformer"])
def test_gradients_raise_a_new_token(name: str) -> None:
    prior = extended(load_prior(name), ["[Si]"])
    tokens = pad([prior.encode("C[Si](C)(C)C")] * 4)
    optimizer = torch.optim.AdamW(prior.model.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = token_loss(prior.model, tokens, torch.float32)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()) / 4)
    assert losses[0] > 20  # nats: the new token alone takes about c
    assert losses[-1] < losses[0] - 15


def test_calibrated_a_token_is_expected_as_often_as_it_occurs() -> None:
    prior = extended(load_prior("chembl-gru"), ["[Si]", "[se]"])
    rows = [prior.encode(text) for text in ("C[Si](C)(C)C", "CCO", "CC[Si](C)C", "c1ccccc1")]
    calibrate(prior, ["[Si]", "[se]"], rows)
    tokens = pad(rows)
    with torch.no_grad():
        logits = prior.model(torch.cat([tokens.new_full((4, 1), START), tokens[:, :-1]], dim=1))[..., END:]
    expected = (torch.softmax(logits, -1) * (tokens != PAD)[..., None]).sum((0, 1))
    silicon, selenium = (prior.tokenizer.encode(token)[0] - END for token in ("[Si]", "[se]"))
    assert float(expected[silicon]) == pytest.approx(2.0, rel=0.02)  # twice in four molecules
    assert float(expected[selenium]) < 1e-6  # not there: it stays where it was
