"""What a model says of molecules, with how far it may be believed."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles, parse, why_invalid
from chemmara.molecules.library import Library
from chemmara.oracles.qsar import QsarCard, QsarModel

_WORDS: Final = ("class", "domain", "nearest")
_COMMON: Final = ("domain", "similarity", "nearest", "nearest_similarity", "nearest_measured")


def prediction_columns(card: QsarCard) -> list[str]:
    """Names of the columns of `predictions`, in order."""
    return ["predicted", *(("class",) if card.task == "classification" else ("low", "high")), *_COMMON]


def predictions(model: QsarModel, molecules: Sequence[Mol]) -> pd.DataFrame:
    """What a model says of molecules, row by row.

    Columns:
        predicted: value on the model's scale, or probability of being active.
        low, high: of a regression: ends of the conformal interval at the model's confidence, from errors inside the
            domain for a molecule inside it and from errors outside for one outside; NaN where those were too few.
        class: of a classification: the classes that conformal prediction does not rule out at the model's confidence:
            active, inactive, either or neither; "" where a model of format 1 cannot tell.
        domain: inside or outside.
        similarity: mean Tanimoto similarity to the five nearest molecules learned from, which the domain is told by.
        nearest, nearest_similarity, nearest_measured: the nearest molecule learned from (SMILES), its Tanimoto
            similarity (ECFP4 of 2,048 bits), and what was measured of it; a model of format 1 knows the similarity
            alone.
    """
    card, values = model.card, model.predict(molecules) if molecules else np.zeros(0)
    neighbours = model.neighbours(molecules)
    within = neighbours.similarity >= card.domain_similarity
    learned = model.learned
    rows = None if learned is None else learned.iloc[neighbours.nearest]
    table = pd.DataFrame({"predicted": values}, dtype=float)
    if card.task == "classification":
        table["class"] = _classes(model, values)
    else:
        half_widths = model.half_widths(within)
        table["low"], table["high"] = values - half_widths, values + half_widths
    table["domain"] = np.where(within, "inside", "outside")
    table["similarity"] = neighbours.similarity
    table["nearest"] = "" if rows is None else rows["smiles"].to_numpy()
    table["nearest_similarity"] = neighbours.nearest_similarity
    table["nearest_measured"] = np.nan if rows is None else rows["measured"].to_numpy()
    return table


def _classes(model: QsarModel, values: np.ndarray) -> list[str]:
    """A class is ruled out where its p-value is at most one minus the confidence (Norinder 2014, section 2)."""
    limit = 1.0 - model.card.confidence
    no_inactive = model.inactive(values) <= limit
    if model.card.format == 1:
        return ["active" if alone else "" for alone in no_inactive]
    names = {(False, True): "active", (True, False): "inactive", (False, False): "either", (True, True): "neither"}
    no_active = model.active(values) <= limit
    return [names[bool(active), bool(inactive)] for active, inactive in zip(no_active, no_inactive, strict=True)]


def predicted_rows(model: QsarModel, library: Library, chunk: int = 1024) -> Iterator[pd.DataFrame]:
    """A library's rows in order, with the columns of `predictions` and `error`, table by table.

    An invalid SMILES keeps its row: no prediction, and the reason under `error`. The library's own columns of these
    names are replaced. ChemmaraError where its SMILES column is one of them.
    """
    names = [*prediction_columns(model.card), "error"]
    if library.smiles_column in names:
        raise ChemmaraError(
            f"{library.source}: its column of SMILES, {library.smiles_column!r}, is named like a column of predictions;"
            " rename it"
        )
    for table in library.chunks(chunk):
        texts = table[library.smiles_column].tolist()
        found = [parse(text) if (text := canonical_smiles(given)) else None for given in texts]
        rows = [place for place, molecule in enumerate(found) if molecule is not None]
        known = predictions(model, [molecule for molecule in found if molecule is not None])
        known.index = table.index[rows]
        columns = known.reindex(table.index)
        words = [name for name in _WORDS if name in columns]
        columns[words] = columns[words].astype(object).fillna("")
        columns["error"] = [
            "" if molecule is not None else _reason(library, row, text)
            for row, text, molecule in zip(table.index, texts, found, strict=True)
        ]
        yield table.drop(columns=[name for name in names if name in table.columns]).join(columns[names])


def _reason(library: Library, row: int, text: str) -> str:
    """Why a row has no molecule: the file's own reason where its structure could not be read."""
    unreadable = library.unreadable.get(row, "")
    return f"invalid structure: {unreadable}" if unreadable and not text else f"invalid SMILES: {why_invalid(text)}"
