"""Batches under way: begun before earlier ones are finished, with the scores and calls of one after the other."""

import random
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.config import parse
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.cache import remembering
from chemmara.scoring.dispatch import Crew
from chemmara.scoring.measurement import Measured, Request, UnderWay, at_once
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import handing_over

OBJECTIVE = Objective(parse(ObjectiveConfig, {"component": [{"oracle": "qed"}]}, source="x"))


class Desk:
    """An executor whose tasks are answered by hand."""

    def __init__(self) -> None:
        self.futures: dict[str, Future[Any]] = {}
        self.handed: list[str] = []

    def submit(self, measure: object, requests: list[Request]) -> "Future[Any]":
        del measure
        future: Future[Any] = Future()
        (request,) = requests
        self.futures[request.smiles] = future
        self.handed.append(request.smiles)
        return future

    def answer(self, smiles: str, value: float) -> None:
        self.futures[smiles].set_result(([Measured((value,))], 0.5))

    @property
    def crew(self) -> Crew:
        def measure(requests: list[Request]) -> tuple[list[Measured], float]:
            raise AssertionError(requests)

        return Crew(
            self.submit, measure, (ConnectionError, TimeoutError), lambda why: f"lost: {why}", Measured((np.nan,))
        )


def test_two_batches_by_hand() -> None:
    # Limit 4. The first batch has CCO and CCN (calls 1, 2). The second, begun before the first is finished, has CCN
    # (under way: no call, and its score is that of call 2), CCC (call 3), CCCC (call 4) and CCCCC (one too many).
    desk = Desk()
    budget = Budgeted(OBJECTIVE, desk.crew.hand_over, limit=4)
    budget.begin(["OCC", "CCN"])
    budget.begin(["NCC", "CCC", "bad", "CCCC", "CCCCC"])
    assert desk.handed == ["CCO", "CCN", "CCC", "CCCC"]
    assert (budget.used, budget.under_way, budget.left) == (0, 4, 0)
    desk.answer("CCC", 0.3)  # the later batch first
    desk.answer("CCCC", 0.4)
    assert not budget.ready(0.0)
    assert budget.answers() == {"CCC": Measured((0.3,)), "CCCC": Measured((0.4,))}
    desk.answer("CCO", 0.1)
    desk.answer("CCN", 0.2)
    assert budget.ready(0.0)
    first = budget.finish()
    assert (first.call.tolist(), first.total.tolist()) == ([1, 2], [0.1, 0.2])
    assert (budget.used, budget.under_way, budget.left) == (2, 2, 0)
    second = budget.finish()
    assert second.call.tolist() == [2, 3, 0, 4, 0]
    np.testing.assert_array_equal(second.total, [0.2, 0.3, np.nan, 0.4, np.nan])
    assert second.error[-1] == "budget spent"
    assert (budget.used, budget.under_way, budget.left) == (4, 0, 0)


def test_scores_at_once_are_refused_while_a_batch_is_under_way() -> None:
    budget = Budgeted(OBJECTIVE, Desk().crew.hand_over, limit=4)
    budget.begin(["CCO"])
    with pytest.raises(ValueError, match="1 batches are under way"):
        budget(["CCN"])


molecules = st.lists(st.sampled_from(["C" * n for n in range(1, 12)] + ["OC", "CO", "bad", ""]), max_size=12)


