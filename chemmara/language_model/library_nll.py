"""A library's molecules with the negative log-likelihood that a prior gives them."""

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import to_numpy
from chemmara.language_model.sampling import log_likelihood
from chemmara.molecules.library import Library

COLUMNS: Final = ("nll", "error")
"""Columns that `with_nll` adds, in place of the library's own of these names."""


def with_nll(prior: Prior, library: Library, chunk: int = 4096) -> Iterator[pd.DataFrame]:
    """The library's rows in order with two more columns, `nll` and `error`.

    `nll` is the negative log-likelihood of the SMILES as written, in nats, rounded to four places; NaN where the prior
    cannot write the row, and then `error` says why ("" elsewhere).
    The library's own columns of these names are replaced.

    Raises:
        ChemmaraError: the column of SMILES has one of these names.
    """
    if library.smiles_column in COLUMNS:
        raise ChemmaraError(
            f"{library.source}: its column of SMILES is called {library.smiles_column!r}; rename it first"
        )
    for table in library.chunks(chunk):
        unreadable = [library.unreadable.get(row, "") for row in table.index]
        texts = [text.strip() for text in table[library.smiles_column]]
        rows, errors = zip(*map(partial(_encoded, prior), texts, unreadable), strict=True)
        encoded = [row for row in rows if row]
        nll = np.full(len(table), np.nan)
        if encoded:
            nll[[bool(row) for row in rows]] = -to_numpy(log_likelihood(prior.model, encoded)).astype(np.float64)
        own = table.drop(columns=list(COLUMNS), errors="ignore")
        yield own.assign(nll=nll.round(4), error=list(errors))


def _encoded(prior: Prior, smiles: str, unreadable: str) -> tuple[list[int], str]:
    """Token ids and ""; or no ids and the reason."""
    if not smiles:
        return [], unreadable or "empty"
    try:
        return prior.encode(smiles), ""
    except TokenError as error:
        return [], f"{error.reason} {error.detail}".rstrip()
