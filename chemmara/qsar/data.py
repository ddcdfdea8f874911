"""A table of measured molecules, and what must be wrong with none of them."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical, parse, scaffold
from chemmara.molecules.library import open_library

Task = Literal["classification", "regression"]
Duplicates = Literal["refuse", "mean", "drop"]

_FEWEST = 20  # molecules, below which five folds say nothing


@dataclass(frozen=True)
class Activities:
    """Different molecules with one target each."""

    smiles: list[str]  # canonical
    targets: np.ndarray  # (n,) float64; 0 or 1 for a classification
    scaffolds: list[str]  # Murcko; "" for an acyclic molecule
    task: Task
    target: str  # the column
    notes: list[str]  # what was left out and why


def read_activities(
    source: str,
    target: str,
    smiles_column: str | None = None,
    *,
    active_from: float | None = None,
    task: Task | None = None,
    duplicates: Duplicates = "refuse",
    drop_missing: bool = False,
) -> Activities:
    """The molecules of a table with their targets.

    Args:
        source: any file that `chemmara score` reads.
        target: column of numbers; 0 and 1 alone make a classification, unless `task` says otherwise.
        smiles_column: of the SMILES, if its name does not tell.
        active_from: makes a classification of values: 1 from this value on.
        task: what to learn.
        duplicates: of a molecule with several, different targets: refuse, mean (of classes: the more frequent one;
            a tie is dropped), or drop.
        drop_missing: leave rows without a target out instead of refusing them.

    Raises:
        ChemmaraError: a column is missing, a target is no number, one class alone, too few molecules, or conflicts.
    """
    library = open_library(source, smiles_column)
    if target not in library.columns:
        raise ChemmaraError(f"{source}: has no column {target!r}; it has {', '.join(library.columns)}")
    table: Any = pd.concat(library.chunks())[[library.smiles_column, target]].set_axis(["text", "given"], axis=1)
    notes: list[str] = []
    table = table.assign(value=_numbers(source, target, table["given"], notes, drop_missing=drop_missing))
    table = table[table["value"].notna()]
    molecules = [parse(text) for text in table["text"]]
    table = table.assign(smiles=["" if molecule is None else canonical(molecule) for molecule in molecules])
    unread = table[table["smiles"] == ""]
    if len(unread):
        notes.append(f"{len(unread)} rows are no molecules; the first is row {unread.index[0] + 1}")
    table = table[table["smiles"] != ""]
    if active_from is not None:
        table = table.assign(value=(table["value"] >= active_from).astype(float))
    found: Task = task or ("classification" if set(table["value"]) <= {0.0, 1.0} else "regression")
    table = _one_each(source, table, found, duplicates, notes)
    _refuse_the_hopeless(source, target, table["value"], found)
    smiles = table["smiles"].tolist()
    scaffolds = [scaffold(molecule) for one in smiles if (molecule := parse(one)) is not None]
    return Activities(smiles, table["value"].to_numpy(dtype=float), scaffolds, found, target, notes)


def _numbers(source: str, target: str, given: pd.Series, notes: list[str], *, drop_missing: bool) -> pd.Series:
    values: Any = pd.to_numeric(given, errors="coerce")
    missing: Any = given[values.isna()]
    words = missing[~missing.str.strip().str.lower().isin(["", "nan", "na", "none", "null"])]
    if len(words):
        raise ChemmaraError(f"{source}: row {words.index[0] + 1}: {target!r} is {words.iloc[0]!r}, which is no number")
    if len(missing) and not drop_missing:
        raise ChemmaraError(
            f"{source}: {len(missing)} rows have no {target!r}, the first is row {missing.index[0] + 1};"
            " fill them in, or leave them out by --drop-missing"
        )
    if len(missing):
        notes.append(f"{len(missing)} rows without {target!r} were left out")
    return values


def _one_each(source: str, table: Any, task: Task, duplicates: Duplicates, notes: list[str]) -> pd.DataFrame:
    groups = table.groupby("smiles", sort=False)["value"]
    lowest, highest = groups.min(), groups.max()
    conflicts = lowest.index[lowest != highest]
    if len(conflicts) and duplicates == "refuse":
        first = table[table["smiles"] == conflicts[0]]
        rows = ", ".join(str(index + 1) for index in first.index[:2])
        raise ChemmaraError(
            f"{source}: {len(conflicts)} molecules have conflicting targets, the first in rows {rows}"
            f" ({', '.join(f'{value:g}' for value in first['value'].iloc[:2])}); choose --duplicates mean or drop"
        )
    single = groups.mean()
    if duplicates == "drop":
        single = single.drop(conflicts)
    elif task == "classification":
        single = single[single != 0.5].round()  # noqa: PLR2004 - a tie
    if len(table) > len(single):
        notes.append(f"{len(table) - len(single)} rows repeat a molecule ({len(conflicts)} with other targets)")
    return single.rename("value").reset_index()


def _refuse_the_hopeless(source: str, target: str, values: Any, task: Task) -> None:
    if task == "classification" and not set(values) <= {0.0, 1.0}:
        raise ChemmaraError(f"{source}: {target!r} has values other than 0 and 1; name a limit by --active-from")
    if values.nunique() < 2:  # noqa: PLR2004 - two classes
        raise ChemmaraError(f"{source}: {target!r} has one value alone ({values.iloc[0]:g}): nothing to learn"
                            if len(values) else f"{source}: holds no molecule with a target")  # fmt: skip
    if len(values) < _FEWEST:
        raise ChemmaraError(f"{source}: {len(values)} molecules are too few; {_FEWEST} are needed")