@given(
    st.lists(molecules, min_size=1, max_size=6), st.integers(1, 8), st.integers(0, 4), st.randoms(use_true_random=False)
)
def test_batches_ahead_have_the_scores_and_calls_of_one_after_the_other(
    batches: list[list[str]], limit: int, ahead: int, chance: random.Random
) -> None:
    """In whatever order values come: no molecule is handed over twice, and the limit holds at every moment."""

    def measure(requests: list[Request]) -> list[Measured]:
        return [Measured((len(request.smiles) / 100,)) for request in requests]

    plain, desk = Budgeted(OBJECTIVE, at_once(measure), limit), Desk()
    budget, waiting, found = Budgeted(OBJECTIVE, desk.crew.hand_over, limit), deque(batches), []
    begun = 0
    while begun or waiting:
        while waiting and begun <= ahead:
            budget.begin(waiting.popleft())
            begun += 1
            assert budget.used + budget.under_way == len(desk.handed) <= limit
        unanswered = [smiles for smiles in desk.handed if not desk.futures[smiles].done()]
        chance.shuffle(unanswered)
        for smiles in unanswered:
            desk.answer(smiles, len(smiles) / 100)
            if budget.ready(0.0):
                break
        found.append(budget.finish())
        begun -= 1
    assert len(desk.handed) == len(set(desk.handed))
    for batch, scores in zip(batches, found, strict=True):
        alone = plain(batch)
        np.testing.assert_array_equal(scores.call, alone.call)
        np.testing.assert_array_equal(scores.total, alone.total)
        assert scores.error == alone.error


def test_a_lost_molecule_is_handed_over_once_more_and_a_late_one_is_not() -> None:
    desk = Desk()
    under_way = desk.crew.hand_over([Request("C"), Request("CC"), Request("CCC")])
    desk.futures["C"].set_exception(ConnectionError("died"))
    desk.futures["CC"].set_exception(TimeoutError("late"))
    assert under_way.answers() == {}  # failures wait until the batch is waited for
    assert not under_way.ready(0.0)
    assert desk.handed == ["C", "CC", "CCC", "C"]
    desk.answer("CCC", 0.3)
    assert set(under_way.answers()) == {"CC", "CCC"}
    desk.futures["C"].set_exception(ConnectionError("died again"))
    first, second, third = under_way.result()
    assert (first.error, second.error, third) == ("lost: died again", "lost: late", Measured((0.3,)))
    assert np.isnan(first.values + second.values).all()


def test_another_error_ends_the_wait_but_not_a_look_at_what_has_come() -> None:
    desk = Desk()
    under_way = desk.crew.hand_over([Request("C"), Request("CC")])
    desk.futures["C"].set_exception(RuntimeError("a bug"))
    assert under_way.answers() == {}
    with pytest.raises(RuntimeError, match="a bug"):
        under_way.ready(60.0)  # at once, though CC has not come


def test_through_a_cache_only_what_is_missing_is_handed_over_and_what_comes_is_kept(tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "cache.sqlite"
    with remembering(OBJECTIVE, desk.crew.hand_over, path) as hand_over:
        under_way: UnderWay = hand_over([Request("C"), Request("CC")])
        desk.answer("CC", 0.2)
        assert under_way.answers() == {"CC": Measured((0.2,))}
        desk.answer("C", 0.1)
        assert under_way.ready(0.0)
        assert under_way.result() == [Measured((0.1,)), Measured((0.2,))]
        again = hand_over([Request("CCC"), Request("CC")])
        assert desk.handed == ["C", "CC", "CCC"]
        assert again.answers() == {"CC": Measured((0.2,))}
        desk.answer("CCC", 0.3)
        assert again.result() == [Measured((0.3,)), Measured((0.2,))]


def test_what_has_come_is_in_the_cache_before_the_rest_of_the_batch_has(tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "cache.sqlite"
    with remembering(OBJECTIVE, desk.crew.hand_over, path) as hand_over:
        under_way = hand_over([Request("C"), Request("CC")])
        desk.answer("CC", 0.2)
        assert not under_way.ready(0.0)  # C has not come, and the run is lost
    with remembering(OBJECTIVE, desk.crew.hand_over, path) as hand_over:
        again = hand_over([Request("CC")])
        assert again.ready(0.0)
        assert again.result() == [Measured((0.2,))]
    assert desk.handed == ["C", "CC"]


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_give_the_values_of_this_one(workers: int, drugs: dict[str, str]) -> None:
    requests = [Request(smiles) for smiles in drugs.values()]
    with handing_over(OBJECTIVE, WorkerLimits(workers=workers)) as hand_over:
        first, second = hand_over(requests[:5]), hand_over(requests[5:])
        assert second.result() + first.result() == OBJECTIVE.measure(requests[5:] + requests[:5])
