"""Tables as chemists have them: one series, limits, N/A, molar values, words for classes; and what is refused."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chemmara.config import parse
from chemmara.errors import ConfigError
from chemmara.molecules.chem import canonical_smiles, molecules_of, scaffold
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.oracles.qsar import load_model, read_card
from chemmara.qsar.data import Activities
from chemmara.qsar.targets import Target, advice, read_targets, scaled, settled
from chemmara.qsar.train import Recipe, train
from chemmara.qsar.uncertainty import domain, half_width
from chemmara.qsar.validate import Validation, folds, judge, validate
from chemmara.scoring.objective import ObjectiveConfig
from cli.main import app

pytest.importorskip("onnxruntime", reason="needs the extra [qsar]")

SERIES = [
    f"{chain}c1ccc({end})cc1" for chain in ("C", "CC", "CCC", "CCCC", "CN", "CO") for end in ("F", "Cl", "Br", "N")
]
OTHERS = ["C1CCNCC1", "c1ccoc1", "c1ccsc1", "CC1CCOC1", "CCC1CCCC1", "OC1CCC1"]


def program(*arguments: object) -> tuple[int, str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def trained(folder: Path, smiles: list[str], targets: list, *options: object) -> tuple[int, str, str]:
    pd.DataFrame({"smiles": smiles, "y": targets}).to_csv(folder / "t.csv", index=False)
    command = ("qsar", "train", folder / "t.csv", "--target-column", "y", "--out", folder / "m", "--model", "linear")
    return program(*command, *options)


def made(smiles: list[str], targets: list[float], task: str = "regression") -> Activities:
    scaffolds = [scaffold(molecule) for molecule in molecules_of(smiles)]
    return Activities(smiles, np.array(targets, dtype=float), scaffolds, task, "y")  # type: ignore[arg-type]


def test_limits_by_hand() -> None:
    targets = read_targets([">10", "<0.1", "≤ 5", "7", "N/A"], "y", "t.csv")
    assert [(target.value, target.relation) for target in targets[:4]] == [(10, ">"), (0.1, "<"), (5, "<="), (7, "")]
    # From 5 on: more than 10 is active, less than .1 is not, 5 or less may be 5: left out. 7 is active.
    values, notes = settled(targets, "decide", 5.0, "y", "t.csv")
    np.testing.assert_array_equal(values, [1, 0, np.nan, 1, np.nan])
    assert notes == [
        "2 limits such as >10 have a class by 5; 1 limits such as >10 were left out, for they may be either"
    ]
    # From 20 on, more than 10 may be either.
    np.testing.assert_array_equal(settled(targets, "decide", 20.0, "y", "t.csv")[0], [np.nan, 0, 0, 0, np.nan])
    np.testing.assert_array_equal(settled(targets, "limit", None, "y", "t.csv")[0], [10, 0.1, 5, 7, np.nan])
    np.testing.assert_array_equal(settled(targets, "drop", None, "y", "t.csv")[0], [np.nan] * 3 + [7, np.nan])


@given(st.floats(0.01, 100), st.sampled_from(["<", "<=", ">", ">="]), st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_decided_limit_has_the_class_of_every_value_that_it_allows(
    limit: float, relation: str, active_from: float, value: float
) -> None:
    allowed = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[relation]
    (decided,), _ = settled([Target(limit, relation)], "decide", active_from, "y", "t.csv")
    if allowed and not np.isnan(decided):
        assert decided == (value >= active_from)


def test_pic50_of_nanomolar_values_turns_limits_round() -> None:
    # 100 nM is 1e-7 mol/l: 7; more than 10 uM is a pIC50 below 5.
    assert scaled([Target(100.0)], "p-from-nM", "y", "t.csv") == [Target(7.0)]
    assert scaled([Target(10.0, ">")], "p-from-uM", "y", "t.csv") == [Target(5.0, "<")]
    assert scaled([Target(1e-9)], "p-from-M", "y", "t.csv")[0].value == pytest.approx(9.0)
    assert scaled([Target(100.0, ">=")], "log10", "y", "t.csv") == [Target(2.0, ">=")]


def test_a_better_scale_is_proposed_where_values_span_orders_of_magnitude() -> None:
    assert "look like concentrations in mol/l; --scale p-from-M" in advice(np.array([1e-9, 2e-6]))
    assert "span 4.0 orders of magnitude" in advice(np.array([1.0, 10000.0]))
    assert advice(np.array([5.0, 9.0])) == advice(np.array([-1.0, 1e6])) == ""


def test_one_scaffold_has_no_scaffold_folds_and_three_have_three() -> None:
    assert folds(made(SERIES, list(range(24))), "scaffold", 5, 0) == []
    mixed = made([*SERIES, "C1CCNCC1", "c1ccoc1"], list(range(26)))
    assert len(folds(mixed, "scaffold", 5, 0)) == 3
    assert sorted(row for _, held in folds(mixed, "scaffold", 5, 0) for row in held) == list(range(26))


def test_a_fold_of_one_class_to_learn_from_is_not_judged() -> None:
    known = made(SERIES + OTHERS, [1.0] * 24 + [0.0] * 6, "classification")
    validation = validate(known, "scaffold", lambda _, held: np.full(len(held), 0.5), number=3)
    # Without the one scaffold of all actives there are inactives alone to learn from.
    assert not validation.judged[:24].any()
    assert "1 of 3 folds of the scaffold split would learn from one class alone" in validation.notes[-1]


def test_figures_that_are_not_defined_are_nan_and_the_others_are_there() -> None:
    one_class = judge(np.array([1.0, 1.0]), np.array([0.8, 0.6]), "classification")
    # Mean of .2 and .4 squared.
    assert one_class["Brier"] == pytest.approx(0.1)
    assert all(np.isnan(one_class[name]) for name in ("ROC-AUC", "PR-AUC", "MCC"))
    alike = judge(np.array([2.0, 2.0]), np.array([1.0, 2.0]), "regression")
    assert alike["RMSE"] == pytest.approx(0.5**0.5)
    assert np.isnan(alike["R2"])
    assert np.isnan(alike["Spearman"])
    assert np.isnan(judge(np.array([1.0, 2.0]), np.array([1.0, 1.0]), "regression")["Spearman"])


def test_an_interval_needs_enough_errors() -> None:
    # ceil((n + 1) .9) <= n from n = 9 on; then it is the largest of nine errors.
    nine = Validation({}, np.arange(9.0))
    assert half_width(made(["C"] * 9, [0.0] * 9), nine, 0.9) == 8.0
    eight = Validation({}, np.arange(8.0))
    assert half_width(made(["C"] * 8, [0.0] * 8), eight, 0.9) is None


def test_the_domain_of_few_molecules_counts_the_others_alone() -> None:
    known = packed_fingerprints(molecules_of(["CCO", "CCO"]))
    assert domain(known, 0) == 1.0  # each has one other, its twin
    assert domain(known[:1], 0) > 0
    # ethanol's others are its twin and benzene: (1 + 0) / 2, twice; benzene's 0; a twentieth of the way from 0 to the
    # third of them is a tenth of the way to the second
    three = packed_fingerprints(molecules_of(["CCO", "CCO", "c1ccccc1"]))
    assert domain(three, 0) == pytest.approx(0.1 * 0.5)


def test_a_lead_series_of_one_scaffold_is_judged_at_random(tmp_path: Path) -> None:
    code, out, err = trained(tmp_path, SERIES, [len(text) / 10 for text in SERIES])
    assert code == 0, err
    assert "the scaffold split has no figures: all molecules have one scaffold" in err
    assert "scaffold  RMSE                -" in out
    assert read_card(tmp_path / "m").half_width is not None
    assert "molecules held out at random" in (tmp_path / "m" / "card.md").read_text()


@pytest.mark.parametrize("model", ["random-forest", "gradient-boosting", "linear", "gaussian-process"])
@pytest.mark.parametrize(
    "active", [[0], [29], list(range(24)), list(range(1, 30))], ids=["one", "one ring", "a series", "all but one"]
)
def test_few_actives_or_one_scaffold_of_them_train_in_every_model(
    active: list[int], model: str, tmp_path: Path
) -> None:
    targets = [int(row in active) for row in range(30)]
    code, out, err = trained(tmp_path, SERIES + OTHERS, targets, "--model", model)
    assert code == 0, err
    assert "ROC-AUC" in out
    assert len(load_model(tmp_path / "m").known) == 30


def test_a_model_without_held_out_inactives_does_not_offer_its_interval(tmp_path: Path) -> None:
    code, _, err = trained(tmp_path, SERIES, [1] * 23 + [0])
    assert code == 0, err
    assert read_card(tmp_path / "m").half_width is None
    tables = {"component": [{"oracle": "qsar", "model": "m", "uncertain": "lower"}]}
    with pytest.raises(ConfigError, match="too few molecules were held out for a conformal interval"):
        parse(ObjectiveConfig, tables, source="o.toml", folder=tmp_path)


def test_nanomolar_values_are_learned_as_pic50_and_tested_on_the_same_scale(tmp_path: Path) -> None:
    targets = [10.0 ** (row % 5) for row in range(24)]
    code, _, err = trained(tmp_path, SERIES, targets)
    assert (code, "span 4.0 orders of magnitude" in err) == (0, True), err
    code, _, err = trained(tmp_path, SERIES, targets, "--scale", "p-from-nM", "--force")
    assert (code, "orders of magnitude" in err) == (0, False), err
    card = read_card(tmp_path / "m")
    # Rows of 1, 10, ..., 10,000 nM: 9, 8, 7, 6, 5, of which the last comes four times, the others five.
    assert card.base == pytest.approx((5 * (9 + 8 + 7 + 6) + 4 * 5) / 24)
    assert "-log10 of the column's concentrations in mol/l (given in nM)" in (tmp_path / "m" / "card.md").read_text()
    code, out, err = program("qsar", "test", tmp_path / "m", tmp_path / "t.csv", "--target-column", "y", "--json")
    assert json.loads(out)["RMSE"] < 3
    assert "24 of 24 molecules are among those that the model was trained on; leave them out" in err
    assert "--scale" not in err  # an option of `train` alone


def test_values_that_are_pic50_already_are_doubted_as_concentrations(tmp_path: Path) -> None:
    code, _, err = trained(tmp_path, SERIES, [4 + row / 4 for row in range(24)], "--scale", "p-from-nM")
    assert code == 0, err
    assert "'y' lie between 4 and 9.75, as pIC50 and the like do; where they are that already, leave --scale" in err
    code, _, err = trained(tmp_path, SERIES, [4 + row for row in range(24)], "--scale", "p-from-nM", "--force")
    assert (code, "pIC50" in err) == (0, False)


def test_of_salts_the_drug_is_learned_tested_and_predicted_where_that_is_asked_for(tmp_path: Path) -> None:
    salts = [f"{text}.Cl" if row % 2 else text for row, text in enumerate(SERIES)]
    code, _, err = trained(tmp_path, salts, list(range(24)))
    assert (code, "12 rows are salts or mixtures, taken as they are; --standardise takes their drugs" in err) == (
        0,
        True,
    )
    code, _, err = trained(tmp_path, salts, list(range(24)), "--standardise", "--force")
    assert (code, "as they are" in err) == (0, False), err
    assert pd.read_csv(tmp_path / "m" / "molecules.csv")["smiles"].tolist() == [
        canonical_smiles(text) for text in SERIES
    ]
    table = ("--target-column", "y", "--standardise", "--json")
    assert "24 of 24" in program("qsar", "test", tmp_path / "m", tmp_path / "t.csv", *table)[2]
    code, out, err = program("qsar", "predict", tmp_path / "m", tmp_path / "t.csv", "--standardise", "--json")
    assert code == 0, err
    assert [row["nearest_similarity"] for row in json.loads(out)] == [1.0] * 24


def test_a_file_in_place_of_the_models_folder_is_refused_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("", encoding="utf-8")
    code, out, err = trained(tmp_path, SERIES, list(range(24)))
    assert (code, out, err) == (2, "", f"error: {tmp_path}/m: is a file; --out names the folder of a model\n")


def test_molar_values_that_no_tree_can_split_are_refused_with_the_way_out(tmp_path: Path) -> None:
    code, _, err = trained(tmp_path, SERIES, [1e-9 * (1 + row) for row in range(24)])
    assert code == 2
    assert "too little for a model; the values (1e-09 to 2.4e-08) look like concentrations in mol/l" in err
    code, _, err = trained(tmp_path, SERIES, [1e-9 * (1 + row) for row in range(24)], "--scale", "p-from-M")
    assert code == 0, err


def test_small_figures_are_not_printed_as_zero(tmp_path: Path) -> None:
    code, out, _ = trained(tmp_path, SERIES, [1e-5 * len(text) for text in SERIES])
    assert code == 0
    rmse = read_card(tmp_path / "m").figures["random"]["RMSE"][0]
    assert rmse is not None
    assert 0 < rmse < 5e-4
    assert f"random    RMSE                {rmse:.3g}"[:-1] in out


def test_words_for_two_classes_are_read_and_a_mixture_is_refused(tmp_path: Path) -> None:
    words = ["Active" if row % 2 else "inactive" for row in range(24)]
    code, _, err = trained(tmp_path, SERIES, words)
    assert (code, "a classification" in err) == (0, True), err
    code, _, err = trained(tmp_path, SERIES, [bool(row % 2) for row in range(24)], "--force")
    assert (code, "a classification" in err) == (0, True), err
    code, _, err = trained(tmp_path, SERIES, [*words[:-1], "7.5"], "--force")
    assert (code, "row 24: 'y' is '7.5', but other rows are words for a class such as 'inactive'" in err) == (2, True)


@pytest.mark.parametrize(
    ("cell", "options", "words"),
    [
        (">10", (), "1 rows of 'y' are limits, the first is row 24 (>10); leave them out by --censored drop"),
        (">10", ("--censored", "decide"), "--censored decide needs --active-from"),
        ("inf", (), "row 24: 'y' is 'inf', which is infinite"),
        ("1e999", (), "which is infinite"),
        ("N/A", (), "1 rows have no 'y', the first is row 24"),
        ("1,234.5", (), "write numbers with a decimal point and without separators of thousands"),
        ("0,5", (), "write numbers with a decimal point"),
        ("-3", ("--scale", "log10"), "row 24: 'y' is -3, which has no logarithm"),
        ("7", ("--target-column", "smiles"), "'smiles' is the column of the SMILES"),
        ("about 7", (), "which is no number"),
    ],
)
def test_a_cell_that_is_no_number_is_named_in_one_line(
    cell: str, options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    code, out, err = trained(tmp_path, SERIES, [*range(1, 24), cell], *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not (tmp_path / "m").exists()


def test_limits_are_dropped_taken_or_decided_through_the_program(tmp_path: Path) -> None:
    smiles, targets = SERIES + OTHERS, [*range(1, 29), ">10", ">20"]
    for options, words in [
        (("--censored", "drop"), "2 limits such as >10 were left out"),
        (("--censored", "limit"), "2 limits such as >10 were taken as measured values"),
        (("--censored", "decide", "--active-from", 15), "1 limits such as >10 have a class by 15; 1 limits"),
    ]:
        code, _, err = trained(tmp_path, smiles, targets, *options, "--force")
        assert (code, words in err) == (0, True), err


def test_one_molecule_costs_one_row(tmp_path: Path) -> None:
    # RDKit writes the canonical form of the second, but does not read it.
    smiles = ["C1CC", "C1=CC=[Al]C=C1", *SERIES]
    code, _, err = trained(tmp_path, smiles, list(range(26)))
    assert code == 0, err
    assert "24 molecules" in err or "25 molecules" in err
    card, model = read_card(tmp_path / "m"), load_model(tmp_path / "m")
    assert card.molecules == len(model.known)


@pytest.mark.parametrize(
    ("rows", "task"), [(3, "classification"), (1, "classification"), (3, "regression"), (1, "regression")]
)
def test_a_test_on_a_few_molecules_gives_what_can_be_given(rows: int, task: str, tmp_path: Path) -> None:
    targets = [row % 2 if task == "classification" else row for row in range(24)]
    assert trained(tmp_path, SERIES, targets)[0] == 0
    value = 1 if task == "classification" else 5
    pd.DataFrame({"smiles": SERIES[:rows], "y": [value] * rows}).to_csv(tmp_path / "few.csv", index=False)
    code, out, err = program("qsar", "test", tmp_path / "m", tmp_path / "few.csv", "--target-column", "y")
    assert code == 0, err
    figures = dict(line.rsplit(None, 1) for line in out.splitlines())
    assert figures["molecules"] == str(rows)
    defined, undefined = ("Brier", "ROC-AUC") if task == "classification" else ("RMSE", "R2")
    assert (figures[defined] != "-", figures[undefined]) == (True, "-")


def test_a_model_of_classes_by_a_limit_is_tested_on_values_and_on_classes(tmp_path: Path) -> None:
    assert trained(tmp_path, SERIES, [row % 7 for row in range(24)], "--active-from", 3)[0] == 0
    for targets in ([row % 7 for row in range(24)], [int(row % 7 >= 3) for row in range(24)]):
        pd.DataFrame({"smiles": SERIES, "y": targets}).to_csv(tmp_path / "v.csv", index=False)
        code, out, _ = program("qsar", "test", tmp_path / "m", tmp_path / "v.csv", "--target-column", "y", "--json")
        assert code == 0
        assert json.loads(out)["ROC-AUC"] is not None


def test_too_few_molecules_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    code, _, err = trained(tmp_path, SERIES[:19], list(range(19)))
    assert (code, "19 molecules are too few; 20 are needed" in err) == (2, True)
    assert not (tmp_path / "m").exists()


def test_equal_targets_within_a_fold_leave_a_dash_and_no_warning(tmp_path: Path) -> None:
    known = made(SERIES + OTHERS, [5.0] * 24 + [1, 2, 3, 4, 5, 6])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        card = train(known, Recipe(kind="gaussian-process", folds=3), tmp_path / "m", "x")
    assert card.figures["scaffold"]["RMSE"][0] is not None
