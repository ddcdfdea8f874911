"""A library's molecules with what a prior thinks of them."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.sampling import log_likelihood
from chemmara.molecules.library import Library

COLUMN: Final = "nll"
"""Name of the column that `with_nll` adds."""


def with_nll(prior: Prior, library: Library, chunk: int = 4096) -> Iterator[pd.DataFrame]:
    """The library's rows in order with a column `nll`: negative log-likelihood of the SMILES as written, in nats.

    An empty cell has no nll. A column `nll` that the library has already is replaced; ChemmaraError where it holds the
    SMILES. ChemmaraError names the row of a molecule with a token that the prior lacks.
    """
    if library.smiles_column == COLUMN:
        raise ChemmaraError(f"{library.source}: its column of SMILES is called {COLUMN!r}; rename it first")
    for table in library.chunks(chunk):
        texts = table[library.smiles_column].str.strip()
        rows = [_encode(prior, text, library.source, number) for number, text in texts.items() if text]
        nll = pd.Series(float("nan"), index=table.index)
        if rows:
            nll[texts != ""] = -log_likelihood(prior.model, rows).double().numpy()
        yield table.drop(columns=COLUMN, errors="ignore").assign(**{COLUMN: nll.round(4)})


def _encode(prior: Prior, text: str, source: str, number: object) -> list[int]:
    try:
        return prior.tokenizer.encode_smiles(text)
    except TokenError as error:
        raise ChemmaraError(f"{source}: row {int(str(number)) + 1}: {error} (prior {prior.name})") from None
