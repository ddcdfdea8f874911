"""An infinite value is no score, wherever it comes in: oracles, answers, transforms, caches, ledgers, figures."""

import json
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typer.testing import CliRunner

from chemmara.config import parse
from chemmara.metrics.quality import auc_top, oracle_burden, top_mean, yield_at
from chemmara.oracles.answers import values_of
from chemmara.records.ledger import Call, Ledger
from chemmara.scoring.cache import remembering
from chemmara.scoring.measurement import at_once, waiting_for
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.pareto import pareto_rank
from chemmara.scoring.saved import component_desirabilities
from chemmara.scoring.transforms import TRANSFORMS, Transform
from cli.main import app

INFINITE = (np.inf, -np.inf)
RAMP = {"kind": "ramp", "worst": 0.0, "best": 0.5}
ORACLE = """
def by_atoms(molecules):
    values = {3: float("inf"), 4: -float("inf"), 5: 1e400, 6: 10**400, 7: 1e308}
    return [values.get(molecule.GetNumAtoms(), 0.1) for molecule in molecules]
"""
PROGRAM = """
import sys
values = {3: "Infinity", 4: '"inf"', 5: "1e400", 6: "1" + "0" * 400, 7: "-Infinity", 8: '"-inf"', 9: "NaN"}
for line in sys.stdin:
    smiles = line.strip()
    print('{"smiles": "%s", "value": %s}' % (smiles, values.get(len(smiles), "0.1")))
"""


def objective(component: dict, *more: dict) -> Objective:
    return Objective(parse(ObjectiveConfig, {"component": [component, *more]}, source="o.toml"))


def python_component(folder: Path) -> dict:
    (folder / "mine.py").write_text(ORACLE)
    return {"oracle": "python", "name": "mine", "call": f"{folder}/mine.py:by_atoms", "transform": RAMP}


@pytest.mark.parametrize("settings", [transform.example for transform in TRANSFORMS], ids=lambda s: s["kind"])
def test_every_transform_gives_nothing_for_infinity_and_takes_the_largest_numbers_in_silence(settings: dict) -> None:
    transform = TypeAdapter(Transform).validate_python(settings)
    assert np.isnan(transform(np.array(INFINITE))).all()
    largest = transform(np.array([1.7e308, -1.7e308]))  # a warning would fail the test
    assert ((largest >= 0) & (largest <= 1)).all()


def test_a_python_oracle_that_gives_infinity_costs_those_molecules_with_a_reason(tmp_path: Path) -> None:
    scores = objective(python_component(tmp_path))(["C" * n for n in (2, 3, 4, 5, 6, 7)])
    # 0.1 of a ramp to 0.5 is 0.2; 1e308 is finite and lies beyond the ramp's best
    np.testing.assert_allclose(scores.total, [0.2, np.nan, np.nan, np.nan, np.nan, 1.0])
    assert np.isnan(scores.components["mine"][1:5]).all()
    assert scores.error == [
        "", *["mine: infinite value"] * 3, "mine: OverflowError: int too large to convert to float", "",
    ]  # fmt: skip


def test_a_program_may_spell_infinity_as_it_likes(tmp_path: Path) -> None:
    (tmp_path / "oracle.py").write_text(PROGRAM)
    command = [sys.executable, str(tmp_path / "oracle.py")]
    smiles = ["C" * n for n in (2, 3, 4, 5, 6, 7, 8, 9)]
    scores = objective({"oracle": "program", "name": "mine", "command": command, "transform": RAMP})(smiles)
    np.testing.assert_allclose(scores.total, [0.2, *[np.nan] * 7])
    assert scores.error == ["", *["mine: infinite value"] * 6, "mine: no value"]
    assert values_of(b"smiles,value\nC,inf\nCC,-Infinity\n", "csv", ["C", "CC"]) == [np.inf, -np.inf]


def test_a_service_may_answer_infinity_in_json() -> None:
    pytest.importorskip("httpx", reason="needs the extra [rest]")

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = b'{"values": [Infinity, -Infinity, 1e999, 1' + b"0" * 400 + b', "inf", 0.1]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    scores = objective({"oracle": "rest", "name": "mine", "url": url, "transform": RAMP})(
        ["C" * n for n in range(1, 7)]
    )
    server.shutdown()
    server.server_close()
    np.testing.assert_allclose(scores.total, [*[np.nan] * 5, 0.2])
    assert scores.error == [*["mine: infinite value"] * 5, ""]


@pytest.mark.parametrize("aggregation", ["arithmetic", "geometric", "product", "minimum"])
@pytest.mark.parametrize("infinite", INFINITE)
def test_totals_of_raw_values_have_no_infinity(aggregation: str, infinite: float) -> None:
    tables = {"aggregation": aggregation, "component": [{"oracle": "qed"}, {"oracle": "tpsa", "transform": RAMP}]}
    total = Objective(parse(ObjectiveConfig, tables, source="o.toml")).total
    # qed needs no transform, so its raw value is its desirability
    found = total(np.array([[infinite, 0.5], [0.5, infinite], [1.0, 0.5]]))
    np.testing.assert_allclose(found, [np.nan, np.nan, 1.0])


