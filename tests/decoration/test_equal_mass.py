"""MARA with given parts, on a language that is written out: every good molecule of a spelling has the same mass.

The sampler draws a spelling s evenly and a row y from policy(y) / policy(all of s). MARA's optimum is
prior(y) exp(reward(y) / beta), and reward(y) = R(z) + beta (support(z) - support(y)) for the good. Three supports:
that of the whole string, that of the tokens that the policy is free to choose, and that of the whole string less the
log-probability of its spelling, which is what `Augmentation.support` gives.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from chemmara.decoration.cores import core_family
from chemmara.decoration.pattern import Ends, Pattern
from chemmara.decoration.spelled import Spelled
from chemmara.decoration.window import Window
from chemmara.language_model.checkpoint import Prior, PriorConfig
from chemmara.language_model.sampling import next_logp, sequence_logp
from chemmara.language_model.tokenizer import END, PAD, START
from chemmara.molecules.chem import canonical_smiles, parse
from chemmara.rl.augmentation import Augmentation
from chemmara.rl.method import MethodConfig
from chemmara.rl.rows import Rows
from tests.decoration.test_weights import NETWORKS, TOY, endings, network

CORE, BETA, TAU = "*CC=O", 0.05, 0.5


@dataclass(frozen=True)
class Language:
    """Every text of every spelling of a core with one or two atoms at its place."""

    prior: Prior
    patterns: list[Pattern]
    rows: Rows
    spelling: np.ndarray  # (texts,) which of the patterns each follows
    free: np.ndarray  # (texts,) log-probability of the tokens in the hole alone


@pytest.fixture(scope="module")
def language() -> Language:
    model = network("gru", TOY)
    for weight in model.parameters():
        weight.data *= 3.0  # from nearly even to as decided as a trained network
    prior = Prior("toy", PriorConfig(network=NETWORKS["gru"], max_length=40), TOY, model)
    family = core_family(CORE, [Window(1, 2)], TOY)
    texts, spelling, holes = [], [], []
    for number, pattern in enumerate(family.patterns):
        (hole,) = pattern.holes
        for inner in endings(2, ")" if hole.ends is Ends.BRANCH else ""):
            text = "".join(inner if part is hole else str(part) for part in pattern.parts)
            molecule = parse(text)
            if molecule is not None and family.keeps(molecule):
                before = sum(1 for part in pattern.parts[: pattern.parts.index(hole)])
                texts.append(text)
                spelling.append(number)
                holes.append((before, before + len(inner) + (hole.ends is Ends.STRING)))
    tokens = torch.nn.utils.rnn.pad_sequence([torch.tensor(TOY.encode(text)) for text in texts], batch_first=True)
    smiles = [canonical_smiles(text) or "" for text in texts]
    scores = np.array([{"COCC=O": 0.9, "CCCC=O": 0.8}.get(text, 0.8 if "=O" in text[-2:] else 0.2) for text in smiles])
    scores[[text.count("O") > 2 or "=C" in text for text in smiles]] = 0.2
    logp = sequence_logp(model, tokens).detach().numpy().astype(float)
    start = torch.full((len(tokens), 1), START)
    each = next_logp(model(torch.cat([start, tokens[:, :-1]], 1))).gather(2, (tokens - END).clamp(min=0)[..., None])
    free = [row[first:last].sum().item() for row, (first, last) in zip(each[..., 0], holes, strict=True)]
    assert (tokens != PAD).sum(1).max() < 40
    rows = Rows(tokens, smiles, texts, scores, logp, np.full(len(texts), np.nan))
    return Language(prior, family.patterns, rows, np.array(spelling), np.array(free))


def augmentation(language: Language, *, by_spelling: bool) -> Augmentation:
    method = MethodConfig.model_validate({"name": "mara", "beta": BETA, "tau": TAU})
    spelled = Spelled.of(language.patterns, language.prior) if by_spelling else None
    return Augmentation.of(method, torch.Generator(), spelled)


def optimum(language: Language, rows: Rows, *, by_spelling: bool) -> np.ndarray:
    """log of MARA's optimum for each text, but for a constant; of `rows`, whose support decides on the rewards."""
    augmented = augmentation(language, by_spelling=by_spelling)
    rewards = augmented.rewards(rows, TAU, augmented.anchor([rows], TAU))
    return language.rows.prior_logp + rewards / BETA


