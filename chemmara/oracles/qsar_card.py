"""The card of a model of activity: what it is, and what is known of its errors."""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from chemmara.config import Strict
from chemmara.errors import ChemmaraError

ModelKind = Literal["random-forest", "gradient-boosting", "linear", "gaussian-process"]
Scale = Literal["linear", "log10", "p-from-M", "p-from-mM", "p-from-uM", "p-from-nM"]
"""linear: values as they are; log10: their logarithm; p-from-nM: pIC50 and the like, -log10 of the concentration in
mol/l, of values in nM."""


class QsarCard(Strict):
    """model.json: what a model is and what is known of its errors."""

    format: Literal[1, 2] = 1
    """Version of the folder's layout. 1: without molecules.csv, actives' calibration and intervals by domain."""
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
    half_width_inside: float | None = None
    """Of that of a molecule inside the domain, from held-out molecules inside it; null where those are too few."""
    half_width_outside: float | None = None
    """Of that of a molecule outside the domain, from held-out molecules outside it; null where those are too few."""
    lowest: float | None = None
    """Smallest target learned from; null in format 1."""
    highest: float | None = None
    """Largest target learned from; null in format 1."""
    domain_similarity: float
    """Mean similarity to the five nearest molecules learned from, below which a molecule lies outside the domain."""
    figures: dict[str, dict[str, tuple[float | None, float | None, float | None]]]
    """Split -> figure -> mean and 95 % interval over the folds; null where undefined."""
    notes: tuple[str, ...] = ()
    """Where the folds are not those that were wanted."""
    versions: dict[str, str]


def read_card(folder: Path) -> QsarCard:
    """model.json of a folder; ChemmaraError where it is not one of ours."""
    path = folder / "model.json"
    try:
        return QsarCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ChemmaraError(f"{folder}: holds no model of `chemmara qsar train`") from None
    except (ValidationError, UnicodeDecodeError):
        raise ChemmaraError(f"{path}: damaged, or of another version; train the model again") from None
