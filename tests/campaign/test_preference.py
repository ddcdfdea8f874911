"""`chemmara explain` where everything is known: priors and policies that are tables of strings."""

from math import log
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from chemmara.campaign.preference import Drawn, Preference, preference_between
from chemmara.campaign.strings import ENOUGH, FIRST, MOST, Strings, drawn_strings
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.molecules.chem import canonical_smiles, parse, randomised
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import REWARDS

ETHANOL = ("CCO", "OCC", "C(C)O", "C(O)C")  # all that RDKit writes of atoms in any order
METHANOL = ("CO", "OC")
NONSENSE = ("CC(", "(")  # invalid: score 0
TOKENIZER = Tokenizer("smiles", ("(", ")", "C", "O"))


class Table(nn.Module):
    """A language model that gives each of some strings its probability, and all others none."""

    def __init__(self, probabilities: dict[str, float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.rows = {tuple(TOKENIZER.encode(text)): value for text, value in probabilities.items()}

    def forward(self, tokens: Tensor) -> Tensor:
        logits = torch.full((*tokens.shape, len(TOKENIZER)), -1e9)
        for i, row in enumerate(tokens.tolist()):
            for length in range(len(row)):
                prefix = tuple(row[1 : length + 1])  # after the start token
                mass: dict[int, float] = {}
                for text, value in self.rows.items():
                    if text[:length] == prefix and len(text) > length:
                        mass[text[length]] = mass.get(text[length], 0.0) + value
                for token, value in mass.items():
                    logits[i, length, token] = log(value)
        return logits


def table(probabilities: dict[str, float], max_length: int = 20) -> Prior:
    config = PriorConfig(network=RecurrentConfig(), max_length=max_length)
    return Prior("table", config, TOKENIZER, Table(probabilities))  # type: ignore[arg-type]


def method(rewards: str = "mara", beta: float = 0.1, equal_mass: str = "string") -> MethodConfig:
    return MethodConfig.model_validate({"rewards": rewards, "beta": beta, "equal_mass": equal_mass})


PRIOR = {"CCO": 0.4, "OCC": 0.1, "C(C)O": 0.05, "C(O)C": 0.05, "CO": 0.2, "OC": 0.1, "CC(": 0.06, "(": 0.04}


def explained(rewards: str, scores: tuple[float, float], equal_mass: str = "string") -> Preference:
    prior = table(PRIOR)
    return preference_between(("CCO", "CO"), scores, prior, prior, method(rewards, 0.1, equal_mass), tau=0.5)


def test_worked_example_without_mara() -> None:
    """prior: log(.6 / .3) = log 2; score: (.9 - .7) / .1 = 2; vanilla adds nothing: predicted log 2 + 2 = 2.69."""
    found = explained("vanilla", (0.9, 0.7))
    assert found.prior == pytest.approx(log(2), abs=1e-6)
    assert found.score == pytest.approx(2.0)
    assert (found.lift, found.strings, found.clusters) == (pytest.approx(0, abs=1e-12), 0, 0)
    assert found.predicted == pytest.approx(log(2) + 2, abs=1e-6)
    assert found.observed == pytest.approx(log(2), abs=1e-6)  # the policy is the prior still


def test_worked_example_of_two_good_molecules_under_mara() -> None:
    """MARA undoes prior (log 2) and score (2), and ethanol has 4 strings, methanol 2: predicted log(4 / 2)."""
    found = explained("mara", (0.9, 0.7))
    assert found.lift == pytest.approx(-log(2) - 2, abs=1e-6)
    assert found.strings == pytest.approx(log(4 / 2))
    assert found.predicted == pytest.approx(log(2), abs=1e-6)
    assert (found.drawn[0].strings, found.drawn[1].strings) == (4, 2)
    assert "that of the numbers of SMILES +0.7" in found.words()


def test_worked_example_of_a_good_and_a_bad_molecule_under_mara() -> None:
    """Ethanol alone is good. The anchor is CCO: each of its 4 strings has .4 exp(.9 / .1), methanol .3 exp(.2 / .1).

    Predicted log(1.6 / .3) + 7 = 8.67; of that log 4 is the strings', log 2 the prior's, 7 the score's.
    """
    found = explained("mara", (0.9, 0.2))
    assert found.predicted == pytest.approx(log(1.6 / 0.3) + 7, abs=1e-6)
    assert found.strings == pytest.approx(log(4))
    assert found.lift == pytest.approx(log(1.6 / 0.3) - log(2) - log(4), abs=1e-6)


def test_equal_mass_for_molecules_cancels_the_numbers_of_strings_and_scaffolds_take_off_their_own() -> None:
    found = explained("mara", (0.9, 0.7), "molecule")
    assert found.clusters == pytest.approx(-log(4 / 2))
    assert found.predicted == pytest.approx(0, abs=1e-6)
    prior = table(PRIOR)
    scaffolds = preference_between(
        ("CCO", "CO"), (0.9, 0.7), prior, prior, method(equal_mass="scaffold"), tau=0.5, crowds=(6, 3)
    )
    # 4 strings against 2, but 6 known molecules share the scaffold of A and 3 that of B: log(4/2) - log(6/3) = 0
    assert scaffolds.clusters == pytest.approx(-log(6 / 3))
    assert scaffolds.predicted == pytest.approx(0, abs=1e-6)


probabilities = st.lists(st.floats(1e-4, 1), min_size=8, max_size=8)
score = st.sampled_from([0.0, 0.2, 0.5, 0.75, 1.0])


@given(
    probabilities, st.tuples(score, score), st.sampled_from(sorted(REWARDS)), st.sampled_from(["string", "molecule"]),
    st.floats(0.05, 1.0), st.sampled_from([0.5, 0.6]),
)  # fmt: skip
def test_of_a_policy_that_is_the_optimum_the_predicted_is_the_observed(
    weights: list[float], scores: tuple[float, float], rewards: str, equal_mass: str, beta: float, tau: float
) -> None:
    texts = (*ETHANOL, *METHANOL, *NONSENSE)
    prior = np.array(weights) / sum(weights)
    values = np.array([scores[0]] * 4 + [scores[1]] * 2 + [0.0] * 2)
    augmented = np.asarray(REWARDS[rewards](values, np.log(prior), threshold=tau, beta=beta))  # type: ignore[index]
    if equal_mass == "molecule":  # docs/methods/clusters.md: less beta log n for each good string
        augmented = augmented - beta * np.where(values >= tau, np.log([4] * 4 + [2] * 2 + [1] * 2), 0.0)
    optimum = prior * np.exp(augmented / beta - max(augmented / beta))
    found = preference_between(
        ("CCO", "CO"), scores, table(dict(zip(texts, prior, strict=True))),
        table(dict(zip(texts, optimum / optimum.sum(), strict=True))), method(rewards, beta, equal_mass), tau=tau,
    )  # fmt: skip
    assert found.predicted == pytest.approx(found.observed, abs=1e-3)
    assert found.predicted == found.prior + found.score + found.lift + found.strings + found.clusters


@given(st.permutations(["CCO", "CO"]), st.tuples(score, score))
def test_swapping_the_molecules_turns_every_part_round(smiles: list[str], scores: tuple[float, float]) -> None:
    prior = table(PRIOR)
    forwards = preference_between((smiles[0], smiles[1]), scores, prior, prior, method(), tau=0.5)
    backwards = preference_between((smiles[1], smiles[0]), scores[::-1], prior, prior, method(), tau=0.5)
    for part in ("prior", "score", "lift", "strings", "clusters", "observed", "predicted"):
        assert getattr(forwards, part) == pytest.approx(-getattr(backwards, part), abs=1e-9)


def test_drawing_stops_when_all_strings_are_met_and_leaves_out_what_the_prior_cannot_write() -> None:
    prior = table(PRIOR)
    drawn: list[int] = []
    found = drawn_strings("CCO", prior, prior, drawn.append)
    assert (len(found), found.draws, found.saturated, found.new) == (4, 2 * FIRST, True, 0.0)
    assert drawn == [FIRST, FIRST]
    assert found.times[0] == 0  # the canonical SMILES, known beforehand, is not counted as drawn
    assert (found.times[1:] > 0).all()
    assert found.sums == pytest.approx([log(0.6), log(0.6), log(4)], abs=1e-6)
    # C(C)O and C(O)C have 5 tokens and the end: sampling that is cut after 5 tokens writes neither
    assert len(drawn_strings("CCO", table(PRIOR, max_length=5), prior)) == 2
    with pytest.raises(ChemmaraError, match="CCN: unknown token 'N' at character 3"):
        drawn_strings("CCN", prior, prior)
    with pytest.raises(ChemmaraError, match="CCO: longer than the 3 tokens that table samples"):
        drawn_strings("CCO", table(PRIOR, max_length=3), prior)
    assert canonical_smiles("C(O)C") == "CCO"


def test_the_bound_of_what_was_not_drawn_by_hand() -> None:
    """Strings drawn 0 (the canonical one), 1, 1, 1 and 2 times: 3 * 2 / (2 * (1 + 1)) = 1.5 are thought missing.

    Each is as likely as those drawn once are on average, .02. The sum, .6, lacks 1.5 * .02 = .03: log(.63 / .6).
    """
    prior = np.log([0.5, 0.01, 0.02, 0.03, 0.04])
    found = Strings(prior, prior, np.array([0, 1, 1, 1, 2]), 8, np.full(3, -np.inf))
    assert found.missing == pytest.approx([log(0.63 / 0.6), log(0.63 / 0.6), log(6.5 / 5)])
    assert found.new == 3 / 8
    assert not found.saturated


def test_a_sum_that_still_grows_or_still_lacks_something_has_not_saturated() -> None:
    logp = np.log([0.5, 0.1])
    for times, before, saturated in (
        ([0, 9], [log(0.6), log(0.6), log(2)], True),
        ([0, 9], [log(0.6), log(0.5), log(2)], False),  # the policy's sum grew by log(.6 / .5) = .18
        ([0, 9], [log(0.6), log(0.6), log(1)], False),  # the number grew from 1 to 2
        ([0, 9], [log(0.6) - ENOUGH / 2, log(0.6), log(2)], True),
    ):
        assert Strings(logp, logp, np.array(times), 9, np.array(before)).saturated is saturated
    # nothing grew, but of two strings drawn once each, 2 * 1 / 2 = 1 more is thought missing
    even = np.log([0.1, 0.1])
    assert not Strings(even, even, np.array([1, 1]), 2, np.array([log(0.2), log(0.2), log(2)])).saturated


def test_what_is_missing_makes_no_molecule_likelier_than_certain() -> None:
    logp = np.log(np.full(40, 0.02))
    found = Strings(logp, logp, np.ones(40, dtype=int), 40, np.full(3, -np.inf))
    assert found.sums[0] + found.missing[0] == pytest.approx(0)  # 780 more of .02 would be 15.6
    assert found.missing[2] == pytest.approx(log(820 / 40))


def test_a_molecule_of_too_many_strings_ends_at_the_limit_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = "CC(C)(C)C(O)C(CC)C(CO)CC(C)CO"
    molecule = parse(chain)
    assert molecule is not None
    texts = {randomised(molecule, seed) for seed in range(FIRST)}
    assert len(texts) > 0.6 * FIRST
    prior = table(dict.fromkeys(texts, 1 / len(texts)), max_length=60)
    monkeypatch.setattr("chemmara.campaign.strings.MOST", FIRST)
    found = Drawn.of(drawn_strings(str(canonical_smiles(chain)), prior, prior))
    assert not found.saturated
    assert found.draws == FIRST
    assert found.strings_missing > ENOUGH
    assert 0 < found.new < 1
    assert "NOT saturated: the next is new with probability 0." in found.words()
    assert MOST > FIRST


def test_more_draws_never_make_a_molecule_less_likely(tiny_prior: Path) -> None:
    prior, before = load_prior(tiny_prior), -np.inf
    with pytest.MonkeyPatch.context() as patch:
        for most in (128, 256, 512):
            patch.setattr("chemmara.campaign.strings.MOST", most)
            found = drawn_strings("CC(=O)Nc1ccc(O)cc1", prior, prior)
            assert found.sums[0] >= before
            before = found.sums[0]
