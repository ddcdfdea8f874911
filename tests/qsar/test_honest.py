"""How far a model may be believed: intervals by domain, the least wanted end, nearest molecules, older folders."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from chemmara.config import parse as read_settings
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.molecules.chem import parse
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.oracles.qsar import QsarModel, QsarOracle, load_model
from chemmara.qsar.card import scaffold_errors
from chemmara.qsar.data import Activities
from chemmara.qsar.prediction import predictions
from chemmara.qsar.train import Recipe, train
from chemmara.qsar.uncertainty import half_widths, inside, similarity_when_held_out
from chemmara.qsar.validate import Validation
from chemmara.scoring.objective import ObjectiveConfig
from chemmara.scoring.transforms import Ramp
from cli.main import app

pytest.importorskip("onnxruntime", reason="needs the extra [qsar]")

RINGS = ["c1ccccc1", "c1ccncc1", "C1CCNCC1", "c1ccoc1", "C1CCCC1", "c1ccsc1", "c1cc[nH]c1", "C1CCOC1", "c1cnccn1"]
SMILES = [f"{chain}{ring}" for ring in RINGS for chain in ("OC(=O)C", "OC(=O)CC", "OC(=O)CCC", "OC", "OCC", "OCCC")]
FAR = "BrC(Br)(I)I"


def activities(task: str) -> Activities:
    targets = [float("=" in text) if task == "classification" else len(text) / 2 for text in SMILES]
    return Activities(SMILES, np.array(targets), [text[-8:] for text in SMILES], task, "y", [])  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    for task in ("classification", "regression"):
        train(activities(task), Recipe(kind="linear", folds=3), folder / task, "x")
    return {task: folder / task for task in ("classification", "regression")}


def molecules(*smiles: str) -> list:
    found = [parse(text) for text in smiles]
    assert None not in found
    return found


def as_format_1(model: Path, folder: Path) -> Path:
    """The model as version 0.1.0 before format 2 wrote it: fewer keys, fewer arrays, no table of molecules."""
    folder.mkdir()
    card = json.loads((model / "model.json").read_text())
    for key in ("format", "half_width_inside", "half_width_outside", "lowest", "highest"):
        del card[key]
    (folder / "model.json").write_text(json.dumps(card))
    arrays = load_file(model / "arrays.safetensors")
    del arrays["calibration_active"]
    save_file(arrays, folder / "arrays.safetensors")
    (folder / "model.onnx").write_bytes((model / "model.onnx").read_bytes())
    return folder


def test_each_side_of_the_domain_has_the_quantile_of_its_own_errors() -> None:
    # Errors 1 ... 9 inside and 10 ... 90 outside: ceil(10 x .9) = the 9th smallest of nine: 9 and 90.
    held_out = Validation({}, np.array([*range(1, 10), *range(10, 100, 10), np.nan]))
    known = Activities(["C"] * 19, np.zeros(19), [""] * 19, "regression", "y")
    sides = np.array([1.0] * 9 + [0.0] * 9 + [1.0])
    assert half_widths(known, held_out, sides, 0.9) == (9.0, 90.0)
    # Of eight errors none is the ceil(9 x .9) = 9th; a molecule whose side is unknown counts on neither.
    sides[9] = np.nan
    assert half_widths(known, held_out, sides, 0.9) == (9.0, None)


def test_a_held_out_molecule_is_compared_with_what_was_learned_from_alone() -> None:
    prints = packed_fingerprints(molecules("CCO", "CCO", "c1ccccc1"))
    # Row 0 has its twin and benzene to learn from: (1 + 0) / 2; row 2 has two ethanols: 0; row 1 is never held out.
    parts = [(np.array([1, 2]), np.array([0])), (np.array([0, 1]), np.array([2]))]
    similarity = similarity_when_held_out(prints, parts, 0)
    np.testing.assert_array_equal(similarity, [0.5, np.nan, 0.0])
    np.testing.assert_array_equal(inside(similarity, 0.5), [1.0, np.nan, 0.0])


def test_the_interval_of_a_prediction_is_that_of_its_side(models: dict[str, Path]) -> None:
    model = load_model(models["regression"])
    table = predictions(model, molecules(SMILES[0], FAR))
    assert table["domain"].tolist() == ["inside", "outside"]
    # No held-out ring is like the others, so that only errors outside the domain are known.
    within, beyond = model.card.half_width_inside, model.card.half_width_outside
    assert (within, beyond is None) == (None, False)
    assert np.isnan([table["low"][0], table["high"][0]]).all()
    assert table["high"][1] - table["predicted"][1] == pytest.approx(beyond)
    assert table["predicted"][1] - table["low"][1] == pytest.approx(beyond)


def test_the_nearest_molecule_of_one_learned_from_is_itself_with_its_value(models: dict[str, Path]) -> None:
    table = predictions(load_model(models["regression"]), molecules(*SMILES))
    assert (table["nearest_similarity"] == 1.0).all()
    for smiles, nearest, measured in zip(SMILES, table["nearest"], table["nearest_measured"], strict=True):
        assert (measured, nearest) == (len(nearest) / 2, nearest)  # each one's target is half the length of its SMILES
        assert nearest in SMILES, smiles


def test_a_class_is_named_where_the_other_is_ruled_out(models: dict[str, Path]) -> None:
    model = load_model(models["classification"])
    # 27 held-out molecules a class: p-values are (number as extreme + 1) / 28, and .1 is reached by one at most.
    active, inactive = model.calibration_active, model.calibration
    assert len(active) == len(inactive) == 27
    lowest, highest = np.array([-1.0]), np.array([2.0])
    assert (model.active(lowest)[0], model.active(highest)[0]) == (1 / 28, 1.0)
    assert (model.inactive(lowest)[0], model.inactive(highest)[0]) == (1.0, 1 / 28)
    # One that is as extreme as the most extreme held-out molecule counts that molecule, too.
    assert (model.active(active[:1])[0], model.inactive(inactive[-1:])[0]) == (2 / 28, 2 / 28)
    table = predictions(model, molecules(*SMILES))
    assert "low" not in table
    assert set(table["class"]) <= {"active", "inactive", "either", "neither"}
    right = [
        word == ("active" if "=" in smiles else "inactive") for word, smiles in zip(table["class"], SMILES, strict=True)
    ]
    assert np.mean(right) > 0.8


def oracle(path: Path, outside: str, uncertain: str, wish: Ramp | None) -> QsarOracle:
    return QsarOracle(path, uncertain, outside, wish)  # type: ignore[arg-type]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("wish", [Ramp(kind="ramp", worst=0.0, best=8.0), Ramp(kind="ramp", worst=8.0, best=0.0)])
def test_leaving_the_domain_and_being_uncertain_never_pay_whichever_end_is_wanted(
    task: str, wish: Ramp, models: dict[str, Path]
) -> None:
    rows = molecules(SMILES[0], SMILES[20], FAR, "CCCCCCCCCCCCC", "FC(F)(F)c1ccc2c(c1)CCN2")
    keep = wish(oracle(models[task], "keep", "keep", wish)(rows))
    for outside, uncertain in (("discount", "keep"), ("keep", "lower"), ("discount", "lower")):
        changed = wish(oracle(models[task], outside, uncertain, wish)(rows))
        assert (changed <= keep).all(), (outside, uncertain)
    far = wish(oracle(models[task], "discount", "keep", wish)(rows))[2]
    assert far < keep[2] or keep[2] == 0


def test_a_wanted_low_value_is_drawn_up_and_a_wanted_high_one_down(models: dict[str, Path]) -> None:
    model = load_model(models["regression"])
    (value,), (lacking,) = (
        model.predict(molecules(FAR)),
        model.similarity(molecules(FAR)) / model.card.domain_similarity,
    )
    lowest, highest = model.card.lowest, model.card.highest
    assert (lowest, highest) == (min(map(len, SMILES)) / 2, max(map(len, SMILES)) / 2)
    for wish, end in (
        (Ramp(kind="ramp", worst=-50, best=50), lowest),
        (Ramp(kind="ramp", worst=50, best=-50), highest),
    ):
        drawn = oracle(models["regression"], "discount", "keep", wish)(molecules(FAR))
        assert drawn[0] == pytest.approx(end + lacking * (value - end))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9), st.floats(-3, 3), st.floats(0.1, 3))
def test_the_least_wanted_candidate_is_never_wanted_more_than_any(row: list[float], low: float, width: float) -> None:
    def band(values: np.ndarray) -> np.ndarray:
        return ((values >= low) & (values <= low + width)).astype(float)

    candidates = [np.array([value, value + 1]) for value in row]
    chosen = QsarOracle(Path(), desirability=band)._least_wanted(candidates)
    assert (band(chosen) <= np.min([band(values) for values in candidates], axis=0)).all()


def test_a_campaign_draws_foreign_molecules_back_unless_it_says_otherwise(models: dict[str, Path]) -> None:
    table = {"oracle": "qsar", "model": str(models["classification"])}
    component = read_settings(ObjectiveConfig, {"component": [table]}, source="o", folder=Path()).component[0]
    far = component.build()(molecules(FAR))[0]
    assert far < load_model(models["classification"]).predict(molecules(FAR))[0]


def test_a_cached_value_depends_on_which_end_is_wanted_only_where_the_oracle_does(models: dict[str, Path]) -> None:
    def identity(best: float, outside: str) -> dict:
        wish = {"kind": "ramp", "worst": 1.0 - best, "best": best}
        table = {"oracle": "qsar", "model": str(models["classification"]), "outside": outside, "transform": wish}
        return read_settings(ObjectiveConfig, {"component": [table]}, source="o", folder=Path()).component[0].identity()

    assert identity(1.0, "keep") == identity(0.0, "keep")
    assert identity(1.0, "discount") != identity(0.0, "discount")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_model_of_format_1_loads_and_says_what_it_can(task: str, models: dict[str, Path], tmp_path: Path) -> None:
    old = as_format_1(models[task], tmp_path / "old")
    model, rows = load_model(old), molecules(SMILES[0], FAR)
    assert model.card.format == 1
    np.testing.assert_array_equal(QsarOracle(old)(rows), QsarOracle(models[task])(rows))
    table, new = predictions(model, rows), predictions(load_model(models[task]), rows)
    assert table["domain"].tolist() == new["domain"].tolist()
    np.testing.assert_array_equal(table["nearest_similarity"], new["nearest_similarity"])
    assert table["nearest"].tolist() == ["", ""]
    if task == "regression":
        # One half-width for all, as it was promised when the model was made.
        np.testing.assert_allclose(table["high"] - table["predicted"], model.card.half_width)
    assert len(QsarOracle(old, uncertain="lower", outside="discount")(rows)) == 2


def test_wanted_inactives_with_an_interval_need_a_model_that_knows_it(models: dict[str, Path], tmp_path: Path) -> None:
    old = as_format_1(models["classification"], tmp_path / "old")
    wish = {"kind": "ramp", "worst": 1.0, "best": 0.0}
    for model, refused in ((old, True), (models["classification"], False)):
        tables = {"component": [{"oracle": "qsar", "model": str(model), "uncertain": "lower", "transform": wish}]}
        if refused:
            with pytest.raises(ConfigError, match="was saved by an earlier version"):
                read_settings(ObjectiveConfig, tables, source="o.toml", folder=tmp_path)
        else:
            read_settings(ObjectiveConfig, tables, source="o.toml", folder=tmp_path)


def test_a_missing_or_shortened_table_of_molecules_is_one_line(models: dict[str, Path], tmp_path: Path) -> None:
    whole = load_model(models["regression"])
    (tmp_path / "molecules.csv").write_text("smiles,measured\nCCO,1\n")
    for folder, words in ((tmp_path, "has 1 rows instead of 54"), (tmp_path / "gone", "missing or damaged")):
        model = QsarModel(folder, whole.card, whole.session, whole.known, whole.calibration, whole.calibration_active)
        with pytest.raises(ChemmaraError, match=words):
            _ = model.learned


def test_errors_of_a_scaffold_by_hand_and_on_the_card(models: dict[str, Path]) -> None:
    table = pd.DataFrame({"measured": [1.0] * 11, "scaffold": ["a"] * 5 + ["b"] * 5 + ["c"]})
    table["held_out_scaffold"] = [2.0] * 5 + [4.0, -2.0, 1.0, 1.0, 1.0] + [9.0]
    # a: errors of 1: RMSE and bias 1. b: 3, -3, 0, 0, 0: RMSE (18 / 5)^.5 = 1.897, bias 0. c has one molecule alone.
    found = scaffold_errors(table, "scaffold")
    assert found["scaffold"].tolist() == ["b", "a"]
    np.testing.assert_allclose(found["rmse"], [3.6**0.5, 1.0])
    np.testing.assert_allclose(found["bias"], [0.0, 1.0])
    for model in models.values():
        text = (model / "card.md").read_text()
        assert "](held_out.svg)" in text
        assert "Of 9 scaffolds with 5 molecules or more" in text
        assert (model / "held_out.svg").read_text().startswith("<svg")
    kept = pd.read_csv(models["regression"] / "molecules.csv")
    assert kept.columns.tolist() == [
        "smiles", "measured", "scaffold", "held_out_scaffold", "held_out_random", "similarity_when_held_out",
    ]  # fmt: skip
    assert kept.notna().all(axis=None)


def run(*arguments: object, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_predict_keeps_every_row_of_the_library_in_order(models: dict[str, Path], tmp_path: Path) -> None:
    library = tmp_path / "l.csv"
    library.write_text(f"smiles,name,low\n{SMILES[0]},first,mine\nnot,second,\n{FAR},third,\n")
    code, _, err = run("qsar", "predict", models["regression"], library, "--out", tmp_path / "p.parquet")
    assert (code, "1 of 2 molecules lie outside the model's domain" in err, "1 rows have no" in err) == (0, True, True)
    assert f"{library}: columns that it has already are replaced: low\n" in err
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert table["name"].tolist() == ["first", "second", "third"]
    assert table["domain"].tolist() == ["inside", "", "outside"]
    assert table["low"][2] < table["predicted"][2] < table["high"][2]
    assert np.isnan(table["low"][0])  # the library's own column `low` is replaced
    assert table["error"].tolist() == ["", "invalid SMILES: not SMILES syntax", ""]
    code, out, _ = run("qsar", "predict", models["classification"], library, "--json")
    rows = json.loads(out)
    assert [row["name"] for row in rows] == ["first", "second", "third"]
    assert (rows[1]["predicted"], rows[1]["class"]) == (None, "")


def test_a_library_without_a_valid_row_is_predicted_row_by_row(models: dict[str, Path]) -> None:
    code, out, err = run("qsar", "predict", models["regression"], "-", text="smiles\nnot\nC1CC\n")
    assert (code, out.count("invalid SMILES"), "0 of 0" in err) == (0, 2, True)


def test_predict_refuses_in_one_line_what_it_cannot_do(models: dict[str, Path], tmp_path: Path) -> None:
    library = tmp_path / "l.csv"
    library.write_text("nearest\nCCO\n")
    for arguments, words in [
        ((tmp_path, library), "holds no model of `chemmara qsar train`"),
        ((models["regression"], tmp_path / "none.csv"), "none.csv"),
        ((models["regression"], library, "--json", "--out", tmp_path / "x.csv"), "choose one"),
        ((models["regression"], library, "--smiles-column", "nearest"), "named like a column of predictions"),
    ]:
        code, out, err = run("qsar", "predict", *arguments)
        assert (code, err.count("\n")) == (2, 1), err
        assert words in err
        assert not out
