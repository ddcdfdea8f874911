"""Niches: what is taken off near hits left behind, when a niche is left, what that may cost, and the way back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints, to_all
from chemmara.rl.candidates import Proposals
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.method import MethodConfig
from chemmara.rl.next_niche import move_on
from chemmara.rl.niches import FOUND, Niches, NichingConfig, Start
from chemmara.rl.state import load_learner, save_learner
from chemmara.rl.step_figures import choice_in_words, step_values
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import Screening
from tests.rl.test_finetune import weights
from tests.rl.test_screened_steps import Calls, counted_batches

NOTHING = Start({}, [], {})


def of_bits(*molecules: set[int]) -> np.ndarray:
    """Packed fingerprints with these bits."""
    rows = np.zeros((len(molecules), 2048), dtype=np.uint8)
    for row, bits in zip(rows, molecules, strict=True):
        row[list(bits)] = 1
    return np.packbits(rows, axis=1, bitorder="little")


def alkanes(first: int, number: int) -> list[str]:
    """Different molecules that are much alike: chains of so many carbon atoms on."""
    return ["C" * (30 + i) for i in range(first, first + number)]


def silanes(number: int) -> list[str]:
    """Different molecules that are much alike, and nothing like an alkane or a pyridine."""
    return ["[SiH3]" + "[SiH2]" * (i + 9) + "[SiH3]" for i in range(number)]


def calls(smiles: list[str], score: float | list[float], first: int) -> Scores:
    """Scores (the same, or one each) of new molecules, whose calls have the numbers from `first` on."""
    n = len(smiles)
    return Scores(smiles, np.full(n, score), {}, np.ones(n, dtype=bool), [""] * n, np.arange(first, first + n))


def test_what_a_molecule_earns_near_a_hit_left_behind_by_hand() -> None:
    niches = Niches(NichingConfig(), 0.5)
    # The hit has 10 bits. 4 of them alone: 4 / 10 = .4, nothing. 3 alone: 3 / 10, (.4 - .3) / .15 = 2/3.
    # 4 and 6 others: 4 / 16 = .25, all. No bit in common: all.
    hit = set(range(10))
    queries = of_bits(hit, set(range(4)), set(range(3)), set(range(4)) | set(range(20, 26)), {100})
    assert niches.share(queries) == pytest.approx([1, 1, 1, 1, 1])  # nothing was left behind
    niches.left = of_bits(hit)
    assert niches.share(queries) == pytest.approx([0, 0, 2 / 3, 1, 1])


def test_scores_are_taken_off_by_similarity_and_what_has_none_keeps_it() -> None:
    niches = Niches(NichingConfig(), 0.5)
    niches.left = packed_fingerprints(molecules_of(["CCCCCCCC"]))
    earned = niches.earned(["CCCCCCCC", "", "c1ccncc1", "CCCCCCCC"], np.array([0.8, 0.0, 0.6, np.nan]))
    assert earned == pytest.approx([0.0, 0.0, 0.6, np.nan], nan_ok=True)


def test_a_niche_is_left_when_its_latest_hits_are_narrow_and_the_way_is_affordable_by_hand() -> None:
    niches = Niches(NichingConfig(hits=100, circles=2), 0.5)
    assert niches.plan(2000)
    niches.saw(calls(alkanes(0, 200), 0.1, 1))  # calls 1 to 200: no hits
    assert (niches.sought, niches.due) == (True, "stay")
    niches.saw(calls(alkanes(200, 100), 0.5, 201))
    # The hundredth hit is call 300. The latest 100 hits are one circle. Another 300 of the 1,700 calls left are within
    # half of them, and within .3 x 2,000 = 600.
    assert (niches.sought, niches.cost, niches.narrow, niches.due) == (False, 300, True, "leave")
    niches.leave(NOTHING)
    assert (niches.number, len(niches.left), len(niches.own), niches.due) == (2, 100, 0, "stay")
    niches.saw(calls(["C" * 29 + "F", *alkanes(300, 50)], 0.9, 301))  # near the hits left behind: no hits of this niche
    assert len(niches.own) == 0
    rings = ["c1ccncc1" + "N" * (i + 9) for i in range(100)]
    niches.saw(calls(rings, 0.9, 352))
    # Found after 451 - 300 = 151 calls, all of which count as spent. The longest way so far is the first one's:
    # 151 + 300 <= 600, and 2 x 300 <= 2000 - 451, so that another is affordable.
    assert (niches.cost, niches.spent, niches.narrow, niches.due) == (300, 151, True, "leave")
    niches.leave(NOTHING)
    niches.saw(calls(silanes(50), 0.9, 452))
    niches.saw(calls(alkanes(500, 399), 0.0, 502))
    assert niches.due == "stay"  # 151 + 50 + 399 = 600 calls on the way
    niches.saw(calls(["N"], 0.0, 901))
    assert niches.due == "return"


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({}, "leave"),
        ({"price": 0.1}, "stay"),  # 300 calls are more than .1 x 2,000
        ({"budget": 899}, "stay"),  # 2 x 300 calls are more than the 599 left
        ({"budget": 900, "price": 0.5}, "leave"),
        ({"circles": 1}, "stay"),  # one circle is not fewer than one
        ({"hits": 101}, "stay"),  # a hundred are too few to judge
    ],
)
def test_what_keeps_the_policy_in_a_niche(change: dict[str, float], due: str) -> None:
    given = {"hits": 100, "circles": 2} | {key: value for key, value in change.items() if key != "budget"}
    niches = Niches(NichingConfig.model_validate(given), 0.5)
    niches.plan(int(change.get("budget", 2000)))
    niches.saw(calls(alkanes(0, 200), 0.1, 1))
    niches.saw(calls(alkanes(200, 100), 0.5, 201))
    assert niches.due == due


def test_different_hits_keep_the_policy_where_it_is(drugs: dict[str, str]) -> None:
    niches = Niches(NichingConfig(hits=100, circles=9), 0.5)
    niches.plan(10_000)
    niches.saw(calls(alkanes(0, 100), 0.9, 1))
    assert niches.due == "leave"
    niches.saw(calls(list(drugs.values()), 0.9, 101))
    rows = packed_fingerprints(molecules_of([*alkanes(0, 100), *drugs.values()]))[-100:]
    circles = 0
    while len(rows):
        circles, rows = circles + 1, rows[to_all(rows[0], rows) <= 0.25]
    assert circles >= 9
    assert niches.due == "stay"


def test_a_way_that_takes_half_of_what_was_left_leads_back_for_good() -> None:
    niches = Niches(NichingConfig(hits=100, price=1.0), 0.5)
    niches.plan(500)
    niches.saw(calls(alkanes(0, 100), 0.9, 1))
    before = Start({"w": torch.ones(2)}, [], {"C": 1.0})
    niches.leave(before)
    niches.saw(calls(silanes(50), 0.9, 101))
    niches.saw(calls(alkanes(100, 150), 0.0, 151))
    assert niches.due == "stay"  # 200 calls on the way, 200 left
    niches.saw(calls(["N"], 0.0, 301))
    assert niches.due == "return"
    assert niches.go_back() is before
    assert (niches.number, niches.spent, len(niches.left), len(niches.own)) == (1, 201, 0, 150)
    assert niches.due == "stay"


@pytest.mark.parametrize(("hits", "due"), [(24, "return"), (25, "stay")])
def test_a_way_as_long_as_any_before_goes_on_only_with_a_quarter_of_its_hits(hits: int, due: str) -> None:
    niches = Niches(NichingConfig(hits=100, price=1.0), 0.5)
    niches.plan(5000)
    niches.saw(calls(alkanes(0, 200), 0.1, 1))
    niches.saw(calls(alkanes(200, 100), 0.9, 201))  # the first way: 300 calls
    niches.leave(NOTHING)
    niches.saw(calls(silanes(hits), 0.9, 301))
    niches.saw(calls(alkanes(300, 299 - hits), 0.0, 301 + hits))
    assert niches.due == "stay"  # 299 calls
    niches.saw(calls(["N"], 0.0, 600))
    assert niches.due == due
    niches.saw(calls(alkanes(600, 20), 0.0, 601))  # 320 calls: 25 hits x 300 are fewer than 25 x 320
    assert niches.due == "return"


def test_what_was_left_behind_is_saved_with_the_rest() -> None:
    niches = Niches(NichingConfig(hits=100), 0.5)
    niches.plan(2000)
    niches.saw(calls(alkanes(0, 100), 0.9, 1))
    niches.leave(Start({"w": torch.ones(2)}, [], {"C": 1.0}))
    niches.saw(calls(silanes(30), 0.9, 101))
    again = Niches(NichingConfig(hits=100), 0.5)
    again.restore(niches.state(), niches.tensors())
    assert (len(again.left), again.last, len(again.own), again.on_ways) == (100, 100, 30, 30)
    assert np.array_equal(again.left, niches.left)
    assert again.go_back().pool == {"C": 1.0}
    assert np.array_equal(again.own, np.concatenate([niches.left, niches.own]))


def test_a_budget_that_grows_once_it_is_spent_lets_others_be_looked_for_again() -> None:
    niches = Niches(NichingConfig(hits=100, price=1.0), 0.5)
    niches.plan(300)
    niches.saw(calls(alkanes(0, 100), 0.9, 1))
    niches.leave(NOTHING)
    niches.saw(calls(alkanes(100, 200), 0.0, 101))
    niches.go_back()
    assert niches.due == "stay"
    assert niches.plan(3000)
    assert niches.due == "leave"


@settings(max_examples=60, deadline=None)
@given(
    ways=st.lists(st.integers(0, 400), min_size=1, max_size=8),
    price=st.floats(0.0, 1.0),
    budget=st.integers(200, 6000),
)
@example(ways=[400, 300, 300], price=0.3, budget=3000)  # 301 + 401 <= 900, but 602 + 401 > 900
def test_a_niche_is_left_only_where_another_way_is_affordable(ways: list[int], price: float, budget: int) -> None:
    niches = Niches(NichingConfig(hits=100, price=price, circles=10_000), 0.5)
    niches.plan(budget)
    call, ring = 1, iter("c1ccccc1" + "C" * i + tail for i in range(30) for tail in "NOFPSI")
    for way in ways:
        niches.saw(calls([f"[{100 + i}CH4]" for i in range(way)], 0.0, call))
        niches.own = packed_fingerprints(molecules_of([next(ring)] * 99))
        niches.saw(calls(["[He]"], 0.9, call + way))
        call += way + 1
        if niches.sought or niches.due != "leave":
            break
        assert niches.spent + niches.cost <= price * budget
        assert niches.cost <= (budget - niches.calls) / 2
        niches.leave(NOTHING)


def test_a_budget_that_grows_counts_from_where_the_old_one_is_spent() -> None:
    niches = Niches(NichingConfig(), 0.5)
    assert niches.plan(300)
    assert not niches.plan(300)
    niches.saw(calls(alkanes(0, 299), 0.0, 1))
    assert not niches.plan(500)
    assert niches.budget == 300
    niches.saw(calls(["N"], 0.0, 300))
    assert niches.plan(500)
    assert niches.budget == 500


def niching(folder: Path, **method_keys: object) -> Learner:
    """A learner on the tiny prior that leaves a niche after a hundred hits."""
    method = MethodConfig.model_validate(
        {
            "name": "mara", "batch_size": 32, "tau": 0.3, "beta": 0.1, "learning_rate": 2e-3,
            "niching": {"hits": 100, "circles": 10_000, "price": 1.0},
            "screen": {"candidates": 64, "start": 16, "price": 0.0},
            **method_keys,
        }
    )  # fmt: skip
    assert method.screen is not None
    assert method.niching is not None
    niches = Niches(method.niching, 0.1)
    niches.plan(3000)
    screening = Screening.of(method.screen, None, 0.1)
    return new_learner(load_prior(folder), load_prior(folder).model, method, 0, screening, niches=niches)


def test_hits_unlike_the_others_are_not_left_behind(drugs: dict[str, str]) -> None:
    niches = Niches(NichingConfig(), 0.5)
    niches.saw(calls([drugs["aspirin"], *alkanes(0, 120)], 0.9, 1))
    niches.leave(NOTHING)
    assert (len(niches.left), niches.last, len(niches.own)) == (120, 120, 0)
    both = packed_fingerprints(molecules_of([drugs["aspirin"], "C" * 40]))
    assert niches.share(both) == pytest.approx([1.0, 0.0])


def until_it_leaves(learner: Learner, objective: Calls) -> int:
    """Steps until the first niche is left."""
    assert learner.niches is not None
    for number in range(1, 60):
        step = learner.step(objective)
        move_on(learner)
        assert step.niche == 1
        if learner.niches.number == 2:
            return number
    raise AssertionError("no niche was left")


def test_the_next_niche_begins_from_the_prior_and_from_what_lies_away(tiny_prior: Path) -> None:
    learner, objective = niching(tiny_prior), Calls()
    until_it_leaves(learner, objective)
    niches, replay = learner.niches, learner.replay
    assert niches is not None
    assert replay is not None
    assert niches.before is not None  # whose policy is that of the run, while no other niche is found
    ended_with = learner.trained().state_dict()
    assert all(torch.equal(tensor, niches.before.policy[name]) for name, tensor in ended_with.items())
    assert not torch.equal(weights(learner.trained()), weights(learner.policy))
    assert torch.equal(weights(learner.policy), weights(learner.prior.model))
    assert not learner.optimizer.state
    assert replay.kept
    rows = packed_fingerprints(molecules_of([entry.smiles for entry in replay.kept]))
    share = niches.share(rows)
    assert (share > 0).all()
    for entry, part in zip(replay.kept, share.tolist(), strict=True):
        score, _ = learner.screening.memory.values[entry.smiles]  # type: ignore[union-attr]
        assert entry.score == pytest.approx(part * score)
    step = learner.step(objective)
    assert (step.niche, step_values(step)["niche"]) == (2, 2.0)
    assert choice_in_words(step).startswith("niche 2, ")


def test_the_next_niche_learns_from_nothing_that_lacks_the_given_parts(
    tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = niching(tiny_prior)
    monkeypatch.setattr(Proposals, "keeps", lambda self, smiles: len(smiles) % 2 == 0)  # noqa: ARG005
    until_it_leaves(learner, Calls())
    assert learner.replay is not None
    assert learner.replay.kept
    assert all(len(entry.smiles) % 2 == 0 for entry in learner.replay.kept)


def test_four_times_the_candidates_while_a_niche_is_looked_for(
    tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = counted_batches(monkeypatch)
    learner = niching(tiny_prior)
    niches, screening = learner.niches, learner.screening
    assert niches is not None
    assert screening is not None
    screening.found = 1000  # hits of niches left behind
    learner.proposals._enough(16, screening)
    assert drawn == [16] * 4
    niches.own = np.zeros((FOUND, 256), dtype=np.uint8)
    drawn.clear()
    learner.proposals._enough(16, screening)  # until 8 are different, and nothing was measured yet
    assert len(drawn) < 4


@pytest.mark.parametrize("when", ["looking", "back"])
def test_a_saved_learner_goes_on_as_if_nothing_had_happened(tiny_prior: Path, tmp_path: Path, when: str) -> None:
    learner, objective = niching(tiny_prior), Calls()
    until_it_leaves(learner, objective)
    assert learner.niches is not None
    if when == "back":
        learner.niches.begun = learner.niches.calls - 3000
        learner.niches.hit_threshold = 2.0  # nothing is a hit
        learner.step(objective)
        move_on(learner)
        assert learner.niches.over
    save_learner(tmp_path / "saved", learner, {})
    again = niching(tiny_prior)
    assert again.niches is not None
    again.niches.hit_threshold = learner.niches.hit_threshold
    load_learner(tmp_path / "saved", again)
    if when == "looking":
        assert again.niches.before is not None
        for name, tensor in learner.niches.before.policy.items():  # type: ignore[union-attr]
            assert torch.equal(again.niches.before.policy[name], tensor)
        assert again.niches.before.replay == learner.niches.before.replay  # type: ignore[union-attr]
    others = Calls()
    others.numbers = dict(objective.numbers)
    for _ in range(3):
        ours, theirs = learner.step(objective), again.step(others)
        assert ours.scores.smiles == theirs.scores.smiles
        assert ours.niche == theirs.niche
        move_on(learner)
        move_on(again)
    assert torch.equal(weights(learner.policy), weights(again.policy))


def test_a_sample_near_what_was_left_behind_earns_nothing_in_the_step(tiny_prior: Path) -> None:
    learner = niching(tiny_prior)
    assert learner.niches is not None
    learner.niches.left = packed_fingerprints(molecules_of(["CCCCCCCC"]))
    assert learner.filtered_scores(calls(["CCCCCCCC", "c1ccncc1"], 0.8, 1)).tolist() == [0.0, 0.8]


def test_children_that_are_bred_in_a_step_count_as_calls_and_hits(tiny_prior: Path) -> None:
    learner, objective = niching(tiny_prior, genetic={"parents": 4, "offspring": 8, "generations": 2}), Calls()
    niches, counted = learner.niches, 0
    assert niches is not None
    niches.hit_threshold = 0.2
    for _ in range(3):
        learner.step(objective)
        counted = sum(min(1.0, len(text) / 40) >= 0.2 for text in objective.numbers)
        assert niches.calls == len(objective.numbers)
        assert len(niches.own) == counted
    assert counted > 0


def test_on_the_way_back_the_policy_is_the_one_that_left(tiny_prior: Path) -> None:
    learner, objective = niching(tiny_prior), Calls()
    until_it_leaves(learner, objective)
    niches = learner.niches
    assert niches is not None
    assert niches.before is not None
    left = {name: tensor.clone() for name, tensor in niches.before.policy.items()}
    kept = list(niches.before.replay)
    niches.begun, niches.hit_threshold = niches.calls - 3000, 2.0
    learner.step(objective)
    move_on(learner)
    assert niches.over
    assert learner.replay is not None
    assert learner.replay.kept == kept
    for name, tensor in learner.policy.state_dict().items():
        assert torch.equal(tensor, left[name])


def test_a_hundred_hits_make_a_niche_found() -> None:
    niches = Niches(NichingConfig(), 0.5)
    niches.plan(5000)
    niches.saw(calls(alkanes(0, FOUND - 1), 0.9, 1))
    assert niches.sought
    niches.saw(calls(alkanes(FOUND - 1, 1), 0.9, FOUND))
    assert not niches.sought
    niches.saw(calls(alkanes(0, 50), 0.9, 1))  # calls that were seen before
    assert len(niches.own) == FOUND
