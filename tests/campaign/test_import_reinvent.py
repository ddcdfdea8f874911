"""REINVENT 4 files become campaigns: transforms give REINVENT's numbers, and what does not map is named."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from rdkit import Chem
from rdkit.Chem import AllChem, Crippen, Lipinski
from typer.testing import CliRunner

from chemmara.campaign.reinvent import from_reinvent
from chemmara.campaign.reinvent_components import SAME, converted_component
from chemmara.campaign.reinvent_transforms import converted_transform
from chemmara.campaign.settings import load_campaign
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.scoring.aggregation import AGGREGATIONS
from chemmara.scoring.components import Component
from chemmara.scoring.objective import Objective
from chemmara.scoring.transforms import Transform
from cli.main import app

STAGED = """
run_type = "staged_learning"
device = "cpu"
tb_logdir = "logs"

[parameters]
prior_file = "priors/reinvent.prior"
agent_file = "priors/reinvent.prior"
batch_size = 32

[learning_strategy]
type = "dap"
sigma = 100
rate = 0.0002

[diversity_filter]
type = "IdenticalMurckoScaffold"
bucket_size = 10
minscore = 0.5

[inception]
memory_size = 80
sample_size = 20

[[stage]]
max_steps = 5
max_score = 0.9

[stage.scoring]
type = "arithmetic_mean"

[[stage.scoring.component]]
[stage.scoring.component.custom_alerts]
[[stage.scoring.component.custom_alerts.endpoint]]
name = "alerts"
params.smarts = ["C#C", "not a pattern("]

[[stage.scoring.component]]
[stage.scoring.component.Molecular-Weight]
[[stage.scoring.component.Molecular-Weight.endpoint]]
name = "score"
weight = 2
transform = { type = "reverse_sigmoid", low = 300, high = 500, k = 0.4 }

[[stage.scoring.component]]
[stage.scoring.component.QED]
[[stage.scoring.component.QED.endpoint]]
weight = 1

[[stage.scoring.component]]
[stage.scoring.component.Maize]
[[stage.scoring.component.Maize.endpoint]]
name = "docking"

