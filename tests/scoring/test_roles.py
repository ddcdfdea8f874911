"""Filters, penalties, the order of asking, and what a memory across runs spares."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.config import parse
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.scoring.cache import remembering
from chemmara.scoring.measurement import Measured, Request, at_once, waiting_for
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.pareto import pareto_rank

RINGS = {"oracle": "rings", "transform": {"kind": "ramp", "worst": 0, "best": 2}}
AMIDE = {"oracle": "smarts", "wanted": ["C(=O)N"]}


def objective(*components: dict, aggregation: str = "arithmetic") -> Objective:
    return Objective(parse(ObjectiveConfig, {"aggregation": aggregation, "component": list(components)}, source="o"))


def test_a_filter_decides_and_a_penalty_multiplies() -> None:
    heavy = {"oracle": "heavy_atoms", "role": "penalty", "transform": {"kind": "ramp", "worst": 20, "best": 0}}
    scores = objective(RINGS, {**AMIDE, "role": "filter"}, heavy)(["NC(=O)c1ccccc1", "c1ccccc1", "CC(N)=O"])
    # benzamide: one ring of two 0.5, amide there, 9 of 20 atoms: 0.5 * 11 / 20; benzene: no amide; acetamide: no ring
    np.testing.assert_allclose(scores.total, [0.275, 0.0, 0.0])


def test_an_objective_needs_something_to_score() -> None:
    with pytest.raises(ConfigError, match='needs a component with role "score"'):
        objective({**AMIDE, "role": "filter"})


class Counting:
    """A costly oracle of the user's own that counts the molecules it measured."""

    measured = 0

    def __call__(self, molecules: list) -> list[float]:
        Counting.measured += len(molecules)
        return [0.5] * len(molecules)


def costly(**changes: Any) -> dict:
    call = f"{Path(__file__)}:Counting"
    return {"oracle": "python", "call": call, "low": 0.0, "high": 1.0, "cost_ms": 1000.0, **changes}


def asked_of(*components: dict, aggregation: str, smiles: list[str]) -> tuple[int, list[float]]:
    from chemmara.oracles.python import load_python

    made = objective(*components, aggregation=aggregation)
    oracle: Any = load_python(next(c for c in components if c["oracle"] == "python")["call"], "{}")
    before = type(oracle).measured
    totals = made(smiles).total.tolist()
    return type(oracle).measured - before, totals


@pytest.mark.parametrize("aggregation", ["geometric", "product", "minimum"])
def test_a_costly_oracle_is_asked_only_about_molecules_that_can_still_count(aggregation: str) -> None:
    smiles = ["NC(=O)c1ccccc1", "c1ccccc1", "CC(N)=O", "NC(=O)C1CC1"]
    assert asked_of(costly(), RINGS, AMIDE, aggregation=aggregation, smiles=smiles)[0] == 2
    assert asked_of(costly(cost_ms=1.0), RINGS, AMIDE, aggregation=aggregation, smiles=smiles)[0] == 4


def test_in_a_mean_only_a_filter_spares_a_costly_oracle() -> None:
    smiles = ["NC(=O)c1ccccc1", "c1ccccc1"]
    assert asked_of(costly(), AMIDE, aggregation="arithmetic", smiles=smiles) == (2, [0.75, 0.25])
    assert asked_of(costly(), {**AMIDE, "role": "filter"}, aggregation="arithmetic", smiles=smiles) == (1, [0.5, 0.0])


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.3, 0.7, 1.0, np.nan])] * 2), max_size=12))
def test_a_rows_pareto_front_is_one_more_than_the_worst_of_those_that_beat_it(rows: list[tuple[float, float]]) -> None:
    worths = np.array(rows, dtype=float).reshape(len(rows), 2)
    ranks = pareto_rank(worths)
    for i, row in enumerate(worths):
        if np.isnan(row).any():
            assert ranks[i] == 0
            continue
        beating = [ranks[j] for j, other in enumerate(worths) if (other >= row).all() and (other > row).any()]
        assert ranks[i] == 1 + max(beating, default=0)


