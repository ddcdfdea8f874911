"""The weights are what they say: p(y) = weight(y) q(y), on a language small enough to be written out."""

import math
from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from chemmara.decoration.filling import Filled, fill
from chemmara.decoration.grammar import Grammar
from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.decoration.sampler import PARTICLES, _orders
from chemmara.decoration.table import Table
from chemmara.language_model.build import build
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.sampling import sequence_logp
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.notation import Smiles
from chemmara.molecules.quiet import QUIET

READ = Chem.MolFromSmiles  # noqa: TID251 - RDKit's own view, apart from ours

TOY = Tokenizer("smiles", ("(", ")", "1", "=", "C", "O"))
WIDE = Tokenizer("smiles", ("#", "(", ")", "-", ".", "1", "2", "=", "C", "Cl", "N", "O", "[nH]", "c", "n", "*"))
NETWORKS = {
    "gru": RecurrentConfig(embedding=8, hidden=8),
    "lstm": RecurrentConfig(kind="lstm", embedding=8, hidden=8, layers=2),
    "transformer": TransformerConfig(width=8, heads=2, layers=2, positions=64),
}


def network(kind: str, tokenizer: Tokenizer, seed: int = 0) -> LanguageModel:
    torch.manual_seed(seed)
    return build(NETWORKS[kind], len(tokenizer))


def written(
    model: LanguageModel, tokenizer: Tokenizer, pattern: Pattern, rows: int, *, atoms: int = 0, temperature: float = 1.0
) -> Filled:
    table = Table.of([pattern], tokenizer)
    return fill(
        model, Grammar.of(tokenizer, torch.device("cpu")), table, torch.zeros(rows, dtype=torch.long),
        number=torch.full((rows, table.given.shape[1]), atoms), generator=torch.Generator().manual_seed(3),
        max_length=40, temperature=temperature,
    )  # fmt: skip


def test_a_forced_token_weighs_its_probability_and_a_hole_that_of_its_mask() -> None:
    model = network("gru", TOY)
    for weight in model.parameters():
        weight.data.zero_()  # each of the 6 tokens and the end token has the probability 1/7
    filled = written(model, TOY, Pattern(("O", Hole(0, 1, 1, Ends.STRING))), 50)
    # O is given: 1/7. Then an atom, C or O: the mask leaves 2/7. Then, for a second atom is too many, the end: 1/7.
    assert torch.allclose(filled.log_weight, torch.tensor(math.log(1 / 7 * 2 / 7 * 1 / 7)), atol=1e-5)
    assert torch.allclose(filled.logp, torch.tensor(3 * math.log(1 / 7)), atol=1e-5)
    assert {TOY.decode_smiles(row) for row in filled.tokens.tolist()} == {"OC", "OO"}
    assert filled.hole[0].tolist()[:3] == [0, 1, 1]


def endings(most: int, ends: str) -> Iterator[str]:
    """All texts of a hole over the toy's vocabulary, up to its terminator, written out letter by letter."""
    stack = [("", 0, 0, 0)]  # text, branches open, atoms, atom that opened ring 1
    while stack:
        text, depth, atoms, ring = stack.pop()
        last = text[-1:] or "start"
        done = last in "CO1)" and not depth and not ring and atoms
        if done:
            yield text + ends
        if atoms < most:
            stack += [(text + atom, depth, atoms + 1, ring) for atom in "CO"]
            if last in "CO1)(":
                stack.append((text + "=", depth, atoms, ring))
            if last in "CO1)":
                stack.append((text + "(", depth + 1, atoms, ring))
        if depth and last in "CO1)" and not (ring and atoms == most):
            stack.append((text + ")", depth - 1, atoms, ring))
        after_atom = last in "CO1" or (last == "=" and text[-2:-1] in ("C", "O", "1"))
        if after_atom and ring and atoms - ring >= 2:
            stack.append((text + "1", depth, atoms, 0))
        if after_atom and not ring and most - atoms >= 2:
            stack.append((text + "1", depth, atoms, atoms))
        stack = [entry for entry in stack if "start" not in entry[0]]


def test_the_proposal_is_normalised_and_the_weights_give_back_the_prior() -> None:
    pattern = Pattern(("C", "(", Hole(0, 1, 1, Ends.BRANCH), "O", Hole(1, 1, 2, Ends.STRING)))
    language = {f"C({first}O{second}" for first in endings(1, ")") for second in endings(2, "")}
    model = network("gru", TOY)
    filled = written(model, TOY, pattern, 20_000)
    texts = [TOY.decode_smiles(row) for row in filled.tokens.tolist()]
    assert set(texts) <= language
    assert set(texts) == language  # all of it is drawn: it is small
    log_q = dict(zip(texts, (filled.logp - filled.log_weight).tolist(), strict=True))
    assert sum(map(math.exp, log_q.values())) == pytest.approx(1.0, abs=1e-4)
    counts = Counter(texts)
    for text, value in log_q.items():  # and rows come as often as it says
        q = math.exp(value)
        assert abs(counts[text] - 20_000 * q) < 5 * math.sqrt(20_000 * q) + 5
    rows = [torch.tensor(TOY.encode(text)) for text in language]
    mass = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    exact = sequence_logp(model, mass).exp().sum().item()
    weights = filled.log_weight.exp()
    assert abs(weights.mean().item() - exact) < 5 * weights.std().item() / math.sqrt(20_000)