[[stage]]
max_steps = 5
"""


def ours(table: dict[str, Any], values: np.ndarray) -> np.ndarray:
    return TypeAdapter(Transform).validate_python(converted_transform(table)[0])(values)


def test_a_sigmoid_by_hand() -> None:
    # REINVENT: 1 / (1 + 10^(-10 k (x - (low + high) / 2) / (high - low))); low = 0, high = 10, k = 0.1: slope 0.1
    # at x = 15: 1 / (1 + 10^-1) = 0.90909; ours: 0.9 where 10^(0.1 d) = 9, at 5 + 10 log10(9) = 14.5424
    table, note = converted_transform({"type": "sigmoid", "low": 0, "high": 10, "k": 0.1})
    assert table == {"kind": "sigmoid", "low": pytest.approx(-4.5424251), "high": pytest.approx(14.5424251)}
    assert not note
    assert ours({"type": "Sigmoid", "low": 0, "high": 10, "k": 0.1}, np.array([15.0]))[0] == pytest.approx(1 / 1.1)


ENDS, SLOPES = st.integers(-50, 50).map(float), st.sampled_from([-1.5, -0.25, 0.1, 0.25, 0.5, 2.0])


@given(ENDS, ENDS, SLOPES)
def test_sigmoids_give_reinvents_numbers(low: float, high: float, k: float) -> None:
    """reinvent/scoring/transforms/sigmoids.py with stable_sigmoid and hard_sigmoid of sigmoid_functions.py."""
    values = np.append(np.linspace(-80, 80, 81), (low + high) / 2)
    x = values - (high + low) / 2
    rise = (10 * k * x > 0).astype(float)
    if low != high:
        rise = 1 / (1 + np.exp(np.clip(-10 * k / (high - low) * x * np.log(10), -700, 700)))
    table = {"low": low, "high": high, "k": k}
    assert ours({"type": "sigmoid", **table}, values) == pytest.approx(rise, abs=1e-9)
    assert ours({"type": "reverse_sigmoid", **table}, values) == pytest.approx(1 - rise, abs=1e-9)


def reinvents_double_sigmoid(x: np.ndarray, low: float, high: float, divisor: float, left: float, right: float) -> Any:
    """reinvent/scoring/transforms/sigmoid_functions.py, double_sigmoid: one flank on each side of the middle."""
    rise = 1 / (1 + 10 ** (-left / divisor * (x - low)))
    fall = 1 - 1 / (1 + 10 ** (-right / divisor * (x - high)))
    return np.where(x < (high - low) / 2 + low, rise, fall)


def test_the_double_sigmoid_of_reinvents_own_example_gives_its_numbers() -> None:
    table = {"type": "double_sigmoid", "low": 200, "high": 500, "coef_div": 500, "coef_si": 20, "coef_se": 20}
    values = np.linspace(0, 900, 181)
    # both flanks at the middle: 1 / (1 + 10^(-20/500 * 150)) = 1 - 1e-6, so that the product is 1e-6 lower
    assert converted_transform(table)[1] == ""
    assert ours(table, values) == pytest.approx(reinvents_double_sigmoid(values, 200, 500, 500, 20, 20), abs=2e-6)


@pytest.mark.parametrize(("left", "right", "why"), [(20, 40, "flanks differ"), (4, 4, "flanks overlap")])
def test_a_double_sigmoid_that_is_not_the_same_says_by_how_much(left: float, right: float, why: str) -> None:
    table = {"type": "double_sigmoid", "low": 200, "high": 500, "coef_div": 500, "coef_si": left, "coef_se": right}
    note, values = converted_transform(table)[1], np.linspace(0, 900, 1801)
    difference = np.abs(ours(table, values) - reinvents_double_sigmoid(values, 200, 500, 500, left, right)).max()
    assert why in note
    assert f"by up to {difference:.2f}" in note


def test_a_double_sigmoid_without_divisor_is_a_range_without_its_lower_end() -> None:
    # sigmoid_functions.py, hard_sigmoid: 1 where x > low, and 0 where x > high
    table = {"type": "double_sigmoid", "low": 1, "high": 3, "coef_div": 0}
    assert ours(table, np.array([0.9, 1.0, 1.1, 3.0, 3.1])).tolist() == [0, 0, 1, 1, 0]


def test_steps_and_mappings_give_reinvents_numbers() -> None:
    """reinvent/scoring/transforms/steps.py and value_mapping.py."""
    values = np.array([-1.0, 0.0, 1.0, 3.0, 4.0])
    assert ours({"type": "step", "low": 0, "high": 3}, values).tolist() == [0, 1, 1, 1, 0]
    assert ours({"type": "left_step", "low": 1}, values).tolist() == [1, 1, 1, 0, 0]
    assert ours({"type": "right_step", "high": 1}, values).tolist() == [0, 0, 1, 1, 1]
    assert ours({"type": "value_mapping", "mapping": {"1": 0.25, "3": 1}}, values).tolist() == [0, 0, 0.25, 1, 0]


@pytest.mark.parametrize("table", [
    {"type": "exponential_decay", "k": 1}, {"type": "value_mapping", "mapping": {"MMP": 1.0}}, {"low": 1},
    {"type": "sigmoid", "low": 1, "high": 2}, {"type": "sigmoid", "low": 1, "high": 2, "k": 0},
    {"type": "double_sigmoid", "low": 5, "high": 1}, {"type": "step", "low": "x", "high": 1},
])  # fmt: skip
def test_transforms_without_an_equal_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ChemmaraError):
        converted_transform(table)


def test_aggregation_is_reinvents_weighted_mean() -> None:
    """reinvent/scoring/aggregators/means.py: weights are normalised, then a sum, or a product of powers."""
    values, weights = np.array([[0.5, 0.8]]), np.array([0.25, 0.75])
    assert AGGREGATIONS["arithmetic"](values, weights) == pytest.approx(0.25 * 0.5 + 0.75 * 0.8)
    assert AGGREGATIONS["geometric"](values, weights) == pytest.approx(0.5**0.25 * 0.8**0.75)


def measured(kind: str, params: dict[str, Any], smiles: str) -> float:
    component = TypeAdapter(Component).validate_python(converted_component(kind, params)[0])
    molecule = parse(smiles)
    assert molecule is not None
    return float(component.build()([molecule])[0])


DRUG = "CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"


def test_components_measure_what_reinvents_measure() -> None:
    """reinvent_plugins/components/RDKit/comp_physchem.py, comp_group_count.py, comp_similarity.py."""
    molecule = Chem.MolFromSmiles(DRUG)  # noqa: TID251 - REINVENT's own way
    untyped: Any = (Lipinski, Crippen, AllChem)
    lipinski, crippen, all_chem = untyped
    for kind, function in {
        "HBondAcceptors": lipinski.NumHAcceptors, "HBondDonors": lipinski.NumHDonors, "SlogP": crippen.MolLogP,
        "NumRotBond": lipinski.NumRotatableBonds, "Csp3": lipinski.FractionCSP3, "NumRings": lipinski.RingCount,
        "GraphLength": lambda found: all_chem.GetDistanceMatrix(found).max(),
    }.items():  # fmt: skip
        assert measured(kind, {}, DRUG) == function(molecule), kind
    assert measured("group_count", {"smarts": "F"}, DRUG) == 3
    params = {"smiles": ["Cc1ccccc1"], "radius": 3, "use_counts": True, "use_features": True}
    other = Chem.MolFromSmiles("Cc1ccccc1")  # noqa: TID251
    prints = [all_chem.GetMorganFingerprint(found, 3, useCounts=True, useFeatures=True) for found in (molecule, other)]
    assert measured("TanimotoSimilarity", params, DRUG) == Chem.DataStructs.TanimotoSimilarity(*prints)
    for kind in SAME:
        assert np.isfinite(measured(kind, {}, DRUG)), kind


def test_a_matching_substructure_halves_the_score_of_molecules_without_it(tmp_path: Path) -> None:
    (tmp_path / "scoring.toml").write_text("""
