"""A library's rows with their scores."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.library import Library
from chemmara.scoring.measurement import Measure
from chemmara.scoring.objective import Objective, canonical_texts


def scored(objective: Objective, library: Library, measure: Measure, chunk: int = 1024) -> Iterator[pd.DataFrame]:
    """The library's rows in order, each table with columns total, one a component (raw values), and error.

    ChemmaraError where the library has a column of one of these names already.
    """
    added = ["total", *objective.config.names, "error"]
    for name in added:
        if name in library.columns:
            raise ChemmaraError(f"{library.source}: has a column {name!r} already; rename it first")
    for table, smiles, texts in _ahead(library, chunk):
        scores = objective(smiles, measure, texts)
        columns = {"total": scores.total, **scores.components, "error": _reasons(library, table, scores.error)}
        yield table.join(pd.DataFrame(columns, index=table.index))


def _reasons(library: Library, table: pd.DataFrame, errors: list[str]) -> list[str]:
    """The errors, with the file's own reason where a structure could not be read and left no SMILES."""
    reasons = [library.unreadable.get(row, "") for row in table.index]
    empty = table[library.smiles_column] == ""
    return [
        f"not a molecule: {reason}" if reason and no_smiles else error
        for reason, no_smiles, error in zip(reasons, empty, errors, strict=True)
    ]


def _ahead(library: Library, chunk: int) -> Iterator[tuple[pd.DataFrame, list[str], list[str]]]:
    """Tables with their SMILES and canonical forms; the next one is made while the last one is being measured."""
    with ThreadPoolExecutor(1) as helper:
        tables = library.chunks(chunk)
        coming = helper.submit(_next, tables, library.smiles_column)
        while (ready := coming.result()) is not None:
            coming = helper.submit(_next, tables, library.smiles_column)
            yield ready


def _next(tables: Iterator[pd.DataFrame], column: str) -> tuple[pd.DataFrame, list[str], list[str]] | None:
    table = next(tables, None)
    if table is None:
        return None
    smiles = table[column].tolist()
    return table, smiles, canonical_texts(smiles)
