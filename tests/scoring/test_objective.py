"""The objective: from SMILES to scores, and every mistake in its settings."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara import assets
from chemmara.config import parse
from chemmara.errors import ConfigError
from chemmara.scoring.aggregation import arithmetic, geometric, minimum, product
from chemmara.scoring.load import load_objective
from chemmara.scoring.objective import Objective, ObjectiveConfig


def objective(*components: dict, aggregation: str = "arithmetic") -> Objective:
    tables = {"aggregation": aggregation, "component": list(components)}
    return Objective(parse(ObjectiveConfig, tables, source="o.toml"))


def test_worked_example() -> None:
    rings = {"oracle": "rings", "transform": {"kind": "ramp", "worst": 0, "best": 2}, "weight": 3.0}
    amide = {"oracle": "smarts", "wanted": ["C(=O)N"]}
    scores = objective(rings, amide)(["c1ccccc1C(=O)N", "C1CC1", "CC(N)=O", "C1CC"])
    # one ring of two: 0.5, amide 1: (3 * 0.5 + 1) / 4 = 0.625; 0.5 without amide: 0.375; no ring but amide: 0.25
    np.testing.assert_allclose(scores.total, [0.625, 0.375, 0.25, np.nan])
    np.testing.assert_allclose(scores.components["rings"], [1, 1, 0, np.nan])
    assert scores.smiles == ["NC(=O)c1ccccc1", "C1CC1", "CC(N)=O", ""]
    assert scores.valid.tolist() == [True, True, True, False]
    assert scores.error == ["", "", "", "invalid SMILES: not SMILES syntax"]


def test_aggregations_by_hand() -> None:
    values, weights = np.array([[0.25, 1.0], [0.0, 0.5], [np.nan, 1.0]]), np.array([0.5, 0.5])
    np.testing.assert_allclose(arithmetic(values, weights), [0.625, 0.25, np.nan])
    np.testing.assert_allclose(geometric(values, weights), [0.5, 0.0, np.nan])
    np.testing.assert_allclose(product(values, weights), [0.25, 0.0, np.nan])
    np.testing.assert_allclose(minimum(values, weights), [0.25, 0.0, np.nan])


@given(st.lists(st.sampled_from(["CCO", "OCC", "c1ccccc1", "CC(=O)O", "bad", "C1CC1N"]), max_size=10), st.randoms())
def test_rows_keep_their_order_whatever_stands_beside_them(smiles: list[str], random: Random) -> None:
    scorer = objective({"oracle": "qed"})
    alone = {text: scorer([text]).total[0] for text in set(smiles)}
    random.shuffle(smiles)
    np.testing.assert_array_equal(scorer(smiles).total, [alone[text] for text in smiles])


def test_bundled_objectives_give_scores_in_bounds(drugs: dict[str, str]) -> None:
    assert assets.objectives()
    for name in assets.objectives():
        scores = Objective(load_objective(name))(list(drugs.values()))
        assert ((scores.total >= 0) & (scores.total <= 1)).all()


def test_a_campaigns_objective_can_be_used_alone_and_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "references.smi").write_text("CCO\n")
    (tmp_path / "c.toml").write_text(
        'budget = 1\n[objective]\n[[objective.component]]\noracle = "similarity"\nreferences_file = "references.smi"\n'
    )
    assert Objective(load_objective(tmp_path / "c.toml"))(["CCO"]).total.tolist() == [1.0]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({}, "'component' is missing"),
        ({"component": []}, "needs at least one [[component]]"),
        ({"component": [{"oracle": "qedd"}]}, "unknown oracle 'qedd' in component[1]; did you mean 'qed'?"),
        ({"component": [{"weight": 1}]}, "'oracle' is missing in component[1]"),
        (
            {"component": [{"oracle": "qed", "weigth": 1}]},
            "unknown key 'weigth' in component[1]; did you mean 'weight'",
        ),
        ({"component": [{"oracle": "qed", "weight": "x"}]}, "in component[1].weight (got 'x')"),
        ({"component": [{"oracle": "qed", "weight": 0}]}, "greater than 0 in component[1].weight (got 0)"),
        ({"component": [{"oracle": "qed"}, {"oracle": "qed"}]}, "two components are called 'qed'"),
        ({"component": [{"oracle": "qed", "name": "total"}]}, "may not be called 'total'"),
        ({"component": [{"oracle": "tpsa"}]}, "'tpsa' gives values outside 0..1"),
        ({"component": [{"oracle": "qed", "transform": {"kind": "rampp"}}]}, "did you mean 'ramp'?"),
        ({"component": [{"oracle": "smarts", "wanted": ["[["]}]}, "'[[' is not SMARTS"),
        ({"component": [{"oracle": "smarts"}]}, "needs wanted or unwanted"),
        ({"component": [{"oracle": "similarity", "references": ["C1CC"]}]}, "reference 'C1CC' is not a molecule"),
        ({"component": [{"oracle": "similarity", "references_file": "no.smi"}]}, "no.smi: no such file"),
        ({"component": [{"oracle": "alerts", "catalogs": ["PAIN"]}]}, "should be 'PAINS', 'BRENK', "),
        ({"agregation": "product", "component": [{"oracle": "qed"}]}, "did you mean 'aggregation'?"),
    ],
)
def test_mistakes_are_named_in_one_line(tables: dict, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(ObjectiveConfig, tables, source="o.toml")
    assert str(caught.value).startswith("o.toml: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(ObjectiveConfig, {"agregation": "x", "component": [{"oracle": "qedd"}]}, source="o.toml")
    assert len(str(caught.value).splitlines()) == 2
