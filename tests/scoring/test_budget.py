"""The budget: unique molecules, in order, and never one more than allowed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chemmara.config import parse
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.measurement import Measured, Request, at_once
from chemmara.scoring.objective import Objective, ObjectiveConfig

OBJECTIVE = Objective(parse(ObjectiveConfig, {"component": [{"oracle": "qed"}]}, source="x"))


class Counting:
    """A way to measure that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, requests: list[Request]) -> list[Measured]:
        self.asked += [request.smiles for request in requests]
        return [Measured((len(request.smiles) / 100,)) for request in requests]


def test_worked_example() -> None:
    counting = Counting()
    budget = Budgeted(OBJECTIVE, at_once(counting), limit=3)
    scores = budget(["OCC", "CCO", "C1CC", "CCN", "CCCC", "CCCCC"])
    # CCO is call 1 under both spellings, the open ring costs nothing, CCN is 2, CCCC is 3, CCCCC is one too many
    assert scores.call.tolist() == [1, 1, 0, 2, 3, 0]
    np.testing.assert_allclose(scores.total, [0.03, 0.03, np.nan, 0.03, 0.04, np.nan])
    assert scores.error[-1] == "budget spent"
    assert scores.valid.tolist() == [True, True, False, True, True, True]
    assert (budget.used, budget.left) == (3, 0)
    assert counting.asked == ["CCO", "CCN", "CCCC"]
    assert budget(["CCO", "CCCl"]).call.tolist() == [1, 0]  # a repeat is still free
    assert counting.asked == ["CCO", "CCN", "CCCC"]


molecules = st.lists(st.sampled_from(["C" * n for n in range(1, 12)] + ["OC", "CO", "bad", ""]), max_size=12)


@given(st.lists(molecules, max_size=6), st.integers(1, 8))
def test_no_call_is_spent_twice_nor_beyond_the_limit_and_calls_count_up(batches: list[list[str]], limit: int) -> None:
    counting = Counting()
    budget = Budgeted(OBJECTIVE, at_once(counting), limit)
    for batch in batches:
        before = budget.used
        scores = budget(batch)
        fresh = sorted({int(call) for call in scores.call if call > before})
        assert fresh == list(range(before + 1, budget.used + 1))
    assert len(counting.asked) == len(set(counting.asked)) == budget.used <= limit


@given(st.lists(molecules, min_size=2, max_size=6), st.integers(1, 8), st.data())
def test_a_run_gone_through_again_spends_the_same_calls_and_asks_nothing(
    batches: list[list[str]], limit: int, data: st.DataObject
) -> None:
    """Batches before `saved` are known, those after it recorded: the rest of the run must not differ."""
    saved = data.draw(st.integers(0, len(batches)))
    first = Budgeted(OBJECTIVE, at_once(Counting()), limit)
    all_scores = [first(batch) for batch in batches]
    calls = {text: row for s in all_scores for text, row in zip(s.smiles, s.call, strict=True) if row}
    order = sorted(calls, key=lambda text: calls[text])
    measured = [(text, Measured((len(text) / 100,))) for text in order]
    used = max([int(s.call.max(initial=0)) for s in all_scores[:saved]], default=0)
    counting = Counting()
    again = Budgeted(OBJECTIVE, at_once(counting), limit, known=measured[:used], recorded=dict(measured[used:]))
    for batch, before in zip(batches[saved:], all_scores[saved:], strict=True):
        scores = again(batch)
        np.testing.assert_array_equal(scores.call, before.call)
        np.testing.assert_array_equal(scores.total, before.total)
    assert counting.asked == []


def test_the_cache_changes_no_score(drugs: dict[str, str]) -> None:
    smiles = [*drugs.values(), *reversed(drugs.values())]
    cached = Budgeted(OBJECTIVE, at_once(OBJECTIVE.measure), limit=100)
    for _ in range(2):
        np.testing.assert_array_equal(cached(smiles).total, OBJECTIVE(smiles).total)
