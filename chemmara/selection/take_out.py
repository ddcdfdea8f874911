"""The table that a chemist takes away: scaffold, series, nearest known compound, InChIKey and properties."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from rdkit.Chem import Mol
from rdkit.Chem.inchi import MolToInchiKey

from chemmara.errors import ChemmaraError
from chemmara.metrics.properties import PROPERTIES, properties
from chemmara.molecules.chem import molecules_of, scaffold
from chemmara.molecules.quiet import QUIET
from chemmara.selection.clusters import by_scaffold
from chemmara.selection.known import NEAREST, Known

_DECIMALS: Final = {"molecular_weight": 2, "crippen_logp": 2, "tpsa": 1, "sa_score": 2}  # the others are counts
_DIGITS: Final = 5


def described(
    table: pd.DataFrame,
    smiles: str,
    picks: Sequence[int] | None = None,
    known: Known | None = None,
    keep: Collection[str] = (),
    most: int | None = None,
    scaffolds: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The table with columns pick, scaffold, series, nearest_*, inchikey and the properties at its end.

    `smiles` is the column of SMILES, all valid. pick: 1 for the first of `picks` (numbers of rows), 2 for the next,
    ...; empty for the others. series: number of the scaffold, 1 for that of the first row, 2 for the next other one.
    nearest_*: the nearest of the known compounds. Beyond the first `most` rows, inchikey and properties, which take
    milliseconds a molecule, are empty. `scaffolds`: that of each SMILES, where they are known already. Columns of
    these names that the table has are replaced, but for those in `keep`. Properties are rounded. ChemmaraError where
    the column of SMILES would be replaced.
    """
    texts: list[str] = table[smiles].tolist()
    molecules = molecules_of(texts[: most if scaffolds and not known else None])  # seconds of 30,000
    own = [scaffolds[text] for text in texts] if scaffolds else list(map(scaffold, molecules))
    _, series = np.unique(by_scaffold(own), return_inverse=True)
    columns: dict[str, object] = {} if picks is None else {"pick": _places(picks, len(table))}
    columns |= {"scaffold": own, "series": series + 1}
    if known is not None:
        nearest = known.nearest_to(molecules)
        columns |= {name: nearest[name].tolist() for name in NEAREST}
    columns |= _detailed(molecules[:most], len(table))
    columns = {name: values for name, values in columns.items() if name not in keep}
    if smiles in columns:
        raise ChemmaraError(f"the column of SMILES, {smiles!r}, is named like a column that is added; rename it")
    added = pd.DataFrame(columns, index=table.index)
    return table.drop(columns=[name for name in table.columns if name in columns]).join(added)


def added_columns(*, picks: bool, known: bool) -> list[str]:
    """Names of the columns that `described` adds."""
    return [*(["pick"] if picks else []), "scaffold", "series", *(NEAREST if known else []), "inchikey", *PROPERTIES]


def rounded(value: float) -> float:
    """A measured value to five significant digits.

    >>> rounded(431.51999999999998), rounded(-9.4321678)
    (431.52, -9.4322)
    """
    return float(f"{value:.{_DIGITS}g}")


def _places(picks: Sequence[int], rows: int) -> object:
    places = pd.array([pd.NA] * rows, dtype="Int64")
    places[list(picks)] = range(1, len(picks) + 1)
    return places


def _inchikey(molecule: Mol) -> str:
    with QUIET:
        return MolToInchiKey(molecule)


def _detailed(molecules: Sequence[Mol], rows: int) -> dict[str, object]:
    """InChIKeys and properties, empty beyond the given molecules."""
    rest = [pd.NA] * (rows - len(molecules))
    columns: dict[str, object] = {"inchikey": [*map(_inchikey, molecules), *([""] * len(rest))]}
    for name, values in _properties(molecules).items():
        kind = "Float64" if name in _DECIMALS else "Int64"
        columns[name] = pd.array([*values, *rest], dtype=kind) if rest else values
    return columns


def _properties(molecules: Sequence[Mol]) -> dict[str, list[float]]:
    rows = [properties(molecule) for molecule in molecules]
    return {
        name: [round(row[name], _DECIMALS[name]) if name in _DECIMALS else int(row[name]) for row in rows]
        for name in PROPERTIES
    }
