"""Models of activity as oracles: ONNX and plain arrays, no pickle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from rdkit.Chem import Mol
from safetensors import SafetensorError
from safetensors.numpy import load_file

from chemmara.errors import ChemmaraError
from chemmara.molecules.fingerprint_blocks import most_similar, nearest, packed_fingerprints
from chemmara.oracles.features import features
from chemmara.oracles.qsar_card import QsarCard, read_card
from chemmara.oracles.tanimoto import TanimotoProcess

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS: Final = 5
MOLECULES: Final = "molecules.csv"
"""File of a model's folder: the molecules learned from, each with its target and its predictions when held out."""
NO_INTERVAL: Final = (
    'too few molecules were held out for a conformal interval: uncertain = "lower" needs a model of more molecules,'
    " or of a lower --confidence"
)


@dataclass(frozen=True)
class Neighbours:
    """What molecules (n,) have nearest among those that a model learned from."""

    similarity: np.ndarray  # (n,) mean Tanimoto similarity to the five nearest, which the domain is measured by
    nearest: np.ndarray  # (n,) int, row of the nearest
    nearest_similarity: np.ndarray  # (n,) Tanimoto similarity to it


@dataclass(frozen=True)
class QsarModel:
    """A model in memory."""

    folder: Path
    card: QsarCard
    session: Any  # onnxruntime.InferenceSession, or TanimotoProcess
    known: np.ndarray  # (m, 256) uint8, packed fingerprints of the molecules learned from
    calibration: np.ndarray  # predictions for held-out inactives, sorted; empty for a regression
    calibration_active: np.ndarray  # predictions for held-out actives, sorted; empty for a regression, or in format 1

    def predict(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Probability of being active, or value; (n,)."""
        return predicted(self.session, features(molecules, properties=self.card.properties), self.card.task)

    def similarity(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Mean Tanimoto similarity to the five nearest molecules learned from; (n,)."""
        return mean_of_nearest(packed_fingerprints(molecules), self.known)

    def neighbours(self, molecules: Sequence[Mol]) -> Neighbours:
        """Their nearest molecules among those learned from."""
        own = packed_fingerprints(molecules)
        return Neighbours(mean_of_nearest(own, self.known), *nearest(own, self.known))

    @cached_property
    def learned(self) -> "pd.DataFrame | None":
        """Columns smiles and measured of the molecules learned from, in the order of `known`; None in format 1."""
        import pandas as pd

        path = self.folder / MOLECULES
        if self.card.format == 1:
            return None
        try:
            table = pd.read_csv(path, keep_default_na=False, usecols=["smiles", "measured"], dtype={"smiles": str})
        except (FileNotFoundError, ValueError) as error:
            raise ChemmaraError(f"{path}: missing or damaged ({error}); train the model again") from None
        if len(table) != len(self.known):
            raise ChemmaraError(f"{path}: has {len(table)} rows instead of {len(self.known)}; train the model again")
        return table

    def half_widths(self, inside: np.ndarray) -> np.ndarray:
        """Half-width (n,) of the conformal interval of molecules inside the domain or not; NaN where unknown."""
        card = self.card
        known = (card.half_width, card.half_width) if card.format == 1 else _by_domain(card)
        within, beyond = (np.nan if width is None else width for width in known)
        return np.where(inside, within, beyond)

    def active(self, probabilities: np.ndarray) -> np.ndarray:
        """Conformal p-value of being active: share of held-out actives predicted as low or lower; NaN in format 1."""
        if self.card.format == 1:
            return np.full(len(probabilities), np.nan)
        below = np.searchsorted(self.calibration_active, probabilities, side="right")
        return (below + 1) / (len(self.calibration_active) + 1)

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
    """An ONNX model, run on one thread: workers share the machine by molecules. ValueError where it is none."""
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as errors  # pyright: ignore[reportAttributeAccessIssue]
    except ModuleNotFoundError:
        raise ChemmaraError("a QSAR model needs onnxruntime: pip install 'chemmara[qsar]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument, errors.Fail) as error:
        raise ValueError(f"model.onnx is no model: {str(error).splitlines()[0]}") from None


def _by_domain(card: QsarCard) -> tuple[float | None, float | None]:
    return card.half_width_inside, card.half_width_outside


def mean_of_nearest(own: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean similarity (n,) of packed fingerprints (n, 256) to the five most similar of (m, 256), or to all if fewer."""
    return most_similar(own, known, NEIGHBOURS).mean(axis=1)


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
        known, calibration = arrays["known"], arrays["calibration"]
    except (FileNotFoundError, SafetensorError, KeyError, ValueError) as error:
        raise ChemmaraError(f"{folder}: damaged ({error}); train the model again") from None
    return QsarModel(folder, card, session, known, calibration, arrays.get("calibration_active", np.zeros(0)))


@dataclass(frozen=True)
class QsarOracle:
    """Predictions of a model: probability of being active, or a value.

    Args:
        folder: of the model.
        uncertain: keep the prediction, or take the end of its conformal interval that is wanted less (`lower`). For a
            classification the lower end is the probability times one minus the conformal p-value of being inactive, and
            the upper end the same of being inactive.
        outside: of a molecule less similar to what was learned from than 95 % of that is to itself: keep the
            prediction, give none, or draw it (`discount`), by the share of similarity that it lacks, towards the end of
            the values learned from that is wanted less (0 or 1 of a classification).
        desirability: which values are wanted (0 to 1, elementwise), so that being uncertain or outside never pays;
            None: the higher the better.
    """

    folder: Path
    uncertain: Literal["keep", "lower"] = "keep"
    outside: Literal["keep", "none", "discount"] = "keep"
    desirability: Callable[[np.ndarray], np.ndarray] | None = None

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
        values = model.predict(molecules)
        if self.uncertain == self.outside == "keep":
            return values
        share = np.minimum(1.0, model.similarity(molecules) / model.card.domain_similarity)
        if self.uncertain == "lower":
            values = self._least_wanted([*_ends(model, values, share == 1.0), values])
        if self.outside == "discount":
            values = self._least_wanted([values, *(end + share * (values - end) for end in _range(model.card))])
        return np.where(share < 1.0, np.nan, values) if self.outside == "none" else values

    def _least_wanted(self, candidates: list[np.ndarray]) -> np.ndarray:
        """Of several values of each molecule (n,) that which is wanted least; of equal ones the first."""
        table = np.stack(candidates)
        wanted = table if self.desirability is None else np.stack([self.desirability(row) for row in table])
        return table[np.nan_to_num(wanted, nan=np.inf).argmin(axis=0), np.arange(table.shape[1])]


def _ends(model: QsarModel, values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends (n,) of predictions; where an interval is unknown, those of the values learned from."""
    if model.card.half_width is None:
        raise ChemmaraError(f"{model.folder}: {NO_INTERVAL}")
    if model.card.task == "classification":
        upper = values if model.card.format == 1 else 1.0 - (1.0 - values) * (1.0 - model.active(values))
        return values * (1.0 - model.inactive(values)), upper
    half_widths, (lowest, highest) = model.half_widths(inside), _range(model.card)
    unknown = np.isnan(half_widths)
    return (
        np.where(unknown, np.minimum(lowest, values), values - half_widths),
        np.where(unknown, np.maximum(highest, values), values + half_widths),
    )


def _range(card: QsarCard) -> tuple[float, float]:
    """Smallest and largest target learned from; of a regression in format 1, which lacks them, twice their mean."""
    if card.task == "classification":
        return 0.0, 1.0
    return (card.base if card.lowest is None else card.lowest, card.base if card.highest is None else card.highest)