def remembered(path: Path, made: Objective, smiles: list[str]) -> tuple[list[Measured], list[str]]:
    """What is measured through the file, and which molecules had to be measured anew."""
    measured: list[str] = []

    def measure(requests: list[Request]) -> list[Measured]:
        measured.extend(request.smiles for request in requests)
        return made.measure(requests)

    with remembering(made, at_once(measure), path) as hand_over:
        return waiting_for(hand_over)([Request(text) for text in smiles]), measured


def test_what_is_known_is_not_asked_again_and_values_stay_the_same(tmp_path: Path) -> None:
    path, made = tmp_path / "cache.sqlite", objective({"oracle": "qed"}, RINGS)
    first, measured = remembered(path, made, ["CCO", "c1ccccc1"])
    assert measured == ["CCO", "c1ccccc1"]
    again, measured = remembered(path, made, ["c1ccccc1", "CCN", "CCO"])
    assert measured == ["CCN"]
    assert [again[2], again[0]] == first == made.measure([Request("CCO"), Request("c1ccccc1")])


def test_a_component_is_known_by_its_settings_not_by_its_part_in_the_score(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    like = {"oracle": "similarity", "references": ["CCO"]}
    remembered(path, objective(like), ["CCN"])
    renamed = {**like, "name": "other", "weight": 3.0, "transform": {"kind": "ramp", "worst": 0, "best": 0.5}}
    assert remembered(path, objective(renamed), ["CCN"])[1] == []
    assert remembered(path, objective({**like, "fingerprint": "maccs"}), ["CCN"])[1] == ["CCN"]


def test_a_file_of_the_users_own_that_has_changed_is_asked_again(tmp_path: Path) -> None:
    path, code = tmp_path / "cache.sqlite", tmp_path / "mine.py"
    code.write_text("def score(molecules):\n    return [0.25] * len(molecules)\n")
    own = {"oracle": "python", "call": f"{code}:score", "low": 0.0, "high": 1.0}
    program = {"oracle": "program", "command": ["python3", str(code)], "low": 0.0, "high": 1.0}
    before = [component.identity() for component in objective(own, program).config.component]
    remembered(path, objective(own), ["CCN"])
    assert remembered(path, objective(own), ["CCN"])[1] == []
    code.write_text("def score(molecules):\n    return [0.75] * len(molecules)\n")
    assert remembered(path, objective(own), ["CCN"])[1] == ["CCN"]
    after = [component.identity() for component in objective(own, program).config.component]
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_a_known_value_is_used_and_only_the_others_are_asked() -> None:
    made = objective({"oracle": "qed"}, RINGS)
    (measured,) = made.measure([Request("c1ccccc1", (0.25, np.nan))])
    assert measured.values == (0.25, 1.0)


def test_a_missing_value_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    fails = {"oracle": "python", "call": "hostile:score", "low": 0.0, "high": 1.0}
    made = objective(fails)
    assert np.isnan(remembered(path, made, ["CCCCCBr"])[0][0].values[0])
    assert remembered(path, made, ["CCCCCBr"])[1] == ["CCCCCBr"]


def test_a_file_that_is_no_cache_is_refused_and_kept(tmp_path: Path) -> None:
    made = objective({"oracle": "qed"})
    (tmp_path / "text").write_text("precious words, long enough to be no database header at all ....................")
    with pytest.raises(ChemmaraError, match="cannot be used as a cache"):
        remembered(tmp_path / "text", made, ["C"])
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE precious (x)")
    other.close()
    with pytest.raises(ChemmaraError, match=r"no cache of chemmara's"):
        remembered(tmp_path / "other.sqlite", made, ["C"])
    assert (tmp_path / "text").read_text().startswith("precious")
