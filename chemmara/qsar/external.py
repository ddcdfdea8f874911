"""A model on molecules from elsewhere."""

import numpy as np

from chemmara.molecules.chem import parse
from chemmara.oracles.qsar import QsarModel
from chemmara.qsar.data import Activities
from chemmara.qsar.validate import judge


def judge_external(model: QsarModel, activities: Activities) -> dict[str, float]:
    """Figures of a model's predictions, and the share of molecules within its domain.

    For a regression also the share of errors that the conformal interval covers.
    """
    molecules = [molecule for one in activities.smiles if (molecule := parse(one)) is not None]
    predictions = model.predict(molecules)
    inside = model.similarity(molecules) >= model.card.domain_similarity
    figures = {"molecules": len(molecules), **judge(activities.targets, predictions, activities.task)}
    figures["within the domain"] = float(inside.mean())
    if activities.task == "regression":
        covered = np.abs(activities.targets - predictions) <= model.card.half_width
        figures["within the interval"] = float(covered.mean())
    return figures
