"""How far the models of activity may be believed of a run's hits: columns for hits.csv, and warnings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import molecules_of
from chemmara.oracles.qsar import load_model
from chemmara.qsar.prediction import predictions


@dataclass(frozen=True)
class ModelColumns:
    """What the models say of hits beside the values that were scored."""

    columns: pd.DataFrame  # with the index of the hits
    warnings: list[str]  # one sentence a component that is not to be trusted everywhere


def model_columns(objective: dict[str, Any], hits: pd.DataFrame, called: str = "hits") -> ModelColumns:
    """For each QSAR component NAME of a run's objective the columns of `chemmara.qsar.prediction.predictions`.

    They are called NAME_predicted, NAME_low, NAME_high (NAME_class of a classification), NAME_domain, NAME_similarity,
    NAME_nearest, NAME_nearest_similarity and NAME_nearest_measured, to four significant digits. The component's own
    column is what was scored: the prediction as `uncertain` and `outside` changed it.

    A model that is no longer there gives no columns and one warning: hits.csv is written all the same.

    Args:
        objective: the objective's table in the run's settings.
        hits: of the run, or other molecules of it, with a column smiles.
        called: what the warnings call them.
    """
    tables, warnings = [pd.DataFrame(index=hits.index)], list[str]()
    components = [component for component in objective["component"] if component["oracle"] == "qsar" and len(hits)]
    molecules = molecules_of(hits["smiles"].tolist()) if components else []  # seconds of 30,000 hits
    for component in components:
        name, folder = component.get("name") or "qsar", Path(component["model"])
        try:
            found = predictions(load_model(folder), molecules).set_axis(hits.index)
        except ChemmaraError as error:
            warnings.append(f"{name}: {called} have no interval and no domain, for the model cannot be read ({error})")
            continue
        numbers = found.select_dtypes("number").columns
        found[numbers] = found[numbers].map(_four_digits)
        found.columns = [f"{name}_{column}" for column in found.columns]
        tables.append(found.drop(columns=[column for column in found if column in hits]))  # a component's own name
        outside = found[f"{name}_domain"].tolist().count("outside")
        if outside:
            warnings.append(_warning(name, outside, len(hits), called))
    return ModelColumns(pd.concat(tables, axis=1), warnings)


def _warning(name: str, outside: int, of: int, called: str) -> str:
    return (
        f"{name}: {outside} of {of} {called} ({outside / of:.0%}) lie outside the model's domain, where its predictions"
        f" are extrapolated (column {name}_domain{' of hits.csv' if called == 'hits' else ''})"
    )


def _four_digits(value: float) -> float:
    return value if np.isnan(value) else float(f"{value:.4g}")