def test_an_infinite_value_that_an_older_version_cached_is_measured_again(tmp_path: Path) -> None:
    scorer, path = objective({"oracle": "qed"}), tmp_path / "cache.sqlite"
    right = scorer(["CCO"]).total
    with remembering(scorer, at_once(scorer.measure), path) as hand_over:
        measure = waiting_for(hand_over)
        scorer(["CCO"], measure)
        connection = sqlite3.connect(path)
        connection.execute("UPDATE measured SET value = 9e999")
        connection.commit()
        connection.close()
        np.testing.assert_array_equal(scorer(["CCO"], measure).total, right)


def test_a_ledger_of_an_older_version_gives_no_infinite_score(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.sqlite") as ledger:
        ledger.append([Call(1, 1, "CCO", np.inf, {"mine": np.inf}, ""), Call(2, 1, "CCN", 0.5, {"mine": 0.5}, "")])
        first, second = ledger.calls()
    assert np.isnan([first.score, first.components["mine"]]).all()
    assert (second.score, second.components["mine"]) == (0.5, 0.5)


def test_no_molecule_reaches_a_pareto_front_by_an_infinite_value() -> None:
    settings = {"component": [{"name": "a", "transform": None}, {"name": "b", "transform": RAMP}]}
    calls = pd.DataFrame({"a": [np.inf, 0.5, 0.5], "b": [0.1, np.inf, 0.1]})
    assert pareto_rank(component_desirabilities(settings, calls)).tolist() == [0, 0, 1]


def test_figures_of_quality_with_an_infinite_score_by_hand() -> None:
    scores = np.array([np.inf, 0.9, -np.inf, 0.5])
    assert yield_at(scores, 0.5) == 2
    assert [oracle_burden(scores, n, 0.5) for n in (1, 2)] == [2, 4]
    assert top_mean(scores, 2) == pytest.approx(0.7)
    assert top_mean(scores, 4) == pytest.approx(0.7)
    # trapezoids of the best of 0, .9, .9, .9 from 0 at 0 calls, no score counting 0: 0 + .45 + .9 + .9, of 4 calls
    assert auc_top(scores, 1, every=1) == pytest.approx(2.25 / 4)


@given(st.lists(st.sampled_from([0.2, 0.7, np.nan, np.inf, -np.inf]), min_size=1, max_size=12))
def test_figures_of_quality_are_those_with_nan_in_place_of_infinity(scores: list[float]) -> None:
    given_scores = np.array(scores)
    as_nan = np.where(np.isinf(given_scores), np.nan, given_scores)
    for figure in (
        lambda values: yield_at(values, 0.5),
        lambda values: oracle_burden(values, 2, 0.5),
        lambda values: top_mean(values, 3),
        lambda values: auc_top(values, 3, every=2, budget=20),
    ):
        np.testing.assert_array_equal(figure(given_scores), figure(as_nan))


def test_the_program_scores_no_molecule_by_an_infinite_value(tmp_path: Path) -> None:
    component = python_component(tmp_path)
    settings = f'[[component]]\noracle = "python"\nname = "mine"\ncall = "{component["call"]}"\n'
    (tmp_path / "o.toml").write_text(f'{settings}transform = {{ kind = "ramp", worst = 0.0, best = 0.5 }}\n')
    (tmp_path / "library.smi").write_text("CC\nCCC\nCCCC\nCCCCCCC\n")
    out = tmp_path / "scored.csv"
    command = ["score", str(tmp_path / "library.smi"), "--objective", str(tmp_path / "o.toml"), "--out", str(out)]
    assert CliRunner().invoke(app, command).exit_code == 0
    table = pd.read_csv(out)
    np.testing.assert_allclose(table["total"], [0.2, np.nan, np.nan, 1.0])
    assert table["error"].fillna("").tolist() == ["", "mine: infinite value", "mine: infinite value", ""]


def test_a_campaign_writes_no_infinity_into_its_ledger_and_counts_no_hit_by_it(
    campaign_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "def odd(molecules):\n"
        "    return [float('inf') if molecule.GetNumAtoms() % 2 else 0.1 for molecule in molecules]\n"
    )
    settings, _ = campaign_file.read_text().split("[objective]")
    campaign_file.write_text(
        f'{settings}[objective]\n[[objective.component]]\noracle = "python"\nname = "mine"\n'
        f'call = "{tmp_path}/mine.py:odd"\ntransform = {{ kind = "ramp", worst = 0.0, best = 0.5 }}\n'
    )
    run = ["run", str(campaign_file), "--out", str(tmp_path / "run"), "--budget", "60"]
    result = CliRunner().invoke(app, run)
    assert result.exit_code == 0, result.output
    rows = sqlite3.connect(tmp_path / "run" / "ledger.sqlite").execute("SELECT score, components, error FROM calls")
    found = {(score, json.loads(components)["mine"], error) for score, components, error in rows}
    assert found == {(None, None, "mine: infinite value"), (0.2, 0.1, "")}
    assert (tmp_path / "run" / "hits.csv").read_text().count("\n") == 1  # the header alone
