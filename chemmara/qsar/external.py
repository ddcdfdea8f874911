"""A model on molecules from elsewhere."""

import numpy as np

from chemmara.molecules.standardise import CHARGED, parent_smiles
from chemmara.oracles.qsar import QsarModel
from chemmara.qsar.data import Activities
from chemmara.qsar.validate import judge


def learned_from(model: QsarModel, activities: Activities) -> int:
    """How many of the molecules the model was trained on, salts and charges aside.

    0 where its folder does not say (format 1).
    """
    table = model.learned
    known = set() if table is None else set(map(_parent, table["smiles"]))
    return sum(_parent(smiles) in known for smiles in activities.smiles)


def _parent(canonical: str) -> str:
    """parent_smiles of a canonical SMILES, which most are themselves: a millisecond less for each of 50,000."""
    return parent_smiles(canonical) if "." in canonical or CHARGED.search(canonical) else canonical


def judge_external(model: QsarModel, activities: Activities) -> dict[str, float]:
    """Figures of a model's predictions, and the share of molecules within its domain; NaN for what is not defined.

    For a regression also the share of errors that the conformal interval covers, of molecules that have one. One
    molecule, or one class, is enough for the figures that do not compare molecules.
    """
    predictions = model.predict(activities.molecules)
    inside = model.similarity(activities.molecules) >= model.card.domain_similarity
    figures = {"molecules": len(activities.molecules), **judge(activities.targets, predictions, activities.task)}
    figures["within the domain"] = float(inside.mean())
    if activities.task == "regression":
        half_widths = model.half_widths(inside)
        errors, known = np.abs(activities.targets - predictions), ~np.isnan(half_widths)
        figures["within the interval"] = float((errors <= half_widths)[known].mean()) if known.any() else np.nan
    return figures
