"""Worker processes: the same values as in one process, and a hostile oracle that costs its own molecules only."""

import math
from pathlib import Path

import numpy as np
import pytest
from hostile import BEYOND, CRASH, EXIT, GREEDY, HANG, LEAVE, NOTHING, RAISE, TEXT

from chemmara.config import parse
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import measuring

GOOD = ["C" * n for n in range(1, 6)] + ["C" * n + "O" for n in range(6, 15)]


def hostile(**changes: object) -> Objective:
    component = {"oracle": "python", "call": "hostile:score", "low": 0.0, "high": 1.0, "cost_ms": 1.0, **changes}
    return Objective(parse(ObjectiveConfig, {"aggregation": "arithmetic", "component": [component]}, source="x"))


def test_a_pool_gives_the_values_of_one_process_to_the_bit(drugs: dict[str, str]) -> None:
    tables = {
        "component": [
            {"oracle": "qed"},
            {"oracle": "similarity", "references": ["CCO"]},
            {"oracle": "alerts", "transform": {"kind": "value_map", "values": {"0": 1.0}}},
        ]
    }
    objective = Objective(parse(ObjectiveConfig, tables, source="x"))
    smiles = [*drugs.values(), "broken", *drugs.values(), *("C" * n + drug for n in range(1, 9) for drug in GOOD)]
    serial = objective(smiles)
    with measuring(objective, WorkerLimits(workers=2)) as measure:
        pooled = objective(smiles, measure)
    np.testing.assert_array_equal(pooled.total, serial.total)
    for name in objective.config.names:
        np.testing.assert_array_equal(pooled.components[name], serial.components[name])
    assert (pooled.smiles, pooled.error) == (serial.smiles, serial.error)


def test_a_hostile_oracle_costs_its_own_molecules_and_says_why() -> None:
    objective = hostile()
    smiles = [*GOOD[:6], HANG, CRASH, RAISE, TEXT, LEAVE, NOTHING, GREEDY, EXIT, BEYOND, *GOOD[6:]]
    with measuring(objective, WorkerLimits(workers=2, timeout=2.0, memory=2.0)) as measure:
        scores = objective(smiles, measure)
    by_molecule = dict(zip(smiles, zip(scores.total, scores.error, strict=True), strict=True))
    for smiles in GOOD:
        assert by_molecule[smiles] == (len(smiles) / 20, "")
    for bad, words in {
        HANG: "no answer within 2 s",
        CRASH: "the worker died",
        RAISE: "RuntimeError: I do not like bromine",
        TEXT: "ValueError",
        LEAVE: "the worker died (exit code 3)",
        NOTHING: "no value",
        GREEDY: "MemoryError",
        EXIT: "SystemExit: enough",
        BEYOND: "7 is outside 0 to 1",
    }.items():
        score, why = by_molecule[bad]
        assert math.isnan(score)
        assert words in why
        assert "\n" not in why


@pytest.mark.parametrize("smiles", [RAISE, TEXT, NOTHING, EXIT, BEYOND])
def test_in_one_process_a_failure_costs_one_molecule_too(smiles: str) -> None:
    scores = hostile()([*GOOD, smiles])
    assert scores.error[:-1] == [""] * len(GOOD)
    assert scores.valid.all()
    assert math.isnan(scores.total[-1])


def test_two_workers_killed_from_outside_lose_nothing(tmp_path: Path) -> None:
    objective = hostile(call="hostile:DiesTwice", settings={"folder": str(tmp_path)})
    smiles = ["C" * n for n in range(1, 20)]
    with measuring(objective, WorkerLimits(workers=2)) as measure:
        scores = objective(smiles, measure)
    assert len(list(tmp_path.iterdir())) == 2
    np.testing.assert_array_equal(scores.total, [n / 20 for n in range(1, 20)])
