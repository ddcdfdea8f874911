"""A library's rows with their scores."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.library import Library
from chemmara.scoring.measurement import Measure
from chemmara.scoring.objective import Objective, canonical_texts
from chemmara.scoring.scores import Scores


def scored(
    objective: Objective, library: Library, measure: Measure, chunk: int = 1024, *, found: bool = False
) -> Iterator[pd.DataFrame]:
    """The library's rows in order, each table with columns total, one a component (raw values), and error.

    With `found`, columns NAME_found behind them say what each component counted, where that has names (alerts, rules).
    A library's own columns of these names are replaced; `replaced_columns` says which. ChemmaraError where its SMILES
    column is one of them.
    """
    gone = replaced_columns(objective, library, found=found)
    if library.smiles_column in gone:
        raise ChemmaraError(
            f"{library.source}: its column of SMILES, {library.smiles_column!r}, is named like a column of scores;"
            " rename it, or the component"
        )
    for table, smiles, texts in _ahead(library, chunk):
        scores = objective(smiles, measure, texts)
        columns = {"total": scores.total, **scores.components, "error": _reasons(library, table, scores.error)}
        columns |= _found(objective, scores) if found else {}
        yield table.drop(columns=gone).join(pd.DataFrame(columns, index=table.index))


@dataclass
class Best:
    """The rows with the best totals of many tables, the best first, equal ones in their order; none of 0 or without."""

    n: int
    table: pd.DataFrame | None = None

    def add(self, table: pd.DataFrame) -> None:
        """Look at more rows."""
        rows = table if self.table is None else pd.concat([self.table, table])
        order = np.argsort(-rows["total"].to_numpy(dtype=float), kind="stable")[: self.n]
        self.table = rows.iloc[order[rows["total"].to_numpy(dtype=float)[order] > 0]]


def replaced_columns(objective: Objective, library: Library, *, found: bool = False) -> list[str]:
    """The library's columns that scoring replaces: total, error, and those that are named like a component."""
    added = {"total", *objective.config.names, "error", *(_finders(objective) if found else {})}
    return [name for name in library.columns if name in added]


def _finders(objective: Objective) -> dict[str, str]:
    """Names of the components that count what has names, by the column that says what they found.

    ChemmaraError where another component is called like such a column.
    """
    found = {f"{name}_found": name for name in objective.finders}
    if taken := found.keys() & set(objective.config.names):
        raise ChemmaraError(f"--found: a component is called {min(taken)}, like a column that is added; rename it")
    return found


def _found(objective: Objective, scores: Scores) -> dict[str, list[str]]:
    """What was found in each molecule, with semicolons; "" where that is nothing, or the component was spared."""
    return {
        column: [
            objective.found(name, text) if value > 0 else ""
            for text, value in zip(scores.smiles, scores.components[name], strict=True)
        ]
        for column, name in _finders(objective).items()
    }


def _reasons(library: Library, table: pd.DataFrame, errors: list[str]) -> list[str]:
    """The errors, with the file's own reason where a structure could not be read and left no SMILES."""
    reasons = [library.unreadable.get(row, "") for row in table.index]
    empty = table[library.smiles_column] == ""
    return [
        f"invalid structure: {reason}" if reason and no_smiles else error
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