def test_a_temperature_is_that_of_the_prior_in_the_weights_too() -> None:
    pattern = Pattern(("C", Hole(0, 1, 2, Ends.STRING)))
    filled = written(network("gru", TOY), TOY, pattern, 5_000, temperature=3.0)
    texts = [TOY.decode_smiles(row) for row in filled.tokens.tolist()]
    cold = written(network("gru", TOY), TOY, pattern, 5_000)
    assert filled.log_weight.mean() < cold.log_weight.mean()  # a flatter prior spends more on what the mask forbids
    model = network("gru", TOY)
    rows = torch.nn.utils.rnn.pad_sequence([torch.tensor(TOY.encode(text)) for text in texts], batch_first=True)
    assert torch.allclose(sequence_logp(model, rows), filled.logp, atol=1e-4)  # logp stays that of temperature 1


@pytest.mark.parametrize("kind", NETWORKS)
def test_log_probabilities_are_those_of_teacher_forcing(kind: str) -> None:
    pattern = Pattern(("c", "1", "(", Hole(0, 1, 9, Ends.BRANCH), "n", "c", "1", Hole(1, 1, 9, Ends.STRING)))
    model = network(kind, WIDE)
    filled = written(model, WIDE, pattern, 64)
    ended = filled.log_weight > -torch.inf
    assert ended.sum() > 30
    assert torch.allclose(sequence_logp(model, filled.tokens[ended]), filled.logp[ended], atol=1e-4)
    assert (filled.log_weight[ended] <= 0).all()


@given(
    least=st.integers(1, 6), more=st.integers(0, 6), ends=st.sampled_from((Ends.BRANCH, Ends.STRING, Ends.ATOMS)),
    seed=st.integers(0, 10_000),
    aromatic=st.booleans(),
)  # fmt: skip
def test_what_is_written_in_a_hole_is_smiles_within_its_bounds(
    least: int, more: int, ends: Ends, seed: int, aromatic: bool
) -> None:
    # ring number 2 is open where the hole stands
    hole = Hole(0, least, least + more, ends)
    behind = {Ends.BRANCH: ["C", "2"], Ends.STRING: [], Ends.ATOMS: ["-?", "c" if aromatic else "C"]}[ends]
    before = ["C", "2", "C", "C", "("] if ends is Ends.BRANCH else ["C"]
    filled = written(network("gru", WIDE, seed), WIDE, Pattern((*before, hole, *behind)), 16, atoms=least + more)
    for tokens, places in zip(filled.tokens.tolist(), filled.hole.tolist(), strict=True):
        text = WIDE.decode_smiles(tokens)
        if not text:
            continue  # cut after 40 tokens
        inside = WIDE.decode([token for token, place in zip(tokens, places, strict=True) if place])
        inside = inside.removesuffix(")") if ends is Ends.BRANCH else inside
        atoms = sum(token[0] in "CNOcn[" for token in Smiles().split(inside))
        assert (atoms == least + more) if ends is Ends.ATOMS else (least <= atoms <= least + more)
        assert "2" not in inside or ends is not Ends.BRANCH
        assert inside.count("(") == inside.count(")")
        assert not set(inside) & set(".*")
        if not set(inside) & set("12"):  # a ring may close between neighbours, which RDKit refuses
            with QUIET:
                assert READ(f"C{inside}", sanitize=False) is not None


def test_a_bond_between_aromatic_atoms_is_written_behind_a_linker() -> None:
    pattern = Pattern(("C", Hole(0, 1, 1, Ends.ATOMS), "-?", "c", "1", "c", "c", "c", "c", "c", "1"))
    filled = written(network("gru", WIDE), WIDE, pattern, 200, atoms=1)
    texts = {WIDE.decode_smiles(row) for row in filled.tokens.tolist()}
    assert {"Cc-c1ccccc1", "CCc1ccccc1"} <= texts
    assert not {"Ccc1ccccc1", "CC-c1ccccc1"} & texts


def test_of_eight_rows_one_is_drawn_by_its_weight() -> None:
    weights = torch.arange(1.0, PARTICLES + 1)
    filled = Filled(torch.zeros(0), torch.zeros(0), torch.zeros(0), weights.log().repeat(20_000))
    first = _orders(filled, torch.Generator().manual_seed(0))[:, 0] % PARTICLES
    for row, weight in enumerate(weights.tolist()):
        share = weight / 36  # 1 + 2 + ... + 8
        assert (first == row).mean() == pytest.approx(share, abs=5 * math.sqrt(share / 20_000))
