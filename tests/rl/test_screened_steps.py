"""Steps whose molecules were screened: which rows the policy learns from, and what the log says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.sampling import Rollout
from chemmara.molecules.chem import canonical_smiles
from chemmara.rl.candidates import Proposals, chosen
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.genetic import GeneticConfig
from chemmara.rl.method import MethodConfig
from chemmara.rl.named_methods import METHODS
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import choice_in_words, step_values
from chemmara.scoring.objective import canonical_texts
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import Choice, Screening
from tests.rl.test_finetune import weights

SETTINGS = {"name": "mara", "batch_size": 16, "tau": 0.3, "beta": 0.1, "learning_rate": 2e-3}


def screened(folder: Path, screen: dict[str, object], **method: object) -> Learner:
    """A learner on the tiny prior that screens from 16 molecules on."""
    table = {"candidates": 64, "start": 16, **screen}
    settings = MethodConfig.model_validate(SETTINGS | method | {"screen": table})
    assert settings.screen is not None
    screening = Screening.of(settings.screen, None, 0.5)
    return new_learner(load_prior(folder), load_prior(folder).model, settings, 0, screening)


class Calls:
    """Scores by length; every molecule costs one call, and the calls are remembered."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.batches: list[list[str]] = []

    def __call__(self, smiles: list[str]) -> Scores:
        texts = canonical_texts(smiles)
        self.batches.append([text for text in dict.fromkeys(texts) if text and text not in self.numbers])
        for text in self.batches[-1]:
            self.numbers[text] = len(self.numbers) + 1
        valid = np.array([bool(text) for text in texts], dtype=bool)
        total = np.array([min(1.0, len(text) / 40) if text else np.nan for text in texts])
        calls = np.array([self.numbers.get(text, 0) for text in texts], dtype=np.int64)
        return Scores(texts, total, {}, valid, [""] * len(texts), calls)


def test_the_rows_of_a_screened_step_by_hand() -> None:
    # Eleven rows: two invalid, "CO" known, "CC" and "CCN" twice. Six are new, of which three are chosen: a share of .5.
    # So round(.5 * 2) = 1 invalid row and round(.5 * 2) = 1 repeat (of "CC" and "CO" the first row that repeats), at
    # most a quarter of 4. "CCN" is not chosen, and neither of its rows is scored.
    texts = ["C", "", "CC", "CO", "CCC", "", "CC", "CN", "CCN", "CCCC", "CCN"]
    own = ["C", "CC", "CCC", "CN", "CCN", "CCCC"]
    rollout = Rollout(torch.arange(11)[:, None], torch.arange(11.0), [f"as written {i}" for i in range(11)])
    choice = Choice(["CN", "CCCC", "OCC", "CC"], ["policy", "policy", "library", "policy"], np.zeros(4),
                    [*own, "OCC"], 6, active=True)  # fmt: skip
    picked = chosen(rollout, texts, choice, batch_size=4)
    assert picked.others == ["OCC"]
    assert picked.rollout.smiles == [f"as written {i}" for i in (7, 9, 2, 1, 3)]
    assert picked.rollout.tokens[:, 0].tolist() == [7, 9, 2, 1, 3]
    untouched = chosen(rollout, texts, Choice(own[:4], ["policy"] * 4, np.zeros(4), own, 6, active=False), batch_size=4)
    assert untouched.rollout is rollout


def test_before_it_begins_a_step_is_that_of_the_method_without_it(tiny_prior: Path) -> None:
    plain = MethodConfig.model_validate(SETTINGS)
    without = new_learner(load_prior(tiny_prior), load_prior(tiny_prior).model, plain, 0)
    with_it = screened(tiny_prior, {"start": 1000})
    ours, theirs = with_it.step(Calls()), without.step(Calls())
    assert ours.rollout.smiles == theirs.rollout.smiles
    assert torch.equal(weights(with_it.policy), weights(without.policy))
    assert step_values(ours)["screen_active"] == 0.0
    assert not [key for key in step_values(theirs) if key.startswith("screen")]


