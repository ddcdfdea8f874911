"""Branched linkers and macrocycles: tokens forced in the middle of sampled text, with exact weights all the same."""

import math
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
import torch
from rdkit import Chem

from chemmara.decoration.filling import Filled, fill
from chemmara.decoration.forks import forked_patterns
from chemmara.decoration.grammar import Grammar
from chemmara.decoration.linkers import link_family
from chemmara.decoration.pattern import Ends, Hole, Pattern
from chemmara.decoration.places import read_part
from chemmara.decoration.sampler import _shares
from chemmara.decoration.spelled import Spelled
from chemmara.decoration.start import from_fragments
from chemmara.decoration.table import Table
from chemmara.decoration.window import Window
from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.sampling import sequence_logp
from chemmara.language_model.tokenizer import Tokenizer
from tests.decoration.test_weights import NETWORKS, TOY, WIDE, network

READ = Chem.MolFromSmiles  # noqa: TID251 - RDKit's own view, apart from ours
FORK = Hole(0, 1, 9, Ends.FORK)
ARM = Hole(0, 0, 0, Ends.ATOMS)
REST = Hole(0, 0, 0, Ends.ATOMS, resumes=True)
RING = Hole(0, 1, 9, Ends.RING)


def written(model: LanguageModel, tokenizer: Tokenizer, pattern: Pattern, rows: int, numbers: Sequence[int]) -> Filled:
    """Rows along a pattern whose holes, in order, have these numbers."""
    table = Table.of([pattern], tokenizer)
    number = torch.zeros(rows, table.given.shape[1], dtype=torch.long)
    steps = [at for at, part in enumerate(pattern.parts) if isinstance(part, Hole)]
    number[:, steps] = torch.tensor(numbers)
    return fill(
        model, Grammar.of(tokenizer, torch.device("cpu")), table, torch.zeros(rows, dtype=torch.long),
        number=number, generator=torch.Generator().manual_seed(3), max_length=60,
    )  # fmt: skip


Open = tuple[str, int, int, int]  # text, branches open, atoms, atom that opened ring 1


def grown(start: Open, most: int, ends: Ends, room: int = 0, *, barred: bool = False) -> Iterator[Open]:
    """All ways to go on in a hole over the toy's vocabulary, written out letter by letter; `(` of a fork included."""
    stack = [start]
    while stack:
        text, depth, atoms, ring = stack.pop()
        last = text[-1:]
        stands, full = last in tuple("CO1)"), atoms == most
        if full and stands and not depth and ends is Ends.FORK and (not ring or room):
            yield text + "(", 0, atoms, ring
        if full and stands and not depth and not ring and ends is not Ends.FORK:
            yield text, 0, atoms, 0
            continue
        in_last_branch = ends is Ends.RING and depth > 0 and atoms == most - 1  # the last atom is outside branches
        if not full and not in_last_branch:
            stack += [(text + atom, depth, atoms + 1, ring) for atom in "CO"]
            if last in tuple("CO1)("):
                stack.append((text + "=", depth, atoms, ring))
            if stands and not (ends is Ends.RING and atoms == most - 1):
                stack.append((text + "(", depth + 1, atoms, ring))
        if depth and stands and (not full or not ring or room):
            stack.append((text + ")", depth - 1, atoms, ring))
        after_atom = last in tuple("CO1") or (last == "=" and text[-2:-1] in tuple("CO1"))
        if after_atom and ring and atoms - ring >= 2:
            stack.append((text + "1", depth, atoms, 0))
        if after_atom and not ring and not barred and most + room - atoms >= 2:
            stack.append((text + "1", depth, atoms, atoms))


def forked(begun: int, arm: int, rest: int) -> Iterator[str]:
    """All texts C, beginning, `(`, arm, O, `)`, rest, C."""
    for head, _, atoms, ring in grown(("|", 0, 0, 0), begun, Ends.FORK, rest):
        arms = grown(("(", 0, 0, 0), arm, Ends.ATOMS, barred=ring > 0) if arm else [("(", 0, 0, 0)]
        rests = list(grown((")", 0, atoms, ring), begun + rest, Ends.ATOMS)) if rest else [(")", 0, 0, 0)]
        for (inside, *_), (behind, *_) in product(arms, rests):
            yield f"C{head[1:-1]}{inside}O{behind}C"


def check(pattern: Pattern, numbers: Sequence[int], language: set[str], rows: int) -> None:
    """Nothing but a language is drawn, q sums to 1 over it, and the weights give back the prior's mass."""
    model = network("gru", TOY)
    filled = written(model, TOY, pattern, rows, numbers)
    texts = [TOY.decode_smiles(row) for row in filled.tokens.tolist()]
    assert set(texts) <= language
    log_q = dict(zip(texts, (filled.logp - filled.log_weight).tolist(), strict=True))
    # what was never drawn is rare: its probability is one minus that of what was
    assert sum(map(math.exp, log_q.values())) == pytest.approx(1.0, abs=1e-4 if set(texts) == language else 0.005)
    tokens = torch.nn.utils.rnn.pad_sequence([torch.tensor(TOY.encode(text)) for text in language], batch_first=True)
    exact, weights = sequence_logp(model, tokens).exp().sum().item(), filled.log_weight.exp()
    assert abs(weights.mean().item() - exact) < 5 * weights.std().item() / math.sqrt(rows)