run_type = "scoring"
[scoring]
type = "geometric_mean"
component = [
  { QED = { endpoint = [{ name = "QED" }] } },
  { MatchingSubstructure = { endpoint = [{ params.smarts = ["C#N", "F"], params.use_chirality = false }] } },
]
""")
    imported = from_reinvent(tmp_path / "scoring.toml")
    assert any("what it wants stands under `unwanted`" in note for note in imported.notes)
    config = load_objective(imported.settings["objective"])
    with_it, without = Objective(config)(["c1ccccc1F", "c1ccccc1"]).total
    qed = Objective(load_objective({"component": [{"oracle": "qed"}]}))(["c1ccccc1F", "c1ccccc1"]).total
    # comp_matching_substructure.py: 0.5 * (1 + match), multiplied by the score
    assert [with_it, without] == pytest.approx([qed[0], 0.5 * qed[1]])


def load_objective(tables: dict[str, Any]) -> Any:
    from chemmara import config
    from chemmara.scoring.objective import ObjectiveConfig

    return config.parse(ObjectiveConfig, tables, source="test")


def test_a_staged_learning_file_becomes_a_campaign_that_validates(tmp_path: Path) -> None:
    source, out = tmp_path / "staged.toml", tmp_path / "campaign.toml"
    source.write_text(STAGED)
    ran = CliRunner().invoke(app, ["import", "reinvent", str(source), "--out", str(out)])
    assert ran.exit_code == 0, ran.stderr
    for part in (
        "tb_logdir",
        "prior_file",
        "stage.max_score",
        "stage 2",
        "component Maize",
        "not SMARTS",
        "max_steps = 5",
    ):
        (line,) = [line for line in ran.stderr.splitlines() if part in line and line.startswith("note: ")]
        assert f"# - {line.removeprefix('note: ')}" in out.read_text().splitlines()
    assert CliRunner().invoke(app, ["validate", str(out)]).exit_code == 0
    campaign = load_campaign(out)
    method, objective = campaign.method, campaign.objective
    assert (campaign.budget, campaign.device) == (160, "cpu")  # 5 steps of 32
    assert (method.name, method.batch_size, method.beta, method.learning_rate) == ("reinvent", 32, 0.01, 0.0002)
    assert method.repeats == "nothing"
    assert method.diversity_filter is not None
    assert (method.diversity_filter.bucket, method.diversity_filter.min_score) == (10, 0.5)
    assert method.replay is not None
    assert (method.replay.capacity, method.replay.joined, method.replay.rounds) == (80, 20, 0)
    assert objective.aggregation == "arithmetic"
    assert objective.names == ["alerts", "score 2", "QED"]  # `score` is a column of the ledger
    assert [component.weight for component in objective.component] == [1, 2, 1]
    assert [component.role for component in objective.component] == ["filter", "score", "score"]


def test_without_filter_and_inception_reinvent_learns_from_no_memory(tmp_path: Path) -> None:
    text = STAGED[: STAGED.index("[diversity_filter]")] + STAGED[STAGED.index("[[stage]]") :]
    (tmp_path / "plain.toml").write_text(text)
    method = from_reinvent(tmp_path / "plain.toml").settings["method"]
    assert (method["diversity_filter"], method["replay"], method["repeats"]) == (False, False, "once-a-step")


def test_components_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "parts.toml").write_text('component = [{ QED = { endpoint = [{ name = "drug-like \U0001f600" }] } }]\n')
    (tmp_path / "main.toml").write_text(
        'run_type = "scoring"\n[scoring]\ntype = "custom_sum"\nfilename = "parts.toml"\nfiletype = "toml"\n'
    )
    for name in ("main.toml", "parts.toml"):
        ran = CliRunner().invoke(app, ["import", "reinvent", str(tmp_path / name)])
        assert ran.exit_code == 0, ran.stderr
        (component,) = tomllib.loads(ran.stdout)["objective"]["component"]
        assert component == {"name": "drug-like \U0001f600", "oracle": "qed"}


@pytest.mark.parametrize(("text", "why"), [
    ("run_type = 'sampling'\n", "run_type is 'sampling'"),
    ("run_type = 'scoring'\n", "no component that gives a score"),
    ("run_type = 'staged_learning'\n", "has no [stage.scoring]"),
    ("= 3", "not valid TOML"),
    (STAGED.replace("sigma = 100", "sigma = 0"), "sigma = 0"),
    (STAGED.replace("max_steps = 5", ""), "max_steps is missing"),
])  # fmt: skip
def test_a_file_that_holds_nothing_to_convert_is_refused_in_a_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "file.toml").write_text(text)
    ran = CliRunner().invoke(app, ["import", "reinvent", str(tmp_path / "file.toml")])
    assert ran.exit_code == 2
    assert why in ran.stderr
    assert ran.stdout == ""


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    source, out = tmp_path / "staged.toml", tmp_path / "campaign.toml"
    source.write_text(STAGED)
    out.write_text("mine")
    assert CliRunner().invoke(app, ["import", "reinvent", str(source), "--out", str(out)]).exit_code == 2
    assert out.read_text() == "mine"
    assert CliRunner().invoke(app, ["import", "reinvent", str(source), "--out", str(out), "--force"]).exit_code == 0


@pytest.mark.parametrize(
    ("lines", "start", "words"),
    [
        ("[*:0]Cc1cc(C[*:1])ccc1 a\n[*:0]c1ccncc1\n", {"core": ["[*:0]Cc1cc(C[*:1])ccc1", "[*:0]c1ccncc1"]},
         "became start.core (LibInvent's scaffolds, of which every molecule holds one)"),
        ("# pairs\n\nOc1cncc(*)c1|*c1ccoc1\n*CC|*CO\n", {"link": ["Oc1cncc(*)c1", "*c1ccoc1"]},
         "became start.link (LinkInvent's warheads); of its 2 lines the first was taken"),
        ("CC(=O)Oc1ccccc1C(=O)O aspirin\n", {"like": "CC(=O)Oc1ccccc1C(=O)O"},
         "became start.like (Mol2Mol's molecule; start.similarity says"),
        ("c1ccccc1* | *CO\n", {"link": ["c1ccccc1*", "*CO"]}, "became start.link (LinkInvent's warheads)"),
        ("SMILES\nCOc1ccccc1\n", {}, "'SMILES' is no SMILES"),
        ("*c1ccccc1|*N1CCOCC1|\n", {}, "'' is no SMILES"),
        ("*c1ccccc1\nCCO\n", {}, "'CCO' has no place, which * marks"),
        ("*c1ccccc1\n*c1ccccc1|*CC\n", {}, "LinkInvent's warheads are two, with | between"),
        ("?|N[C@@H](CO)C(=O)|?\n", {}, "PepInvent's masked peptides have no counterpart here"),
        ("# nothing\n", {}, "it holds no molecule"),
        (None, {}, "parameters.smiles_file = 'start.smi' was left out: the file is not there"),
    ],
)  # fmt: skip
def test_what_a_run_begins_with_is_told_by_its_file(
    tmp_path: Path, lines: str | None, start: dict[str, Any], words: str
) -> None:
    if lines is not None:
        (tmp_path / "start.smi").write_text(lines)
    source, out = tmp_path / "staged.toml", tmp_path / "campaign.toml"
    source.write_text(STAGED.replace("batch_size = 32", 'batch_size = 32\nsmiles_file = "start.smi"'))
    ran = CliRunner().invoke(app, ["import", "reinvent", str(source), "--out", str(out)])
    assert ran.exit_code == 0, ran.stderr
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("note: parameters.smiles_file")]
    assert words in line
    assert tomllib.loads(out.read_text()).get("start", {}) == start
    if "core" in start or lines == "# pairs\n\nOc1cncc(*)c1|*c1ccoc1\n*CC|*CO\n":
        assert CliRunner().invoke(app, ["validate", str(out)]).exit_code == 0
