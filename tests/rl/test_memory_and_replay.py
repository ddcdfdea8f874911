"""What the learner remembers: crowded neighbourhoods, and the best molecules."""

import numpy as np
import torch

from chemmara.language_model.tokenizer import PAD, Tokenizer
from chemmara.molecules.chem import canonical_smiles
from chemmara.rl.memory import DiversityMemory, ScaffoldMemoryConfig, SphereMemoryConfig
from chemmara.rl.replay import Drawn, Replay, ReplayConfig

BENZENES = ["Cc1ccccc1", "CCc1ccccc1", "CCCc1ccccc1"]


def test_the_third_molecule_of_a_scaffold_with_room_for_two_earns_nothing() -> None:
    memory = DiversityMemory.of(ScaffoldMemoryConfig(bucket=2, threshold=0.5))
    scores = memory.filter([*BENZENES, "C1CCCCC1", "CCc1ccccn1"], np.array([0.9, 0.8, 0.95, 0.7, 0.3]))
    # benzene: two remembered, the third is one too many; cyclohexane has room; 0.3 is below the threshold
    np.testing.assert_allclose(scores, [0.9, 0.8, 0.0, 0.7, 0.3])
    assert memory.state() == ["Cc1ccccc1", "CCc1ccccc1", "C1CCCCC1"]


def test_a_molecule_counts_once_and_no_score_stays_no_score() -> None:
    memory = DiversityMemory.of(ScaffoldMemoryConfig(bucket=2, threshold=0.5))
    scores = memory.filter(["Cc1ccccc1"] * 3 + ["CC"], np.array([0.9, 0.9, 0.9, np.nan]))
    np.testing.assert_allclose(scores, [0.9, 0.9, 0.9, np.nan])
    assert memory.counts == {"c1ccccc1": 1}


def test_a_restored_memory_judges_as_the_old_one() -> None:
    for config in (ScaffoldMemoryConfig(bucket=1), SphereMemoryConfig(bucket=1, similarity=0.3)):
        old = DiversityMemory.of(config)
        old.filter([BENZENES[0], "C1CCCCC1O"], np.array([0.9, 0.9]))
        new = DiversityMemory.of(config)
        new.restore(old.state())
        later = np.array([0.9, 0.9, 0.9])
        np.testing.assert_array_equal(new.filter(list(BENZENES), later), old.filter(list(BENZENES), later))


def test_spheres_gather_similar_molecules_and_leave_others_alone() -> None:
    memory = DiversityMemory.of(SphereMemoryConfig(bucket=1, threshold=0.5, similarity=0.3))
    scores = memory.filter(["CCc1ccccc1", "CCCc1ccccc1", "O=C1CCCN1"], np.array([0.9, 0.9, 0.9]))
    np.testing.assert_allclose(scores, [0.9, 0.0, 0.9])


TOKENIZER = Tokenizer.of([*BENZENES, "C1CCCCC1", "C1CCNC1", "CC(N)c1ccc(O)cc1", "[NH2]=#2"])


def add(replay: Replay, smiles: list[str], scores: list[float]) -> None:
    replay.add(smiles, [[*TOKENIZER.encode(one), PAD] for one in smiles], scores, [-9.0] * len(smiles))


def test_replay_keeps_the_best_of_each_scaffold_best_first() -> None:
    replay = Replay(ReplayConfig(keep="best-per-scaffold", capacity=2))
    add(replay, [*BENZENES, "C1CCCCC1", "C1CCNC1"], [0.5, 0.9, 0.7, 0.6, 0.0])
    assert [(one.smiles, one.score) for one in replay.kept] == [("CCc1ccccc1", 0.9), ("C1CCCCC1", 0.6)]


def test_replay_of_the_best_keeps_them_whatever_their_scaffold() -> None:
    replay = Replay(ReplayConfig(keep="best", capacity=2))
    add(replay, BENZENES, [0.5, 0.9, 0.7])
    assert [one.score for one in replay.kept] == [0.9, 0.7]


def test_randomised_draws_are_other_texts_of_the_same_molecules_and_depend_on_the_generator_alone() -> None:
    replay = Replay(ReplayConfig(keep="best", rows=2))
    add(replay, ["CC(N)c1ccc(O)cc1"], [0.9])
    drawn = [replay.draw(torch.Generator().manual_seed(seed), TOKENIZER)[0] for seed in (1, 2, 3, 1)]
    texts = [TOKENIZER.decode(one.tokens) for one in drawn]
    assert {canonical_smiles(text) for text in texts} == {"CC(N)c1ccc(O)cc1"}
    assert len(set(texts)) > 1
    assert texts[0] == texts[3]


def test_as_sampled_the_very_tokens_are_learned_again() -> None:
    replay = Replay(ReplayConfig(keep="best", smiles="sampled"))
    replay.add(["CC(N)c1ccc(O)cc1"], [TOKENIZER.encode("c1cc(O)ccc1C(C)N")], [0.9], [-7.5])
    drawn = Drawn(tuple(TOKENIZER.encode("c1cc(O)ccc1C(C)N")), "CC(N)c1ccc(O)cc1", 0.9, -7.5)
    assert replay.draw(torch.Generator(), TOKENIZER) == [drawn]


def test_a_text_that_the_vocabulary_lacks_gives_way_to_the_sampled_tokens() -> None:
    tokenizer = Tokenizer.of(["OCC"])
    replay = Replay(ReplayConfig(keep="best"))
    replay.add(["CC(O)C"], [tokenizer.encode("OCC")], [0.9], [-5.0])  # a branch needs brackets, which are not there
    texts = {tokenizer.decode(replay.draw(torch.Generator().manual_seed(i), tokenizer)[0].tokens) for i in range(9)}
    assert "(" not in "".join(texts)
    assert "OCC" in texts