@pytest.mark.parametrize(("begun", "arm", "rest"), [(1, 0, 0), (2, 1, 0), (1, 1, 1), (1, 0, 2), (3, 0, 0)])
def test_a_fork_draws_its_whole_language_and_the_weights_give_back_the_prior(begun: int, arm: int, rest: int) -> None:
    language = set(forked(begun, arm, rest))
    if rest == 2:  # a ring that goes on across the arm
        assert "CC1(O)CC1C" in language
    check(Pattern(("C", FORK, ARM, "O", ")", REST, "C")), [begun, arm, begun + rest], language, 30_000)


def test_a_linker_that_closes_a_ring_draws_its_whole_language_and_ends_with_an_atom_or_ring_number() -> None:
    language = {f"C=1C{text[1:]}=1" for text, *_ in grown(("|", 0, 0, 0), 2, Ends.RING, barred=True)}
    language = {text.replace("=1", "1") for text in language}
    assert "C1CCC1" in language
    assert not any(")1" in text for text in language)
    check(Pattern(("C", "1", "C", RING, "1")), [2], language, 20_000)
    # a branch of its own, closed before the last atom
    some = {text for text, *_ in grown(("|", 0, 0, 0), 3, Ends.RING, barred=True)}
    assert "|C(O)C" in some
    assert "|CC(O)" not in some


@pytest.mark.parametrize("kind", NETWORKS)
def test_log_probabilities_of_forks_and_rings_are_those_of_teacher_forcing(kind: str) -> None:
    model = network(kind, WIDE)
    fork = Pattern(("c", "1", "c", "c", "c", "c", "c", "1", FORK, ARM, "-?", "c", "2", "c", "c", "n", "2", ")",
                    REST, "-?", "c", "1", "c", "c", "n", "1"))  # fmt: skip
    ring = Pattern(("c", "1", "(", RING, "-?", "2", ")", "n", "c", "1", "C", "2"))
    for pattern, numbers in ((fork, [2, 2, 4]), (fork, [1, 0, 5]), (fork, [2, 0, 2]), (ring, [6])):
        filled = written(model, WIDE, pattern, 64, numbers)
        ended = filled.log_weight > -torch.inf
        assert ended.sum() > 30
        assert torch.allclose(sequence_logp(model, filled.tokens[ended]), filled.logp[ended], atol=1e-4)
        assert (filled.log_weight[ended] <= 0).all()


def test_a_linker_of_one_atom_binds_all_three_fragments_with_the_bond_that_aromatic_atoms_need() -> None:
    pattern = Pattern(("C", FORK, ARM, "-?", "c", "1", "c", "n", "1", ")", REST, "-?", "c", "1", "c", "n", "1"))
    filled = written(network("gru", WIDE), WIDE, pattern, 200, [1, 0, 1])
    texts = {WIDE.decode_smiles(row) for row in filled.tokens.tolist()}
    assert {"CC(c1cn1)c1cn1", "Cc(-c1cn1)-c1cn1"} <= texts
    assert not {"Cc(c1cn1)c1cn1", "CC(-c1cn1)c1cn1", "Cc(-c1cn1)c1cn1"} & texts


def test_atoms_are_shared_evenly_among_beginning_arm_and_rest() -> None:
    total = torch.full((60_000,), 3)
    begun, arm = _shares(total, torch.rand((60_000, 2), generator=torch.Generator().manual_seed(0)))
    counts = {}
    for pair in zip(begun.tolist(), arm.tolist(), strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    # 3 = 1+2+0, 1+1+1, 1+0+2, 2+1+0, 2+0+1, 3+0+0: six ways, each in a sixth of the draws
    assert set(counts) == {(1, 2), (1, 1), (1, 0), (2, 1), (2, 0), (3, 0)}
    assert all(abs(count - 10_000) < 5 * math.sqrt(10_000) for count in counts.values())


def test_every_other_pattern_leaves_ring_number_1_to_the_linker() -> None:
    parts = [read_part(text, "fragment") for text in ("*CC", "*c1ccccc1", "*CO")]
    first, second = forked_patterns(parts, (0, 1, 2), Window(1, 6), 2)
    assert "1" in first.parts
    assert "1" not in second.parts
    assert "2" in second.parts


@pytest.mark.parametrize(
    "fragments",
    [("*c1ccccc1", "*N1CCOCC1", "*C(=O)O"), ("*c1ccc2ncccc2c1", "*c1ccco1", "*C1CC1"), ("*NC(=O)c1cccc(CN*)c1",)],
)
def test_linkers_from_a_prior_meet_the_conditions_and_their_texts_follow_their_spellings(
    fragments: tuple[str, ...],
) -> None:
    prior = load_prior("chembl-gru")
    sampler = from_fragments(prior, fragments, Window(4, 6))
    drawn = sampler.sample(prior.model, 12, torch.Generator().manual_seed(0), seen=set())
    fixed = sum(READ(text).GetNumAtoms() - text.count("*") for text in fragments)
    for molecule in drawn.molecules:
        assert 4 <= molecule.GetNumAtoms() - fixed <= 6
        assert len(Chem.GetMolFrags(molecule)) == 1
    assert torch.isfinite(torch.tensor(Spelled.of(sampler.patterns, prior).of_texts(drawn.smiles))).all()
    assert len(sampler.families[0].variants) == math.factorial(max(2, len(fragments)))


def test_a_ring_number_stands_only_behind_an_atom() -> None:
    for pattern in link_family(["*NC(=O)c1cccc(CN*)c1"], Window(4, 6), load_prior("chembl-gru").tokenizer).patterns:
        opens, closes = (at for at, part in enumerate(pattern.parts) if part == "2")
        before = [pattern.parts[at - 1] for at in (opens, closes)]
        assert ")" not in before
        assert sum(isinstance(part, Hole) for part in before) == 1  # one of them stands behind the linker
