"""Screening: which molecules it learns from, chooses and refuses, and when it stands back."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_molecule, molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.screening.config import ScreenConfig
from chemmara.screening.features import Features
from chemmara.screening.library import CandidateLibrary
from chemmara.screening.memory import Memory, rank_correlation
from chemmara.screening.screening import Choice, Screening
from chemmara.screening.targets import CostlyTargets, ScoreTarget
from tests.conftest import DRUGS
from tests.rl.test_finetune import scored

NAN = float("nan")
CHAINS = ["C" * n + tail for tail in ("O", "N", "Cl", "c1ccccc1") for n in range(1, 26)]
BY_LENGTH = scored(lambda _, text: len(text) / 40)
RNG = np.random.default_rng(0)


def measured(smiles: list[str], screening: Screening, choice: Choice | None = None) -> float:
    """Have molecules measured by their length, and taken in."""
    scores = BY_LENGTH(smiles)
    scores.call[:] = np.arange(1, len(smiles) + 1)
    return screening.learn(scores, choice)


def screening_of(**settings: object) -> Screening:
    config = ScreenConfig.model_validate({"start": 20, "trained_on": 40, **settings})
    return Screening.of(config, None, 0.6)


def test_the_model_learns_from_the_best_half_and_the_latest_of_the_others() -> None:
    memory = Memory(4)
    for smiles, score in zip("abcdefg", (0.9, 0.1, NAN, 0.8, 0.2, 0.3, 0.4), strict=True):
        memory.add(smiles, score, [score])
    # best two: a and d; of b, e, f, g the latest two; c has no score
    molecules, targets = memory.to_learn_from()
    assert molecules == ["a", "d", "f", "g"]
    assert targets[:, 0].tolist() == [0.9, 0.8, 0.3, 0.4]
    assert set(memory.values) == set("abcdefg")


@given(st.lists(st.one_of(st.floats(0, 1), st.just(NAN)), max_size=40), st.integers(1, 12))
def test_memory_is_what_a_look_at_everything_would_choose(values: list[float], most: int) -> None:
    memory, again = Memory(most), Memory(most)
    for number, value in enumerate(values):
        memory.add(str(number), value, [value])
    known = [n for n, value in enumerate(values) if not np.isnan(value)]
    best = sorted(known, key=lambda n: -values[n])[: most // 2]
    latest = [n for n in known if n not in best]
    expected = best + latest[max(0, len(latest) - (most - len(best))) :]
    assert memory.to_learn_from()[0] == [str(n) for n in expected]
    again.restore(json.loads(json.dumps(memory.state())))
    assert again.to_learn_from()[0] == memory.to_learn_from()[0]
    assert again.learnable == memory.learnable == len(known)


def test_what_only_a_share_of_is_wanted_is_chosen_last() -> None:
    screening = screening_of(price=0.0)
    measured(CHAINS[::4], screening)
    whole = screening.choose({"policy": CHAINS}, 10, RNG)
    candidates = packed_fingerprints(molecules_of(whole.candidates))
    unwanted = packed_fingerprints(molecules_of(whole.smiles))

    def share(packed: np.ndarray) -> np.ndarray:
        assert np.array_equal(packed, candidates)
        return np.array([0.0 if (row == unwanted).all(axis=1).any() else 1.0 for row in packed])

    others = screening.choose({"policy": CHAINS}, 10, RNG, share=share)
    assert others.candidates == whole.candidates
    assert not set(others.smiles) & set(whole.smiles)


def test_it_begins_with_as_many_molecules_as_it_is_given_and_then_prefers_what_scores() -> None:
    screening = screening_of(price=0.0)
    first = screening.choose({"policy": [*CHAINS[::4], "", CHAINS[0]]}, 5, RNG)
    assert (first.smiles, first.active) == (CHAINS[::4][:5], False)
    assert np.isnan(first.predicted).all()
    measured(CHAINS[::4], screening, first)  # 25 of 100, lengths of 2 to 33
    choice = screening.choose({"policy": CHAINS}, 10, RNG)
    assert choice.active
    assert (len(choice.candidates), choice.from_policy) == (75, 75)
    assert not set(choice.smiles) & set(CHAINS[::4])
    longest = sorted((len(smiles) for smiles in choice.candidates), reverse=True)[:10]
    assert np.mean([len(smiles) for smiles in choice.smiles]) > np.mean(longest) - 3
    assert measured(choice.smiles, screening, choice) == rank_correlation(
        choice.predicted.tolist(), [len(smiles) / 40 for smiles in choice.smiles]
    )


def test_what_is_read_already_is_chosen_as_what_is_not() -> None:
    read = {text: molecule for text, molecule in map(canonical_molecule, CHAINS[30:70]) if molecule is not None}
    choices = []
    for known in ({}, read):
        screening = screening_of()
        measured(CHAINS[:30], screening)
        choices.append(screening.choose({"policy": CHAINS[30:]}, 10, np.random.default_rng(1), read=known))
    assert choices[0].smiles == choices[1].smiles
    assert choices[0].predicted.tolist() == choices[1].predicted.tolist()


def test_a_molecule_is_chosen_once_whatever_brought_it_and_measured_ones_never() -> None:
    screening = screening_of(others=0.5)
    measured(CHAINS[:30], screening)
    sources = {"policy": CHAINS[20:40], "children": CHAINS[35:60], "library": [*CHAINS[50:], ""]}
    choice = screening.choose(sources, 12, RNG)
    assert len(set(choice.smiles)) == 12
    assert not set(choice.smiles) & set(CHAINS[:30])
    assert (len(choice.candidates), choice.from_policy) == (70, 10)
    for smiles, source in zip(choice.smiles, choice.sources, strict=True):
        assert smiles in sources[source]
        assert source == "policy" or smiles not in CHAINS[20:40]
    assert sum(source != "policy" for source in choice.sources) <= 6


def test_a_molecule_beyond_the_budget_is_not_one_that_was_measured() -> None:
    screening = screening_of()
    scores = BY_LENGTH(["CCO", "CCN"])
    scores.call[:], scores.total[1] = [7, 0], NAN
    screening.learn(scores)
    assert list(screening.memory.values) == ["CCO"]


def test_it_stands_back_where_it_predicts_nothing_and_comes_back() -> None:
    screening = screening_of()
    measured(CHAINS[:30], screening)
    assert screening.active
    noise = np.random.default_rng(1).random((128, 2)).tolist()
    screening.memory.compare((a, b) for a, b in noise)
    assert not screening.active
    choice = screening.choose({"policy": CHAINS[30:]}, 10, RNG)
    assert (choice.smiles, choice.active) == (CHAINS[30:40], False)
    assert np.isfinite(choice.predicted).all()  # so that it learns when it would have been right
    screening.memory.compare((a, a) for a, _ in noise * 3)
    assert screening.active


def test_predictions_are_ranked_when_they_are_compared_and_not_when_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked = list[int]()

    def counted(predicted: list[float], measured: list[float]) -> float:
        ranked.append(len(predicted))
        return rank_correlation(predicted, measured)

    monkeypatch.setattr("chemmara.screening.memory.rank_correlation", counted)
    memory, again = Memory(4), Memory(4)
    memory.compare((n, n) for n in range(127))
    assert (memory.predicts, ranked) == (True, [])  # too few to tell
    memory.compare([(0, 500)] * 600)
    assert [memory.predicts, memory.predicts, memory.predicts] == [False] * 3  # all alike: no correlation
    assert ranked == [512]
    again.restore(json.loads(json.dumps(memory.state())))
    assert not again.predicts


def test_one_molecule_that_scores_is_followed_where_all_others_are_alike() -> None:
    """All of the latest 128 have 0: nothing to judge predictions by. With one of .5 among what is learned from the
    model chooses; with zeros alone it stands back."""
    for best, active in ((0.5, True), (0.0, False)):
        screening = screening_of()
        for number, smiles in enumerate(CHAINS[:60]):
            score = best if number == 7 else 0.0
            screening.memory.add(smiles, score, [score])
        screening.memory.compare([(0.01 * n, 0.0) for n in range(128)])
        assert screening.active is active


def test_hits_keep_what_is_like_them_away() -> None:
    near, far = "CCCCCCCCCCCCCCCCCCCCCCCCCC", "OC1CCCCC1NC1CCCCC1NC1CCCC1"  # both long
    for price, expected in ((0.0, near), (1.0, far)):
        screening = screening_of(price=price)
        measured([smiles for smiles in CHAINS if smiles.strip("C") == "O"], screening)
        assert screening.choose({"policy": [near, far]}, 1, RNG).smiles == [expected]


@pytest.mark.parametrize("kept", [0, 60, 8000])  # none but of this step's, some, and all
def test_features_that_are_kept_are_those_of_the_molecules(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chemmara.screening.model._KEPT", kept)
    model, rng = screening_of().model, random.Random(0)
    for _ in range(6):
        known, candidates = rng.sample(CHAINS, 12), rng.sample(CHAINS, 15)
        others = [text for text in candidates if text not in known]
        read = dict(zip(others, molecules_of(others), strict=True))
        found = model._described(known, read)
        for features, smiles in zip(found, (known, others), strict=True):
            expected = Features.of(smiles)
            assert features.smiles.tolist() == smiles
            assert features.bits.toarray().tolist() == expected.bits.toarray().tolist()
            assert features.properties.tolist() == expected.properties.tolist()


@pytest.mark.parametrize("surrogate", ["gaussian-process", "random-forest", "linear"])
@pytest.mark.parametrize("choose", ["hit", "ucb", "thompson"])
def test_it_goes_on_from_its_saved_state_as_if_it_had_never_stopped(surrogate: str, choose: str) -> None:
    whole, again = (screening_of(surrogate=surrogate, choose=choose) for _ in range(2))
    measured(CHAINS[::3], whole)
    for round_ in range(3):
        again = screening_of(surrogate=surrogate, choose=choose)
        again.restore(json.loads(json.dumps(whole.state())))
        ours, theirs = (s.choose({"policy": CHAINS}, 8, np.random.default_rng(round_)) for s in (whole, again))
        assert ours.smiles == theirs.smiles
        assert ours.predicted.tolist() == theirs.predicted.tolist()
        measured(ours.smiles, whole, ours)


def test_active_learning_finds_the_best_of_a_library_in_few_calls() -> None:
    # 100 molecules, 20 of them measured before: ten batches of four by the model against forty at random.
    screening = screening_of(price=0.0, choose="ucb")
    rng = np.random.default_rng(5)
    order = rng.permutation(CHAINS).tolist()
    measured(order[:20], screening)
    found = list(order[:20])
    for _ in range(5):
        choice = screening.choose({"library": order}, 8, rng)
        measured(choice.smiles[:4], screening, choice)
        found += choice.smiles[:4]
    best = sorted(CHAINS, key=len)[-15:]
    assert len(set(found) & set(best)) >= 12  # 40 at random: 6


COSTLY = ObjectiveConfig.model_validate({
    "aggregation": "geometric",
    "component": [
        {"oracle": "qed"},
        {"oracle": "npr1", "transform": {"kind": "ramp", "worst": 0.5, "best": 0.0}},
        {"oracle": "molecular_weight", "role": "filter", "transform": {"kind": "step", "low": 100.0}},
    ],
})  # fmt: skip


def test_the_true_values_of_costly_components_give_the_true_scores() -> None:
    objective = Objective(COSTLY)
    assert objective.costly.tolist() == [False, True, False]
    targets, smiles = CostlyTargets(objective), sorted(DRUGS.values())
    scores = objective(smiles)
    values = targets.of(scores)
    assert values.shape == (8, 1)
    guesses = np.stack([np.nan_to_num(values), np.nan_to_num(values)])
    assert targets.scores(scores.smiles, guesses) == pytest.approx(np.stack([scores.total] * 2), abs=1e-12)


def test_what_a_cheap_component_rules_out_is_neither_chosen_before_others_nor_learned_from() -> None:
    config = ScreenConfig(start=3, price=0.0)
    screening = Screening.of(config, Objective(COSTLY), 0.5)
    assert isinstance(screening.model.targets, CostlyTargets)
    scores = Objective(COSTLY)(["CCO", *DRUGS.values()])  # ethanol is too light, and its shape was not worked out
    scores.call[:] = np.arange(1, len(scores.smiles) + 1)
    screening.learn(scores)
    assert "CCO" not in screening.memory.to_learn_from()[0]
    choice = screening.choose({"policy": ["CCN", "OCC(N)c1ccccc1CC", "CCCN"]}, 3, RNG)
    assert choice.smiles[0] == "OCC(N)c1ccccc1CC"
    assert sorted(choice.predicted.tolist())[:2] == [0.0, 0.0]


def test_the_score_is_modelled_unless_something_is_costly() -> None:
    cheap = ObjectiveConfig.model_validate({"component": [{"oracle": "qed"}]})
    assert isinstance(Screening.of(ScreenConfig(), Objective(cheap), 0.5).model.targets, ScoreTarget)
    assert isinstance(Screening.of(ScreenConfig(models="score"), Objective(COSTLY), 0.5).model.targets, ScoreTarget)
    with pytest.raises(ChemmaraError, match='no component of the objective is; use "score"'):
        Screening.of(ScreenConfig(models="costly"), Objective(cheap), 0.5)


def test_a_library_gives_different_valid_molecules_in_canonical_form(tmp_path: Path) -> None:
    file = tmp_path / "own.smi"
    file.write_text("OCC ethanol\nOCC again\nC1CC wrong\nNCC\n", encoding="utf-8")
    library = CandidateLibrary.of(file)
    assert library is not None
    assert sorted(library.draw(10, RNG)) == ["CCN", "CCO"]
    assert len(library.draw(1, RNG)) <= 1
    with pytest.raises(ChemmaraError, match="no such file"):
        CandidateLibrary.of(tmp_path / "none.smi")
