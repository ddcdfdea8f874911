"""Oracles on a Dask cluster: what serial scoring gives, also where its workers die."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chemmara.config import parse
from chemmara.errors import ChemmaraError
from chemmara.scoring.measurement import Request
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import handing_over, measuring

dask = pytest.importorskip("dask.distributed", reason="needs the extra [dask]")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # distributed's own, of ports and of sockets that a killed worker leaves
        with dask.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            yield cluster.scheduler_address


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_worker_killed_twice_changes_nothing(scheduler: str, tmp_path: Path) -> None:
    component = {
        "oracle": "python", "call": "hostile:DiesTwice", "settings": {"folder": str(tmp_path)}, "low": 0.0, "high": 1.0,
    }  # fmt: skip
    objective = Objective(parse(ObjectiveConfig, {"component": [component]}, source="x"))
    smiles = ["C" * n for n in range(1, 20)]
    with measuring(objective, WorkerLimits(scheduler=scheduler)) as measure:
        scores = objective(smiles, measure)
    assert len(list(tmp_path.iterdir())) == 2
    np.testing.assert_array_equal(scores.total, [n / 20 for n in range(1, 20)])
    assert scores.error == [""] * 19


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_was_handed_over_comes_and_what_nobody_waits_for_is_cancelled(scheduler: str) -> None:
    objective = Objective(parse(ObjectiveConfig, {"component": [{"oracle": "qed"}]}, source="x"))
    requests = [Request("C" * n) for n in range(1, 20)]
    with handing_over(objective, WorkerLimits(scheduler=scheduler)) as hand_over:
        first, _ = hand_over(requests[:12]), hand_over(requests[12:])
        assert first.result() == objective.measure(requests[:12])
        assert first.ready(0.0)


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chemmara.scoring.cluster._PATIENCE", 1)
    objective = Objective(parse(ObjectiveConfig, {"component": [{"oracle": "qed"}]}, source="x"))
    with (
        pytest.raises(ChemmaraError, match=r"scheduler tcp://127\.0\.0\.1:1: does not answer"),
        measuring(objective, WorkerLimits(scheduler="tcp://127.0.0.1:1")),
    ):
        pass
