"""What the learner carries over: crowded neighbourhoods, and the best molecules."""

from pathlib import Path

import numpy as np
import torch

from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior
from chemmara.language_model.tokenizer import PAD, Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.chem import canonical_smiles
from chemmara.rl.diversity_filter import DiversityFilter, ScaffoldFilterConfig, SphereFilterConfig
from chemmara.rl.replay import Replay, ReplayConfig, ReplayRow

BENZENES = ["Cc1ccccc1", "CCc1ccccc1", "CCCc1ccccc1"]


def test_the_third_molecule_of_a_scaffold_with_room_for_two_earns_nothing() -> None:
    diverse = DiversityFilter.of(ScaffoldFilterConfig(bucket=2, min_score=0.5))
    scores = diverse.filtered_scores([*BENZENES, "C1CCCCC1", "CCc1ccccn1"], np.array([0.9, 0.8, 0.95, 0.7, 0.3]))
    # benzene: two are counted, the third is one too many; cyclohexane has room; 0.3 is below min_score
    np.testing.assert_allclose(scores, [0.9, 0.8, 0.0, 0.7, 0.3])
    assert diverse.state() == ["Cc1ccccc1", "CCc1ccccc1", "C1CCCCC1"]


def test_a_molecule_counts_once_and_no_score_stays_no_score() -> None:
    diverse = DiversityFilter.of(ScaffoldFilterConfig(bucket=2, min_score=0.5))
    scores = diverse.filtered_scores(["Cc1ccccc1"] * 3 + ["CC"], np.array([0.9, 0.9, 0.9, np.nan]))
    np.testing.assert_allclose(scores, [0.9, 0.9, 0.9, np.nan])
    assert diverse.counts == {"c1ccccc1": 1}


def test_a_restored_filter_judges_as_the_old_one() -> None:
    for config in (ScaffoldFilterConfig(bucket=1), SphereFilterConfig(bucket=1, similarity=0.3)):
        old = DiversityFilter.of(config)
        old.filtered_scores([BENZENES[0], "C1CCCCC1O"], np.array([0.9, 0.9]))
        new = DiversityFilter.of(config)
        new.restore(old.state())
        later = np.array([0.9, 0.9, 0.9])
        np.testing.assert_array_equal(
            new.filtered_scores(list(BENZENES), later), old.filtered_scores(list(BENZENES), later)
        )


def test_spheres_gather_similar_molecules_and_leave_others_alone() -> None:
    diverse = DiversityFilter.of(SphereFilterConfig(bucket=1, min_score=0.5, similarity=0.3))
    scores = diverse.filtered_scores(["CCc1ccccc1", "CCCc1ccccc1", "O=C1CCCN1"], np.array([0.9, 0.9, 0.9]))
    np.testing.assert_allclose(scores, [0.9, 0.0, 0.9])


TOKENIZER = Tokenizer.of([*BENZENES, "C1CCCCC1", "C1CCNC1", "CC(N)c1ccc(O)cc1", "[NH2]=#2"])


def add(replay: Replay, smiles: list[str], scores: list[float]) -> None:
    replay.add(smiles, [[*TOKENIZER.encode(text), PAD] for text in smiles], scores, [-9.0] * len(smiles))


def test_replay_keeps_the_best_of_each_scaffold_best_first() -> None:
    replay = Replay(ReplayConfig(keep="best-per-scaffold", capacity=2))
    add(replay, [*BENZENES, "C1CCCCC1", "C1CCNC1"], [0.5, 0.9, 0.7, 0.6, 0.0])
    assert [(entry.smiles, entry.score) for entry in replay.kept] == [("CCc1ccccc1", 0.9), ("C1CCCCC1", 0.6)]


def test_replay_of_the_best_keeps_them_whatever_their_scaffold() -> None:
    replay = Replay(ReplayConfig(keep="best", capacity=2))
    add(replay, BENZENES, [0.5, 0.9, 0.7])
    assert [entry.score for entry in replay.kept] == [0.9, 0.7]


def test_randomised_draws_are_other_texts_of_the_same_molecules_and_depend_on_the_generator_alone() -> None:
    replay = Replay(ReplayConfig(keep="best", rows=2))
    add(replay, ["CC(N)c1ccc(O)cc1"], [0.9])
    drawn = [replay.draw(torch.Generator().manual_seed(seed), TOKENIZER.encode_smiles)[0] for seed in (1, 2, 3, 1)]
    texts = [TOKENIZER.decode(row.tokens) for row in drawn]
    assert {canonical_smiles(text) for text in texts} == {"CC(N)c1ccc(O)cc1"}
    assert len(set(texts)) > 1
    assert texts[0] == texts[3]


def test_as_sampled_the_very_tokens_are_learned_again() -> None:
    replay = Replay(ReplayConfig(keep="best", smiles="sampled"))
    replay.add(["CC(N)c1ccc(O)cc1"], [TOKENIZER.encode("c1cc(O)ccc1C(C)N")], [0.9], [-7.5])
    drawn = ReplayRow(tuple(TOKENIZER.encode("c1cc(O)ccc1C(C)N")), "CC(N)c1ccc(O)cc1", 0.9, -7.5)
    assert replay.draw(torch.Generator(), TOKENIZER.encode_smiles) == [drawn]


def test_a_text_that_the_vocabulary_lacks_gives_way_to_the_sampled_tokens() -> None:
    tokenizer = Tokenizer.of(["OCC"])
    replay = Replay(ReplayConfig(keep="best"))
    replay.add(["CC(O)C"], [tokenizer.encode("OCC")], [0.9], [-5.0])  # a branch needs brackets, which are not there
    texts = {
        tokenizer.decode(replay.draw(torch.Generator().manual_seed(i), tokenizer.encode_smiles)[0].tokens)
        for i in range(9)
    }
    assert "(" not in "".join(texts)
    assert "OCC" in texts


def test_a_randomised_text_that_is_too_long_for_the_prior_gives_way_to_the_sampled_tokens(tiny_prior: Path) -> None:
    """A transformer has so many positions and no more."""
    tokenizer = load_prior(tiny_prior).tokenizer
    network = TransformerConfig(width=16, heads=2, layers=1, positions=9)
    prior = Prior("short", PriorConfig(network=network, max_length=9), tokenizer, build(network, len(tokenizer)))
    replay = Replay(ReplayConfig(keep="best"))
    short = tokenizer.encode_smiles("CC(C)Cc1ccccc1")[:8]  # it does not matter what the policy wrote
    replay.add(["CC(C)Cc1ccc(C(C)C(=O)O)cc1"], [short], [0.9], [-5.0])
    (row,) = replay.draw(torch.Generator().manual_seed(0), prior.encode)
    assert list(row.tokens) == short