def drawn(language: Language, log_policy: np.ndarray) -> np.ndarray:
    """Share of each text among the rows of its spelling, under the sampler."""
    mass = np.exp(log_policy - log_policy.max())
    return mass / np.bincount(language.spelling, mass)[language.spelling]


def unevenness(language: Language, share: np.ndarray) -> float:
    """Largest ratio between two good texts of one spelling."""
    good = language.rows.filtered_scores >= TAU
    ratios = [
        share[good & (language.spelling == number)].max() / share[good & (language.spelling == number)].min()
        for number in range(len(language.patterns))
    ]
    return max(ratios)


def test_every_good_text_of_a_spelling_has_the_same_mass_under_maras_optimum(language: Language) -> None:
    share = drawn(language, optimum(language, language.rows, by_spelling=True))
    assert unevenness(language, share) == pytest.approx(1.0, abs=1e-9)
    assert unevenness(language, drawn(language, language.rows.prior_logp)) > 2  # the prior's own preference


def test_the_spellings_keep_the_mass_that_they_have_under_the_prior(language: Language) -> None:
    """So that nothing is learned of the forced tokens; with whole strings the spellings are levelled too."""
    good = language.rows.filtered_scores >= TAU
    level = {}
    for by_spelling in (True, False):
        gain = optimum(language, language.rows, by_spelling=by_spelling) - language.rows.prior_logp
        means = [gain[good & (language.spelling == number)].mean() for number in range(len(language.patterns))]
        level[by_spelling] = max(means) - min(means)
    assert level[True] < 0.5 * level[False]


def test_with_the_free_tokens_alone_the_law_would_not_hold(language: Language) -> None:
    free = replace(language.rows, prior_logp=language.free)
    share = drawn(language, optimum(language, free, by_spelling=False))
    assert unevenness(language, share) > 1.2
    whole = drawn(language, optimum(language, language.rows, by_spelling=False))
    assert unevenness(language, whole) == pytest.approx(1.0, abs=1e-9)


def test_equal_mass_for_molecules_divides_by_the_texts_of_each(language: Language) -> None:
    # CCCC=O is written with CC and with C(C) in the hole: two texts of each spelling; without the term twice the mass
    method = MethodConfig.model_validate({"name": "mara", "beta": BETA, "tau": TAU, "equal_mass": "molecule"})
    augmented = Augmentation.of(method, torch.Generator(), Spelled.of(language.patterns, language.prior))
    rows = language.rows
    rewards = augmented.rewards(rows, TAU, augmented.anchor([rows], TAU))
    share = drawn(language, rows.prior_logp + rewards / BETA)
    good = {smiles for smiles, score in zip(rows.smiles, rows.filtered_scores, strict=True) if score >= TAU}
    masses = [share[[text == smiles for text in rows.smiles]].sum() for smiles in sorted(good)]
    assert masses == pytest.approx([masses[0]] * len(masses), rel=1e-6)


def test_a_text_that_follows_no_spelling_has_the_mean_support_of_the_others(language: Language) -> None:
    augmented = augmentation(language, by_spelling=True)
    spelled = augmented.spelled
    assert spelled is not None
    first = language.rows.texts[0]
    # the spelling with one carbon in its hole has, by definition, its own log-probability: support 0
    carbon = next(i for i, text in enumerate(language.rows.texts) if re.fullmatch(r"O=CCC", text))
    assert augmented.support(language.rows)[carbon] == pytest.approx(0.0, abs=1e-5)
    assert np.isnan(spelled.of_texts(["OO", first])).tolist() == [True, False]
    keep = np.arange(3)
    rows = language.rows.chosen(keep)
    strange = replace(rows, texts=["OO", *rows.texts[1:]])
    support = augmented.support(strange)
    assert support[0] == pytest.approx(support[1:].mean())
    nothing = replace(rows, texts=["OO"] * 3)
    assert augmented.support(nothing, otherwise=-7.0).tolist() == [-7.0] * 3
