"""From measured molecules to a model in a folder, with the evidence for it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

from chemmara.errors import ChemmaraError
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.oracles.features import features
from chemmara.oracles.qsar import MOLECULES, open_session, predicted
from chemmara.oracles.qsar_card import ModelKind, QsarCard
from chemmara.oracles.tanimoto import TanimotoProcess
from chemmara.qsar.card import HELD_OUT, card_text, scaffold_errors
from chemmara.qsar.data import Activities, require_trainable
from chemmara.qsar.drawing import held_out_svg
from chemmara.qsar.models import as_onnx, fit, fitted_predictions
from chemmara.qsar.uncertainty import (
    calibration,
    calibration_active,
    domain,
    evidence,
    half_width,
    half_widths,
    inside,
    similarity_when_held_out,
)
from chemmara.qsar.validate import Interval, Split, Validation, folds, validate
from chemmara.system.files import new_folder, replacing, write_text

_COMPARED: Final = 1000  # molecules on which the ONNX model must predict what the fitted model does
_TOLERANCE: Final = 1e-5
_SPLITS: Final[tuple[Split, ...]] = ("scaffold", "random")


@dataclass(frozen=True)
class Recipe:
    """How to train."""

    kind: ModelKind = "random-forest"
    properties: bool = False
    folds: int = 5
    repeats: int = 1
    confidence: float = 0.9
    seed: int = 0
    threads: int = 1


def train(
    activities: Activities, recipe: Recipe, out: Path, source: str, tell: Callable[[str], None] = lambda _: None
) -> QsarCard:
    """Validate by scaffolds and at random, learn from all, and write the model's folder.

    It holds model.json, arrays.safetensors, model.onnx, molecules.csv, card.md and held_out.svg.

    ChemmaraError where the molecules are too few or their targets all alike.
    """
    require_trainable(activities, source)
    tell("fingerprints")
    inputs = features(activities.molecules, properties=recipe.properties)
    validations = _validations(activities, recipe, inputs, tell)
    model = _fit(recipe, activities, inputs, activities.targets)
    tell("the model")
    known = packed_fingerprints(activities.molecules)
    source_of_errors = evidence(validations)
    held_out = validations[source_of_errors]
    arrays = {
        "known": known,
        "calibration": calibration(activities, held_out),
        "calibration_active": calibration_active(activities, held_out),
    }
    onnx = None if isinstance(model, TanimotoProcess) else as_onnx(model, inputs.shape[1])
    if isinstance(model, TanimotoProcess):
        arrays |= {"counts": model.counts, "weights": model.weights, "mean": np.array([model.mean])}
    reach = domain(known, recipe.seed)
    similarity = _similarity(activities, recipe, known, source_of_errors)
    within, beyond = half_widths(activities, held_out, inside(similarity, reach), recipe.confidence)
    card = QsarCard(
        format=2,
        kind=recipe.kind,
        task=activities.task,
        target=activities.target,
        scale=activities.scale,
        active_from=activities.active_from,
        properties=recipe.properties,
        molecules=len(activities.molecules),
        base=float(activities.targets.mean()),
        confidence=recipe.confidence,
        half_width=half_width(activities, held_out, recipe.confidence),
        half_width_inside=within,
        half_width_outside=beyond,
        lowest=float(activities.targets.min()),
        highest=float(activities.targets.max()),
        domain_similarity=reach,
        figures={split: _plain_figures(validation) for split, validation in validations.items()},
        notes=tuple(note for validation in validations.values() for note in validation.notes),
        versions={name: version(name) for name in ("chemmara", "rdkit", "scikit-learn")},
    )
    tell("the domain")
    difference = 0.0 if onnx is None else _difference(onnx, model, inputs, activities)
    molecules = _molecules(activities, validations, similarity)
    _write(out, card, arrays, onnx)
    with replacing(out / MOLECULES) as partial:
        molecules.to_csv(partial, index=False)
    column = molecules[f"held_out_{source_of_errors}"]
    drawing = held_out_svg(activities.targets, column.to_numpy(), activities.task, HELD_OUT[source_of_errors])
    write_text(out / "held_out.svg", drawing)
    errors = scaffold_errors(molecules, source_of_errors)
    write_text(out / "card.md", card_text(card, activities, source, difference, source_of_errors, errors))
    return card


def _similarity(activities: Activities, recipe: Recipe, known: np.ndarray, split: Split) -> np.ndarray:
    """Of each molecule to what was learned from when it was held out; not measured (NaN) for a classification."""
    if activities.task == "classification":
        return np.full(len(known), np.nan)
    return similarity_when_held_out(known, folds(activities, split, recipe.folds, recipe.seed), recipe.seed)


def _molecules(activities: Activities, validations: dict[Split, Validation], similarity: np.ndarray) -> pd.DataFrame:
    """molecules.csv: what was learned from, row by row in the order of the fingerprints, and how it was predicted."""
    return pd.DataFrame(
        {
            "smiles": activities.smiles,
            "measured": activities.targets,
            "scaffold": activities.scaffolds,
            **{f"held_out_{split}": validation.predictions for split, validation in validations.items()},
            "similarity_when_held_out": similarity,
        }
    )


def _validations(
    activities: Activities, recipe: Recipe, inputs: np.ndarray, tell: Callable[[str], None]
) -> dict[Split, Validation]:
    def learn(known: np.ndarray, held: np.ndarray) -> np.ndarray:
        model = _fit(recipe, activities, inputs[known], activities.targets[known])
        return fitted_predictions(model, inputs[held], activities.task)

    return {
        split: validate(
            activities, split, learn, number=recipe.folds, repeats=recipe.repeats, seed=recipe.seed,
            tell=lambda split=split: tell(f"a fold of the {split} split"),
        )
        for split in _SPLITS
    }  # fmt: skip


def _fit(recipe: Recipe, activities: Activities, inputs: np.ndarray, targets: np.ndarray) -> Any:
    return fit(recipe.kind, activities.task, inputs, targets, seed=recipe.seed, threads=recipe.threads)


def _difference(onnx: bytes, model: Any, inputs: np.ndarray, activities: Activities) -> float:
    """Largest difference of the ONNX model from the fitted one; ChemmaraError where it is too large to be kept."""
    some = inputs[:_COMPARED]
    kept = predicted(open_session(onnx), some, activities.task)
    difference = float(np.abs(kept - fitted_predictions(model, some, activities.task)).max())
    scale = 1.0 if activities.task == "classification" else float(np.abs(activities.targets).max())
    if difference > _TOLERANCE * scale:
        raise ChemmaraError(
            f"the model as kept (ONNX, single precision) differs from the fitted one by {difference:.2g}, too much for"
            f" values of up to {scale:.3g}; choose another --model or --scale"
        )
    return difference


def _plain_figures(validation: Validation) -> dict[str, tuple[float | None, float | None, float | None]]:
    return {name: _plain(figure) for name, figure in validation.figures.items()}


def _plain(figure: Interval) -> tuple[float | None, float | None, float | None]:
    low, middle, high = (None if np.isnan(value) else value for value in figure)
    return (low, middle, high)


def _write(out: Path, card: QsarCard, arrays: dict[str, np.ndarray], onnx: bytes | None) -> None:
    new_folder(out)
    with replacing(out / "arrays.safetensors") as partial:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, partial)
    if onnx is not None:
        with replacing(out / "model.onnx") as partial:
            partial.write_bytes(onnx)
    write_text(out / "model.json", card.model_dump_json(indent=2) + "\n")
