"""What the learner carries over: crowded neighbourhoods, and the best molecules."""

from pathlib import Path

import numpy as np
import torch

from chemmara.language_model.build import build
from chemmara.language_model.checkpoint import Prior, PriorConfig, load_prior
from chemmara.language_model.sampling import pad
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.chem import canonical_smiles
from chemmara.rl.diversity_filter import DiversityFilter, ScaffoldFilterConfig, SphereFilterConfig
from chemmara.rl.replay import Replay, ReplayConfig
from chemmara.rl.row_sources import replayed, rewritten
from chemmara.rl.rows import Rows, together

BENZENES = ["Cc1ccccc1", "CCc1ccccc1", "CCCc1ccccc1"]


def test_the_third_molecule_of_a_scaffold_with_room_for_two_earns_nothing() -> None:
    diverse = DiversityFilter.of(ScaffoldFilterConfig(bucket=2, min_score=0.5))
    scores = diverse.filtered_scores([*BENZENES, "C1CCCCC1", "CCc1ccccn1"], np.array([0.9, 0.8, 0.95, 0.7, 0.3]))
    # benzene: two are counted, the third is one too many; cyclohexane has room; 0.3 is below min_score
    np.testing.assert_allclose(scores, [0.9, 0.8, 0.0, 0.7, 0.3])
    assert diverse.members == {"Cc1ccccc1": "c1ccccc1", "CCc1ccccc1": "c1ccccc1", "C1CCCCC1": "C1CCCCC1"}


def test_a_molecule_counts_once_and_no_score_stays_no_score() -> None:
    diverse = DiversityFilter.of(ScaffoldFilterConfig(bucket=2, min_score=0.5))
    scores = diverse.filtered_scores(["Cc1ccccc1"] * 3 + ["CC"], np.array([0.9, 0.9, 0.9, np.nan]))
    np.testing.assert_allclose(scores, [0.9, 0.9, 0.9, np.nan])
    assert diverse.counts == {"c1ccccc1": 1}


def test_an_invalid_smiles_takes_no_molecules_place() -> None:
    """Acyclic molecules share the empty scaffold; an invalid SMILES is written '' and has none, even counted from 0."""
    diverse = DiversityFilter.of(ScaffoldFilterConfig(bucket=1, min_score=0.0))
    scores = diverse.filtered_scores(["", "", "CCO", "CCN"], np.array([0.0, 0.0, 0.9, 0.8]))
    np.testing.assert_allclose(scores, [0.0, 0.0, 0.9, 0.0])
    assert diverse.members == {"CCO": ""}


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


def rows(smiles: list[str], scores: list[float], texts: list[str] | None = None) -> Rows:
    texts = texts or smiles
    tokens = pad([TOKENIZER.encode(text) for text in texts])
    logp = np.arange(len(smiles), dtype=float)
    return Rows(tokens, smiles, texts, np.array(scores), -20 - logp, -10 - logp)


def a_prior(tokenizer: Tokenizer, positions: int = 60) -> Prior:
    network = TransformerConfig(width=16, heads=2, layers=1, positions=positions)
    config = PriorConfig(network=network, max_length=positions)
    return Prior("small", config, tokenizer, build(network, len(tokenizer)))


def test_a_full_scaffold_leaves_the_replay_and_does_not_come_back() -> None:
    diverse, replay = DiversityFilter.of(ScaffoldFilterConfig(bucket=2)), Replay(ReplayConfig(keep="best"))
    smiles, scores = [*BENZENES[:2], "C1CCCCC1"], [0.9, 0.8, 0.7]
    replay.add(rows(smiles, diverse.filtered_scores(smiles, np.array(scores)).tolist()))
    replay.forget(diverse.full)  # benzene's bucket of 2 is full
    assert [entry.smiles for entry in replay.kept] == ["C1CCCCC1"]
    replay.add(rows(BENZENES[2:], diverse.filtered_scores(BENZENES[2:], np.array([0.95])).tolist()))
    assert [entry.smiles for entry in replay.kept] == ["C1CCCCC1"]


def test_replay_keeps_the_best_of_each_scaffold_best_first() -> None:
    replay = Replay(ReplayConfig(keep="best-per-scaffold", capacity=2))
    replay.add(rows([*BENZENES, "C1CCCCC1", "C1CCNC1"], [0.5, 0.9, 0.7, 0.6, 0.0]))
    assert [(entry.smiles, entry.score) for entry in replay.kept] == [("CCc1ccccc1", 0.9), ("C1CCCCC1", 0.6)]


