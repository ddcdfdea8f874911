"""Models of activity as oracles: ONNX and plain arrays, no pickle."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import ValidationError
from rdkit.Chem import Mol
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBinaryText, ExplicitBitVect
from safetensors import SafetensorError
from safetensors.numpy import load_file

from chemmara.config import Strict
from chemmara.errors import ChemmaraError
from chemmara.oracles.features import bits, features
from chemmara.oracles.tanimoto import TanimotoProcess

NEIGHBOURS: Final = 5
NO_INTERVAL: Final = (
    'too few molecules were held out for a conformal interval: uncertain = "lower" needs a model of more molecules,'
    " or of a lower --confidence"
)

ModelKind = Literal["random-forest", "gradient-boosting", "linear", "gaussian-process"]
Scale = Literal["linear", "log10", "p-from-M", "p-from-mM", "p-from-uM", "p-from-nM"]
"""linear: values as they are; log10: their logarithm; p-from-nM: pIC50 and the like, -log10 of the concentration in
mol/l, of values in nM."""


class QsarCard(Strict):
    """model.json: what a model is and what is known of its errors."""

    kind: ModelKind
    task: Literal["classification", "regression"]
    target: str
    scale: Scale = "linear"
    """That the column's values were brought to; the predictions are on it."""
    active_from: float | None = None
    """Value, on that scale, from which a molecule is active; none: the classes were given, or it is a regression."""
    properties: bool
    molecules: int
    base: float
    """Mean of the targets: share of actives, or mean value."""
    confidence: float
    """Of the conformal intervals."""
    half_width: float | None
    """Of a regression's conformal interval; 0 for a classification; null where too few molecules were held out."""
    domain_similarity: float
    """Mean similarity to the five nearest molecules learned from, below which a molecule lies outside the domain."""
    figures: dict[str, dict[str, tuple[float | None, float | None, float | None]]]
    """Split -> figure -> mean and 95 % interval over the folds; null where undefined."""
    notes: tuple[str, ...] = ()
    """Where the folds are not those that were wanted."""
    versions: dict[str, str]


@dataclass(frozen=True)
class QsarModel:
    """A model in memory."""

    card: QsarCard
    session: Any  # onnxruntime.InferenceSession, or TanimotoProcess
    known: list[ExplicitBitVect]  # bits of the molecules learned from
    calibration: np.ndarray  # predictions for held-out inactives, sorted; empty for a regression

    def predict(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Probability of being active, or value; (n,)."""
        return predicted(self.session, features(molecules, properties=self.card.properties), self.card.task)

    def similarity(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Mean Tanimoto similarity to the five nearest molecules learned from; (n,)."""
        return np.array([_nearest(bits(molecule), self.known) for molecule in molecules])

    def inactive(self, probabilities: np.ndarray) -> np.ndarray:
        """Conformal p-value of being inactive: share of held-out inactives predicted as high or higher; (n,)."""
        above = len(self.calibration) - np.searchsorted(self.calibration, probabilities, side="left")
        return (above + 1) / (len(self.calibration) + 1)


def predicted(session: Any, inputs: np.ndarray, task: str) -> np.ndarray:
    """Predictions of a session for features (n, d): probability of the second class, or value; (n,) float64."""
    if isinstance(session, TanimotoProcess):
        values = session.predict(inputs)
        return np.clip(values, 0.0, 1.0) if task == "classification" else values
    outputs = session.run(None, {"features": inputs})
    return np.asarray(outputs[1][:, 1] if task == "classification" else outputs[0][:, 0], dtype=float)


def open_session(model: bytes) -> Any:
    """An ONNX model, run on one thread: workers share the machine by molecules."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise ChemmaraError("a QSAR model needs onnxruntime: pip install 'chemmara[qsar]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _nearest(fingerprint: ExplicitBitVect, known: list[ExplicitBitVect]) -> float:
    similarities = np.array(BulkTanimotoSimilarity(fingerprint, known))
    number = min(NEIGHBOURS, len(similarities))
    return float(np.partition(similarities, -number)[-number:].mean())


def read_card(folder: Path) -> QsarCard:
    """model.json of a folder; ChemmaraError where it is not one of ours."""
    path = folder / "model.json"
    try:
        return QsarCard.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ChemmaraError(f"{folder}: holds no model of `chemmara qsar train`") from None
    except (ValidationError, UnicodeDecodeError):
        raise ChemmaraError(f"{path}: damaged, or of another version; train the model again") from None


@cache
def load_model(folder: Path) -> QsarModel:
    """The model in a folder; ChemmaraError where something is missing or damaged."""
    card = read_card(folder)
    try:
        arrays = load_file(folder / "arrays.safetensors")
        if card.kind == "gaussian-process":
            session: Any = TanimotoProcess(arrays["counts"], arrays["weights"], float(arrays["mean"][0]))
        else:
            session = open_session((folder / "model.onnx").read_bytes())
    except (FileNotFoundError, SafetensorError, KeyError) as error:
        raise ChemmaraError(f"{folder}: damaged ({error}); train the model again") from None
    known = [CreateFromBinaryText(row.tobytes()) for row in arrays["known"]]
    return QsarModel(card, session, known, arrays["calibration"])


@dataclass(frozen=True)
class QsarOracle:
    """Predictions of a model: probability of being active, or a value.

    Args:
        folder: of the model.
        uncertain: keep the prediction, or take the lower end of its conformal interval; for a classification that is
            the probability times one minus the conformal p-value of being inactive.
        outside: of a molecule less similar to what was learned from than 95 % of that is to itself: keep the
            prediction, give none, or draw it towards nothing (0, or the mean) by the share of similarity that it lacks.
    """

    folder: Path
    uncertain: Literal["keep", "lower"] = "keep"
    outside: Literal["keep", "none", "discount"] = "keep"

    @property
    def low(self) -> float:
        """0 for a probability."""
        return 0.0 if read_card(self.folder).task == "classification" else -inf

    @property
    def high(self) -> float:
        """1 for a probability."""
        return 1.0 if read_card(self.folder).task == "classification" else inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        model = load_model(self.folder)
        classifies = model.card.task == "classification"
        values = model.predict(molecules)
        if self.uncertain == "lower":
            if model.card.half_width is None:
                raise ChemmaraError(f"{self.folder}: {NO_INTERVAL}")
            values = values * (1.0 - model.inactive(values)) if classifies else values - model.card.half_width
        if self.outside != "keep":
            share = np.minimum(1.0, model.similarity(molecules) / model.card.domain_similarity)
            nothing = 0.0 if classifies else model.card.base
            if self.outside == "discount":
                values = nothing + share * (values - nothing)
            else:
                values = np.where(share < 1.0, np.nan, values)
        return values
