"""From measured molecules to a model in a folder, with the evidence for it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from rdkit.DataStructs import BitVectToBinaryText, BulkTanimotoSimilarity
from safetensors.numpy import save_file

from chemmara.files import new_folder, replacing, write_text
from chemmara.molecules.chem import parse
from chemmara.oracles.features import bits, features
from chemmara.oracles.qsar import NEIGHBOURS, ModelKind, QsarCard, open_session, predicted
from chemmara.oracles.tanimoto import TanimotoProcess
from chemmara.qsar.card import card_text
from chemmara.qsar.data import Activities
from chemmara.qsar.models import as_onnx, fit, said
from chemmara.qsar.validate import Interval, Validation, validate

_DOMAIN_SAMPLE: Final = 2000  # molecules whose neighbours tell how near they usually are
_DOMAIN_SHARE: Final = 5.0  # per cent of them that lie farther away than the domain reaches
_COMPARED: Final = 1000  # molecules on which ONNX must say what the model itself says
_TOLERANCE: Final = 1e-5


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
    """Validate by scaffolds and at random, learn from all, and write model.json, arrays, model.onnx and card.md."""
    molecules = [molecule for one in activities.smiles if (molecule := parse(one)) is not None]
    tell("fingerprints")
    inputs = features(molecules, properties=recipe.properties)

    def learn(known: np.ndarray, held: np.ndarray) -> np.ndarray:
        return said(_fit(recipe, activities, inputs[known], activities.targets[known]), inputs[held], activities.task)

    judged: dict[str, Validation] = {}
    for split in ("scaffold", "random"):
        judged[split] = validate(
            activities, split, learn, number=recipe.folds, repeats=recipe.repeats, seed=recipe.seed,
            tell=lambda split=split: tell(f"a fold of the {split} split"),
        )  # fmt: skip
    model = _fit(recipe, activities, inputs, activities.targets)
    tell("the model")
    known = [bits(molecule) for molecule in molecules]
    arrays = {
        "known": np.stack([np.frombuffer(BitVectToBinaryText(one), dtype=np.uint8) for one in known]),
        "calibration": _calibration(activities, judged["scaffold"].predictions),
    }
    onnx = None if isinstance(model, TanimotoProcess) else as_onnx(model, inputs.shape[1])
    if isinstance(model, TanimotoProcess):
        arrays |= {"counts": model.counts, "weights": model.weights, "mean": np.array([model.mean])}
    card = QsarCard(
        kind=recipe.kind,
        task=activities.task,
        target=activities.target,
        properties=recipe.properties,
        molecules=len(molecules),
        base=float(activities.targets.mean()),
        confidence=recipe.confidence,
        half_width=_half_width(activities, judged["scaffold"].predictions, recipe.confidence),
        domain_similarity=_domain(known, recipe.seed),
        figures={split: {name: _plain(f) for name, f in one.figures.items()} for split, one in judged.items()},
        versions={name: version(name) for name in ("chemmara", "rdkit", "scikit-learn")},
    )
    tell("the domain")
    difference = 0.0 if onnx is None else _difference(onnx, model, inputs, activities)
    _write(out, card, arrays, onnx, card_text(card, activities, source, difference))
    return card


def _fit(recipe: Recipe, activities: Activities, inputs: np.ndarray, targets: np.ndarray) -> Any:
    return fit(recipe.kind, activities.task, inputs, targets, seed=recipe.seed, threads=recipe.threads)


def _calibration(activities: Activities, predictions: np.ndarray) -> np.ndarray:
    """Predictions for inactives by models that did not see their scaffold, sorted; empty for a regression."""
    if activities.task == "regression":
        return np.zeros(0)
    return np.sort(predictions[activities.targets == 0])


def _half_width(activities: Activities, predictions: np.ndarray, confidence: float) -> float:
    """Split-conformal: the ceil((n + 1) confidence)-th smallest error on held-out scaffolds (Lei 2018, section 2.2)."""
    if activities.task == "classification":
        return 0.0
    errors = np.sort(np.abs(activities.targets - predictions))
    return float(errors[min(len(errors), int(np.ceil((len(errors) + 1) * confidence))) - 1])


def _domain(known: Any, seed: int) -> float:
    """Similarity to the five nearest others, that 95 % of the molecules learned from reach."""
    rows = np.random.default_rng(seed).permutation(len(known))[:_DOMAIN_SAMPLE]
    near = []
    for row in rows:
        similarities = np.array(BulkTanimotoSimilarity(known[row], known))
        similarities[row] = -1.0
        near.append(np.sort(similarities)[-NEIGHBOURS:].mean())
    return max(float(np.percentile(near, _DOMAIN_SHARE)), 1e-6)


def _difference(onnx: bytes, model: Any, inputs: np.ndarray, activities: Activities) -> float:
    """Largest difference of the ONNX model from the one it was made of; RuntimeError where it is too large."""
    some = inputs[:_COMPARED]
    found = predicted(open_session(onnx), some, activities.task)
    difference = float(np.abs(found - said(model, some, activities.task)).max())
    scale = 1.0 if activities.task == "classification" else max(1.0, float(np.abs(activities.targets).max()))
    if difference > _TOLERANCE * scale:
        raise RuntimeError(f"the ONNX model differs from its original by {difference:.2g}")
    return difference


def _plain(figure: Interval) -> tuple[float | None, float | None, float | None]:
    low, middle, high = (None if np.isnan(value) else value for value in figure)
    return (low, middle, high)


def _write(out: Path, card: QsarCard, arrays: dict[str, np.ndarray], onnx: bytes | None, text: str) -> None:
    new_folder(out)
    with replacing(out / "arrays.safetensors") as partial:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, partial)
    if onnx is not None:
        with replacing(out / "model.onnx") as partial:
            partial.write_bytes(onnx)
    write_text(out / "model.json", card.model_dump_json(indent=2) + "\n")
    write_text(out / "card.md", text)