def test_replay_of_the_best_keeps_them_whatever_their_scaffold() -> None:
    replay = Replay(ReplayConfig(keep="best", capacity=2))
    replay.add(rows(BENZENES, [0.5, 0.9, 0.7]))
    assert [entry.score for entry in replay.kept] == [0.9, 0.7]


def test_drawn_by_score_a_molecule_comes_as_often_as_its_score_says() -> None:
    replay = Replay(ReplayConfig(keep="best", draw="by-score"))
    replay.add(rows([BENZENES[0], BENZENES[1], "C1CCCCC1"], [0.6, 0.3, 0.1]))
    generator = torch.Generator().manual_seed(0)
    drawn = [replay.draw(1, generator)[0].score for _ in range(2000)]
    for score in (0.6, 0.3, 0.1):  # a share of .6 of 2,000 draws has a standard error of .011
        assert abs(drawn.count(score) / 2000 - score) < 0.04
    assert len(replay.draw(9, generator)) == 3


def test_as_sampled_the_very_tokens_are_learned_again() -> None:
    replay = Replay(ReplayConfig(keep="best"))
    replay.add(rows(["CC(N)c1ccc(O)cc1"], [0.9], ["c1cc(O)ccc1C(C)N"]))
    found = replayed(replay.draw(5, torch.Generator()), torch.device("cpu"))
    assert (found.smiles, found.texts) == (["CC(N)c1ccc(O)cc1"], ["c1cc(O)ccc1C(C)N"])
    assert found.tokens.tolist() == [TOKENIZER.encode("c1cc(O)ccc1C(C)N")]
    assert (found.filtered_scores, found.prior_logp, found.behaviour_logp) == ([0.9], [-20.0], [-10.0])


def test_rewritten_rows_are_other_texts_of_the_same_molecules_and_depend_on_the_generator_alone() -> None:
    batch = rows(["CC(N)c1ccc(O)cc1", ""], [0.9, 0.0], ["CC(N)c1ccc(O)cc1", "C1"])
    found = [rewritten(a_prior(TOKENIZER), batch, torch.Generator().manual_seed(seed)) for seed in (1, 2, 3, 1)]
    texts = [rows.texts[0] for rows in found]
    assert {canonical_smiles(text) for text in texts} == {"CC(N)c1ccc(O)cc1"}
    assert len(set(texts)) > 1
    assert texts[0] == texts[3]
    assert {rows.texts[1] for rows in found} == {"C1"}  # no molecule: as it was
    assert np.isnan(found[0].behaviour_logp[0])  # no policy sampled it
    assert found[0].behaviour_logp[1] == -11.0


def test_a_text_that_the_vocabulary_lacks_gives_way_to_the_sampled_tokens() -> None:
    tokenizer = Tokenizer.of(["OCC"])
    tokens = pad([tokenizer.encode("OCC")])  # a branch needs brackets, which are not there
    batch = Rows(tokens, ["CC(O)C"], ["OCC"], np.array([0.9]), np.array([-20.0]), np.array([-10.0]))
    found = [rewritten(a_prior(tokenizer), batch, torch.Generator().manual_seed(i)) for i in range(9)]
    texts = {rows.texts[0] for rows in found}
    assert "(" not in "".join(texts)
    assert "OCC" in texts


def test_a_randomised_text_that_is_too_long_for_the_prior_gives_way_to_the_sampled_tokens(tiny_prior: Path) -> None:
    """A transformer has so many positions and no more."""
    tokenizer = load_prior(tiny_prior).tokenizer
    short = tokenizer.encode_smiles("CC(C)Cc1ccccc1")[:8]  # it does not matter what the policy wrote
    batch = Rows(
        pad([short]), ["CC(C)Cc1ccc(C(C)C(=O)O)cc1"], ["x"], np.array([0.9]), np.array([-5.0]), np.array([-5.0])
    )
    found = rewritten(a_prior(tokenizer, positions=9), batch, torch.Generator().manual_seed(0))
    assert found.tokens.tolist() == [short]


def test_parts_put_together_keep_their_rows() -> None:
    first, second = rows(BENZENES, [0.1, 0.2, 0.3]), rows(["CC(N)c1ccc(O)cc1"], [0.9])
    both = together([first, second])
    assert both.smiles == [*first.smiles, *second.smiles]
    assert both.filtered_scores.tolist() == [0.1, 0.2, 0.3, 0.9]
    assert [TOKENIZER.decode(ids) for ids in both.tokens.tolist()] == both.smiles