def test_a_screened_step_asks_for_the_best_of_many(tiny_prior: Path) -> None:
    trained, calls = screened(tiny_prior, {"price": 0.0}), Calls()
    steps = [trained.step(calls) for _ in range(12)]
    assert all(len(batch) <= 16 for batch in calls.batches)
    active = [step for step in steps if step.choice and step.choice.active]
    assert len(active) >= 8
    for step in active:
        assert step.choice is not None
        assert len(step.choice.candidates) > 16
        assert set(step.choice.smiles) <= set(step.choice.candidates)
        assert step.scores.valid.sum() <= 16 + 4  # a quarter may be repeats
        assert np.isfinite(step.updates[0].loss)
    values = [step_values(step) for step in active]
    assert np.mean([value["screen_correlation"] for value in values]) > 0.2
    words = f"16 of {len(active[-1].choice.candidates)} candidates, rank correlation {active[-1].correlation:.2f}"  # type: ignore[union-attr]
    assert [choice_in_words(step) for step in (steps[0], active[-1])] == ["", words]
    nothing = replace(active[-1], choice=replace(active[-1].choice, active=False))  # type: ignore[type-var]
    assert choice_in_words(nothing) == "not screened: the model predicts nothing"
    chosen_mean = np.mean([np.mean([len(s) for s in step.choice.smiles]) for step in active])  # type: ignore[union-attr]
    of_all = np.mean([np.mean([len(s) for s in step.choice.candidates]) for step in active])  # type: ignore[union-attr]
    assert chosen_mean > of_all + 0.5


