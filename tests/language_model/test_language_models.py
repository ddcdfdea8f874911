"""One set of tests over every network and notation: pretraining, sampling and RL must not know the difference."""

import pytest
import torch

from chemmara.language_model.build import build
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.rnn import Recurrent, RecurrentConfig
from chemmara.language_model.sampling import (
    Rollout,
    log_likelihood,
    next_logp,
    pad,
    sample,
    sample_batches,
    sequence_logp,
)
from chemmara.language_model.tokenizer import END, PAD, START, Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.chem import parse

MOLECULES = ["CCO", "c1ccccc1C(=O)N", "C[C@@H](N)C(=O)O", "ClCCBr", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"]
NETWORKS = {
    "gru": RecurrentConfig(kind="gru", embedding=8, hidden=16, layers=1),
    "gru-deep": RecurrentConfig(kind="gru", embedding=8, hidden=16, layers=3, dropout=0.1),
    "lstm": RecurrentConfig(kind="lstm", embedding=8, hidden=16, layers=2),
    "transformer": TransformerConfig(width=16, heads=2, layers=2, positions=64, dropout=0.1),
}


@pytest.fixture(params=["smiles", "selfies"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    from chemmara.molecules.notation import NOTATIONS

    return Tokenizer.of(map(NOTATIONS[request.param].write, MOLECULES), request.param)


@pytest.fixture(params=sorted(NETWORKS))
def model(request: pytest.FixtureRequest, tokenizer: Tokenizer) -> LanguageModel:
    torch.manual_seed(0)
    network = build(NETWORKS[request.param], len(tokenizer))
    network.eval()
    return network


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_steps_give_the_logits_of_the_whole_sequence(model: LanguageModel, tokenizer: Tokenizer) -> None:
    tokens = pad([[START, *tokenizer.encode_smiles(smiles)] for smiles in MOLECULES])
    at_once, state, steps = model(tokens), model.start(len(tokens)), []
    for column in tokens.T:
        logits, state = model.step(column, state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps, dim=1), at_once, atol=1e-5, rtol=1e-5)
    if isinstance(model, Recurrent) and model.packs(tokens):
        real = tokens != PAD
        torch.testing.assert_close(model.packed(tokens)[real], at_once[real], atol=1e-5, rtol=1e-5)


def test_likelihood_while_sampling_is_that_of_teacher_forcing(model: LanguageModel, tokenizer: Tokenizer) -> None:
    rollout = sample(model, tokenizer, 40, generator=generator(), max_length=50, temperature=1.3, top_p=0.9)
    with torch.no_grad():
        torch.testing.assert_close(sequence_logp(model, rollout.tokens), rollout.logp, atol=1e-4, rtol=0)


def test_likelihood_of_text_is_that_of_its_rollout(model: LanguageModel, tokenizer: Tokenizer) -> None:
    rows = [tokenizer.encode_smiles(smiles) for smiles in MOLECULES]
    together = log_likelihood(model, rows, batch_size=2)
    alone = torch.cat([log_likelihood(model, [row]) for row in rows])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_rollouts_end_with_the_end_token_or_have_no_smiles(model: LanguageModel, tokenizer: Tokenizer) -> None:
    rollout = sample(model, tokenizer, 60, generator=generator(1), max_length=12)
    for tokens, mask, smiles in zip(rollout.tokens.tolist(), rollout.mask.tolist(), rollout.smiles, strict=True):
        ended = END in tokens
        assert START not in tokens
        assert sum(mask) == (tokens.index(END) + 1 if ended else len(tokens))
        assert all(token == PAD for token in tokens[sum(mask) :])
        assert smiles == (tokenizer.decode_smiles(tokens) if ended else "")


def test_the_seed_decides_and_batches_make_up_the_number(model: LanguageModel, tokenizer: Tokenizer) -> None:
    def draw(seed: int) -> list[str]:
        batches = sample_batches(model, tokenizer, 25, seed=seed, max_length=20, batch_size=10)
        return [smiles for rollout in batches for smiles in rollout.smiles]

    assert len(draw(1)) == 25
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_sampling_follows_the_probabilities(model: LanguageModel, tokenizer: Tokenizer) -> None:
    """First tokens of 20,000 samples: each share within 5 standard errors of its probability."""
    n = 20_000
    rollout = sample(model, tokenizer, n, generator=generator(2), max_length=1)
    with torch.no_grad():
        logits, _ = model.step(torch.tensor([START]), model.start(1))
        expected = next_logp(logits)[0].exp()
    found = torch.bincount(rollout.tokens[:, 0] - END, minlength=len(expected)) / n
    assert ((found - expected).abs() < 5 * (expected * (1 - expected) / n).sqrt() + 1e-6).all()


def test_a_cold_temperature_or_a_tiny_nucleus_picks_the_likeliest_token(
    model: LanguageModel, tokenizer: Tokenizer
) -> None:
    cold = sample(model, tokenizer, 5, generator=generator(3), max_length=8, temperature=1e-3)
    narrow = sample(model, tokenizer, 5, generator=generator(4), max_length=8, top_p=1e-6)
    assert (cold.tokens == cold.tokens[0]).all()
    torch.testing.assert_close(cold.tokens, narrow.tokens)


def test_training_learns_a_handful_of_molecules(model: LanguageModel, tokenizer: Tokenizer) -> None:
    """It learns: five molecules by heart cost ln 5 = 1.61 nats each at best, and most samples are among them."""
    tokens = pad([tokenizer.encode_smiles(smiles) for smiles in MOLECULES])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(400):
        optimizer.zero_grad()
        (-sequence_logp(model, tokens).mean()).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        assert -sequence_logp(model, tokens).mean() < 2.1
    rollout = sample(model, tokenizer, 100, generator=generator(), max_length=60)
    known = {tokenizer.decode_smiles(row) for row in tokens.tolist()}
    assert sum(smiles in known for smiles in rollout.smiles) > 50
    assert all(parse(smiles) is not None for smiles in known)


def test_rollouts_are_joined_at_the_length_of_the_longer() -> None:
    short = Rollout(torch.tensor([[3, END]]), torch.tensor([-1.0]), ["C"])
    long = Rollout(torch.tensor([[4, 5, END]]), torch.tensor([-2.0]), ["NO"])
    both = short.joined(long)
    assert both.tokens.tolist() == [[3, END, PAD], [4, 5, END]]
    assert (both.logp.tolist(), both.smiles) == ([-1.0, -2.0], ["C", "NO"])
    assert both.mask.sum(1).tolist() == [2, 3]
