"""Models of activity: worked examples, that they learn, that they are kept exactly, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara.molecules.chem import parse
from chemmara.oracles.qsar import QsarOracle, load_model
from chemmara.oracles.tanimoto import TanimotoProcess, kernel
from chemmara.qsar.data import Activities
from chemmara.qsar.models import fit, fitted_predictions
from chemmara.qsar.train import Recipe, train
from chemmara.qsar.validate import calibration_error, folds, interval, judge
from cli.main import app

pytest.importorskip("onnxruntime", reason="needs the extra [qsar]")

RINGS = ["c1ccccc1", "c1ccncc1", "C1CCNCC1", "c1ccoc1", "C1CCCC1", "c1ccsc1", "c1cc[nH]c1", "C1CCOC1", "c1cnccn1"]
# Every acid is active: what a model has to find.
SMILES = [f"{chain}{ring}" for ring in RINGS for chain in ("OC(=O)C", "OC(=O)CC", "OC(=O)CCC", "OC", "OCC", "OCCC")]
ACTIVE = np.array([float(smiles.startswith("OC(=O)")) for smiles in SMILES])


def activities(task: str = "classification") -> Activities:
    targets = ACTIVE if task == "classification" else np.array([len(smiles) / 2 for smiles in SMILES])
    molecules = [molecule for smiles in SMILES if (molecule := parse(smiles)) is not None]
    assert len(molecules) == len(SMILES)
    return Activities(SMILES, targets, [smiles[-8:] for smiles in SMILES], task, "active", [])  # type: ignore[arg-type]


def test_figures_by_hand() -> None:
    targets, predictions = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.6, 0.55, 0.9])
    figures = judge(targets, predictions, "classification")
    # Pairs active > inactive: .55 > .1, .9 > .1, .9 > .6 of four.
    assert figures["ROC-AUC"] == pytest.approx(0.75)
    # Tenths: .1 and .9 alone (gaps .1, .1), .55 in one, .6 in the next (gaps .45, .6): 1.25 / 4.
    assert calibration_error(targets, predictions) == pytest.approx(1.25 / 4)
    assert judge(np.array([1.0, 2, 3]), np.array([1.0, 2, 5]), "regression")["RMSE"] == pytest.approx((4 / 3) ** 0.5)
    mean, low, high = interval([0.7, 0.8, 0.9])
    # t(.975, 2) = 4.303; sd .1: 4.303 * .1 / sqrt(3) = .2484
    assert (mean, low, high) == pytest.approx((0.8, 0.5516, 1.0484), abs=1e-4)


def test_the_kernel_is_tanimoto_of_counts() -> None:
    a, b = np.array([[2.0, 0, 1]]), np.array([[1.0, 1, 1], [0, 0, 0]])
    # sum of minima 1 + 0 + 1 = 2, of maxima 2 + 1 + 1 = 4
    np.testing.assert_allclose(kernel(a, b), [[0.5, 0.0]])


def test_a_scaffold_lies_in_one_fold_and_every_molecule_is_judged_once() -> None:
    known = activities()
    judged: list[int] = []
    for learned, held in folds(known, "scaffold", 3, 0):
        assert not {known.scaffolds[i] for i in learned} & {known.scaffolds[i] for i in held}
        judged += held.tolist()
    assert sorted(judged) == list(range(len(SMILES)))


@pytest.mark.parametrize("kind", ["random-forest", "gradient-boosting", "linear", "gaussian-process"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_each_model_learns_and_is_kept_exactly_without_pickle(kind: str, task: str, tmp_path: Path) -> None:
    known = activities(task)
    card = train(known, Recipe(kind=kind, properties=kind != "gaussian-process", folds=3), tmp_path, "x")  # type: ignore[arg-type]
    figure, least = ("ROC-AUC", 0.9) if task == "classification" else ("R2", 0.3)
    mean = card.figures["random"][figure][0]
    assert mean is not None
    assert mean > least
    oracle = QsarOracle(tmp_path)
    molecules = [molecule for smiles in SMILES if (molecule := parse(smiles)) is not None]
    again = fit(kind, known.task, _inputs(card.properties), known.targets, seed=0, threads=1)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        oracle(molecules), fitted_predictions(again, _inputs(card.properties), known.task), atol=2e-5
    )
    assert {path.suffix for path in tmp_path.iterdir()} <= {".csv", ".json", ".md", ".onnx", ".safetensors", ".svg"}


def _inputs(properties: bool) -> np.ndarray:
    from chemmara.oracles.features import features

    return features([molecule for smiles in SMILES if (molecule := parse(smiles)) is not None], properties=properties)


def test_uncertain_and_foreign_molecules_can_be_discounted(tmp_path: Path) -> None:
    train(activities(), Recipe(folds=3), tmp_path, "x")
    model = load_model(tmp_path)
    near, far = parse(SMILES[0]), parse("BrC(Br)(I)I")
    assert near is not None
    assert far is not None
    keep = QsarOracle(tmp_path)([near, far])
    lower = QsarOracle(tmp_path, uncertain="lower")([near, far])
    np.testing.assert_allclose(lower, keep * (1 - model.inactive(keep)))
    assert np.isnan(QsarOracle(tmp_path, outside="none")([near, far])).tolist() == [False, True]
    share = model.similarity([far])[0] / model.card.domain_similarity
    np.testing.assert_allclose(QsarOracle(tmp_path, outside="discount")([near, far]), [keep[0], share * keep[1]])


def test_a_process_on_noise_free_data_passes_near_its_points() -> None:
    counts = np.eye(30, dtype=np.float32)
    targets = np.arange(30.0)
    np.testing.assert_allclose(TanimotoProcess.fit(counts, targets).predict(counts), targets, rtol=0, atol=15)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def table(folder: Path, targets: list, smiles: list[str] = SMILES) -> Path:
    pd.DataFrame({"smiles": smiles, "active": targets}).to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def test_train_test_and_score_through_the_program(tmp_path: Path) -> None:
    path = table(tmp_path, [int(active) for active in ACTIVE])
    out = tmp_path / "model"
    command = ("qsar", "train", path, "--target-column", "active", "--out", out, "--folds", 3, "--model", "linear")
    code, output = run(*command)
    assert (code, "ROC-AUC" in output) == (0, True), output
    assert "held-out folds" in (out / "card.md").read_text()
    code, output = run(*command)
    assert (code, "holds a model already" in output) == (2, True)
    code, output = run("qsar", "test", out, path, "--target-column", "active", "--json")
    assert code == 0
    assert json.loads(output.splitlines()[-1])["ROC-AUC"] == 1.0
    (tmp_path / "o.toml").write_text('[[component]]\noracle = "qsar"\nmodel = "model"\n')
    code, output = run("score", path, "--objective", tmp_path / "o.toml")
    assert (code, "total,qsar" in output) == (0, True), output


@pytest.mark.parametrize(
    ("targets", "options", "words"),
    [
        ([1] * len(SMILES), (), "one value alone"),
        ([*ACTIVE[:-1], "nan"], (), "1 rows have no 'active', the first is row 54"),
        ([*ACTIVE[:-1], "high"], (), "row 54: 'active' is 'high', which is no number"),
        (list(ACTIVE), ("--target-column", "activ"), "has no column 'activ'"),
        (list(ACTIVE), ("--smiles-column", "mol"), "has no column 'mol'"),
    ],
)
def test_tables_that_teach_nothing_are_refused_in_one_line(
    targets: list, options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    columns = options if "--target-column" in options else ("--target-column", "active", *options)
    code, output = run("qsar", "train", table(tmp_path, targets), *columns, "--out", tmp_path / "m")
    assert (code, words in output) == (2, True), output
    assert not (tmp_path / "m").exists()


def test_conflicting_duplicates_are_refused_or_settled(tmp_path: Path) -> None:
    path = table(tmp_path, [*ACTIVE, 1 - ACTIVE[0]], [*SMILES, SMILES[0]])
    command = (
        "qsar",
        "train",
        path,
        "--target-column",
        "active",
        "--out",
        tmp_path / "m",
        "--folds",
        2,
        "--model",
        "linear",
    )
    code, output = run(*command)
    assert (code, "1 molecules have conflicting targets, the first in rows 1, 55 (1, 0)" in output) == (2, True), output
    code, output = run(*command, "--duplicates", "drop")
    assert (code, "53 molecules" in output) == (0, True), output


def test_a_damaged_model_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    (tmp_path / "o.toml").write_text('[[component]]\noracle = "qsar"\nmodel = "."\n')
    code, output = run("score", "-", "--objective", tmp_path / "o.toml")
    assert (code, "damaged, or of another version" in output) == (2, True), output