def counted_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that the policy samples from now on."""
    drawn, whole = list[int](), Proposals._sampled

    def sample(self: Proposals, count: int) -> Rollout:
        drawn.append(count)
        return whole(self, count)

    monkeypatch.setattr(Proposals, "_sampled", sample)
    return drawn


def test_four_times_the_candidates_until_the_first_hundred_hits(
    tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = counted_batches(monkeypatch)
    for found, choose, batches in ((99, "hit", [16] * 4), (100, "hit", None), (0, "ucb", None)):
        proposals = screened(tiny_prior, {"candidates": 16, "start": 2, "choose": choose}).proposals
        assert proposals.screening is not None
        proposals.screening.learn(Calls()(["C", "O"]))
        proposals.screening.found = found
        drawn.clear()
        proposals.candidates()
        assert drawn == batches or (batches is None and len(drawn) < 4)


def test_a_policy_that_repeats_itself_samples_until_half_of_the_candidates_are_new(
    tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Four candidates, so that two new molecules are wanted; C and O were measured. The first batch has CC, the second
    # CC again, the third N: two, after twelve sequences.
    batches = [["C", "CC", "C", "C1"], ["OCC1", "CC", "O", "C"], ["N", "C", "C", "N"], ["CCC"] * 4]
    proposals = screened(tiny_prior, {"candidates": 4, "start": 2, "price": 0.0}, batch_size=2).proposals
    assert proposals.screening is not None
    proposals.screening.learn(Calls()(["C", "O"]))
    proposals.screening.found = 100  # before that it samples four times as many in any case
    sampled = iter(batches)

    def sample(self: Proposals, count: int) -> Rollout:
        del self
        return Rollout(torch.ones(count, 3, dtype=torch.int64), torch.zeros(count), next(sampled))

    monkeypatch.setattr(Proposals, "_sampled", sample)
    step = proposals.candidates()
    assert step.choice is not None
    assert step.choice.candidates == ["CC", "N"]
    # Two of two are chosen, so all invalid rows may stay (at most 2), and round(.25 * 2) = 0 repeats.
    assert sorted(step.rollout.smiles) == ["C1", "CC", "N", "OCC1"]
    sampled = iter([["C"] * 4] * 4)  # nothing new, ever: four batches are the most
    empty = proposals.candidates()
    assert empty.choice is not None
    assert (empty.choice.candidates, next(sampled, None)) == ([], None)


def test_children_and_a_library_are_candidates_that_are_learned_from_by_replay(
    tiny_prior: Path, tmp_path: Path
) -> None:
    library = tmp_path / "own.smi"
    library.write_text("\n".join("C" * n for n in range(20, 40)), encoding="utf-8")
    screen = {"children": 12, "library": str(library), "price": 0.0, "others": 0.5}
    trained, calls = screened(tiny_prior, screen, genetic={"parents": 4}, replay={"rounds": 1}), Calls()
    steps = [trained.step(calls) for _ in range(6)]
    sources = [source for step in steps if step.choice for source in step.choice.sources]
    assert {"policy", "children", "library"} == set(sources)
    for step, batch in zip(steps, calls.batches, strict=True):  # one batch a step: children wait to be chosen
        assert step.choice is not None
        assert set(step.choice.smiles) == set(batch)
    shares = [values["screen_children"] + values["screen_library"] for values in map(step_values, steps)]
    assert 0 < max(shares) <= 0.5
    assert trained.replay is not None
    kept = {entry.smiles for entry in trained.replay.kept}
    assert kept & {row for step in steps for rows in step.children for row in rows.smiles}
    assert trained.method.breeding == GeneticConfig(parents=4, offspring=12)


def test_a_library_alone_is_active_learning(tiny_prior: Path, tmp_path: Path) -> None:
    library = tmp_path / "own.smi"
    rng = np.random.default_rng(0)
    ends = ("O", "N", "Cl", "F", "Br", "S")
    molecules = [a + "C" * n + b for a in ends for b in ends if a <= b for n in range(1, 10)]
    library.write_text("\n".join(rng.permutation(molecules)), encoding="utf-8")
    screen = {"candidates": 0, "library": str(library), "others": 1.0, "price": 0.0, "choose": "ucb", "start": 32}
    trained, calls = screened(tiny_prior, screen, batch_size=8), Calls()
    steps = [trained.step(calls) for _ in range(10)]
    assert all(step.rollout.smiles == [] for step in steps)
    asked = [text for batch in calls.batches for text in batch]
    assert len(asked) == 80
    longest = {canonical_smiles(text) for text in sorted(molecules, key=len)[-30:]}
    assert len(longest & set(asked)) > 25  # 80 of 189 at random: 13


def test_a_screened_learner_goes_on_from_its_saved_state_as_if_it_had_never_stopped(
    tiny_prior: Path, tmp_path: Path
) -> None:
    def begin() -> tuple[Learner, Calls]:
        return screened(tiny_prior, {"children": 8}, genetic={"parents": 4}, replay={"rounds": 1}), Calls()

    (whole, ours), (first, theirs) = begin(), begin()
    for _ in range(3):
        whole.step(ours)
        first.step(theirs)
    save_learner(tmp_path / "state.safetensors", first, {})
    second, _ = begin()
    load_learner(tmp_path / "state.safetensors", second)
    for _ in range(3):
        assert step_values(whole.step(ours)) == pytest.approx(step_values(second.step(theirs)), nan_ok=True, abs=0)
    assert ours.batches == theirs.batches
    assert torch.equal(weights(whole.policy), weights(second.policy))


def test_screening_by_a_word_a_table_or_not_at_all() -> None:
    def screen(value: object) -> object:
        return MethodConfig.model_validate({"name": "mara", "screen": value}).screen

    assert screen(True) == screen({})
    assert screen(False) is None
    assert screen({"candidates": 128}).candidates == 128  # type: ignore[attr-defined]


@pytest.mark.parametrize("estimator", ["rloo", "reinforce", "ppo", "forward-kl", "top-likelihood"])
def test_a_policy_gradient_cannot_learn_from_chosen_rows(estimator: str) -> None:
    with pytest.raises(ValidationError, match=f"screen chooses rows, which biases {estimator}"):
        MethodConfig.model_validate({"name": "rloo", "estimator": estimator, "screen": True})


def test_other_sources_need_a_replay_through_which_they_are_learned_from() -> None:
    with pytest.raises(ValidationError, match="which are learned from through replay"):
        MethodConfig.model_validate({"name": "ahc", "screen": {"children": 64}})
    for name in METHODS:
        if "replay" in METHODS[name] and "reinforce" not in name:
            assert MethodConfig.model_validate({"name": name, "screen": {"children": 64}}).breeding is not None
