"""Worker processes: the same values as in one process, and a hostile oracle that costs its own molecules only."""

import math

import numpy as np
import pytest
from hostile import CRASH, HANG, LEAVE, NOTHING, RAISE, TEXT, HostileConfig

from chemmara.config import parse
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.workers import Limits, measuring

GOOD = ["C" * n for n in range(1, 6)] + ["C" * n + "O" for n in range(6, 15)]


def test_a_pool_gives_the_values_of_one_process_to_the_bit(drugs: dict[str, str]) -> None:
    tables = {
        "component": [
            {"oracle": "qed"},
            {"oracle": "similarity", "references": ["CCO"]},
            {"oracle": "alerts", "transform": {"kind": "value_map", "values": {"0": 1.0}}},
        ]
    }
    objective = Objective(parse(ObjectiveConfig, tables, source="x"))
    smiles = [*drugs.values(), "broken", *drugs.values(), *(drug + "C" for drug in GOOD)]
    serial = objective(smiles)
    with measuring(objective, Limits(workers=2)) as measure:
        pooled = objective(smiles, measure)
    np.testing.assert_array_equal(pooled.total, serial.total)
    for name in objective.config.names:
        np.testing.assert_array_equal(pooled.components[name], serial.components[name])
    assert (pooled.smiles, pooled.error) == (serial.smiles, serial.error)


def test_a_hostile_oracle_costs_its_own_molecules_and_says_why() -> None:
    objective = Objective(HostileConfig())  # type: ignore[arg-type]
    smiles = [*GOOD[:6], HANG, CRASH, RAISE, TEXT, LEAVE, NOTHING, *GOOD[6:]]
    with measuring(objective, Limits(workers=2, timeout=2.0)) as measure:
        scores = objective(smiles, measure)
    by_molecule = dict(zip(smiles, zip(scores.total, scores.error, strict=True), strict=True))
    for one in GOOD:
        assert by_molecule[one] == (len(one) / 20, "")
    for one, words in {
        HANG: "no answer within 2 s",
        CRASH: "the worker died",
        RAISE: "RuntimeError: I do not like bromine",
        TEXT: "ValueError",
        LEAVE: "the worker died (exit code 3)",
        NOTHING: "no value",
    }.items():
        score, why = by_molecule[one]
        assert math.isnan(score)
        assert words in why
        assert "\n" not in why


@pytest.mark.parametrize("one", [RAISE, TEXT, NOTHING])
def test_in_one_process_a_failure_costs_one_molecule_too(one: str) -> None:
    scores = Objective(HostileConfig())([*GOOD, one])  # type: ignore[arg-type]
    assert scores.error[:-1] == [""] * len(GOOD)
    assert scores.valid.all()
    assert math.isnan(scores.total[-1])
