"""A library's rows with their scores."""

from collections.abc import Iterator

import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.library import Library
from chemmara.scoring.objective import Measure, Objective


def scored(objective: Objective, library: Library, measure: Measure, chunk: int = 1024) -> Iterator[pd.DataFrame]:
    """The library's rows in order, each table with columns total, one a component (raw values), and error.

    ChemmaraError where the library has a column of one of these names already.
    """
    added = ["total", *objective.config.names, "error"]
    for name in added:
        if name in library.columns:
            raise ChemmaraError(f"{library.source}: has a column {name!r} already; rename it first")
    for table in library.chunks(chunk):
        scores = objective(table[library.smiles_column].tolist(), measure)
        columns = {"total": scores.total, **scores.components, "error": scores.error}
        yield table.join(pd.DataFrame(columns, index=table.index))
