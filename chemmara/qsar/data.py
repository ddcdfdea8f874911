"""A table of measured molecules, made into different molecules with one target each."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles, parse, scaffold
from chemmara.molecules.standardise import is_mixture, open_molecules
from chemmara.oracles.qsar_card import Scale
from chemmara.qsar.targets import Censored, advice, doubtful, read_targets, scaled, settled

Task = Literal["classification", "regression"]
Duplicates = Literal["refuse", "mean", "drop"]

_FEWEST: Final = 20  # molecules to learn from; of fewer, held-out figures have intervals as wide as their range
_FLATTEST: Final = 1e-6  # spread of values: trees stop splitting where the variance is below 2e-16


@dataclass(frozen=True)
class Activities:
    """Different molecules with one target each."""

    smiles: list[str]  # canonical
    targets: np.ndarray  # (n,) float64; 0 or 1 for a classification
    scaffolds: list[str]  # Murcko; "" for an acyclic molecule
    task: Task
    target: str  # the column
    notes: list[str] = field(default_factory=list)  # what was left out and why
    scale: Scale = "linear"  # that the column was brought to
    active_from: float | None = None  # value from which a molecule is active; None where the classes were given

    @cached_property
    def molecules(self) -> list[Mol]:
        """The molecules, row by row."""
        return [_parsed(smiles) for smiles in self.smiles]


def read_activities(
    source: str,
    target: str,
    smiles_column: str | None = None,
    *,
    active_from: float | None = None,
    task: Task | None = None,
    duplicates: Duplicates = "refuse",
    drop_missing: bool = False,
    censored: Censored = "refuse",
    scale: Scale = "linear",
    main_fragments: bool = False,
) -> Activities:
    """The molecules of a table with their targets.

    Args:
        source: any file that `chemmara score` reads.
        target: column of numbers; 0 and 1 alone (or true and false, active and inactive) make a classification, unless
            `task` says otherwise.
        smiles_column: column of the SMILES; None: found by its name.
        active_from: makes a classification of values: 1 from this value on, on the scale that is learned.
        task: what to learn; where it is a classification, a column of 0 and 1 alone holds the classes already, whatever
            `active_from` and `scale` say of measured values.
        duplicates: of a molecule with several, different targets: refuse, mean (of classes: the more frequent one;
            a tie is dropped), or drop.
        drop_missing: leave rows without a target out instead of refusing them.
        censored: of a limit such as `>10`: refuse, drop, limit (take it as the value), or decide (with `active_from`:
            take its class where it is sure, leave it out where not).
        scale: that the column is brought to before anything else.
        main_fragments: of every salt the drug, without charges.

    Raises:
        ChemmaraError: a column is missing, a target is no finite number, no row has one, or conflicts.
    """
    library = open_molecules(source, smiles_column, main_fragments=main_fragments)
    if target not in library.columns:
        raise ChemmaraError(f"{source}: has no column {target!r}; it has {', '.join(library.columns)}")
    if target == library.smiles_column:
        raise ChemmaraError(f"{source}: {target!r} is the column of the SMILES; name that of the measured values")
    cells: Any = pd.concat(library.chunks())[[library.smiles_column, target]].set_axis(["text", "cell"], axis=1)
    read = read_targets(cells["cell"].tolist(), target, source)
    if task == "classification" and {cell.value for cell in read if not np.isnan(cell.value)} <= {0.0, 1.0}:
        active_from, scale = None, "linear"
    doubt = "" if task else doubtful(read, scale, target)
    read = scaled(read, scale, target, source)
    notes = _missing(source, target, np.array([cell.value for cell in read]), drop_missing=drop_missing)
    values, words = settled(read, censored, active_from, target, source)
    words += [doubt] if doubt else []
    table = cells.assign(value=values)[~np.isnan(values)]
    table = _with_smiles(table, notes := notes + words)
    if mixtures := sum(map(is_mixture, table["smiles"])):
        notes.append(f"{mixtures} rows are salts or mixtures, taken as they are; --standardise takes their drugs")
    if not len(table):
        raise ChemmaraError(f"{source}: holds no molecule with a target")
    found: Task = task or ("classification" if set(table["value"]) <= {0.0, 1.0} else "regression")
    if found == "classification" and not set(table["value"]) <= {0.0, 1.0}:
        raise ChemmaraError(f"{source}: {target!r} has values other than 0 and 1; name a limit by --active-from")
    table = _different_molecules(source, table, found, duplicates, notes)
    smiles, targets = table["smiles"].tolist(), table["value"].to_numpy(dtype=float)
    if task is None and found == "regression" and scale == "linear" and (better := advice(targets)):
        notes.append(better)
    scaffolds = [scaffold(_parsed(text)) for text in smiles]
    return Activities(smiles, targets, scaffolds, found, target, notes, scale, active_from)


def require_trainable(activities: Activities, source: str) -> None:
    """ChemmaraError where a table holds too few molecules to learn from, or nothing that tells them apart."""
    target, targets = activities.target, activities.targets
    if len(targets) and len(set(targets)) == 1:
        raise ChemmaraError(f"{source}: {target!r} has one value alone ({targets[0]:g}): nothing to learn")
    if len(targets) < _FEWEST:
        raise ChemmaraError(
            f"{source}: {len(targets)} molecules are too few; {_FEWEST} are needed, for what a model of fewer is worth"
            " cannot be told"
        )
    if activities.task == "regression" and targets.std() < _FLATTEST:
        better = advice(targets) or "give them in a smaller unit"
        raise ChemmaraError(
            f"{source}: the values of {target!r} differ by {targets.std():.2g} only, too little for a model; {better}"
        )


def _parsed(smiles: str) -> Mol:
    molecule = parse(smiles)
    if molecule is None:
        raise ValueError(f"{smiles!r} is among the activities, but does not parse")
    return molecule


def _missing(source: str, target: str, values: np.ndarray, *, drop_missing: bool) -> list[str]:
    rows = np.flatnonzero(np.isnan(values))
    if len(rows) and not drop_missing:
        raise ChemmaraError(
            f"{source}: {len(rows)} rows have no {target!r}, the first is row {rows[0] + 1};"
            " fill them in, or leave them out by --drop-missing"
        )
    return [f"{len(rows)} rows without {target!r} were left out"] if len(rows) else []


def _with_smiles(table: Any, notes: list[str]) -> Any:
    """The rows that are molecules, with a column of canonical SMILES, each of which parses again."""
    smiles = [canonical_smiles(text) or "" for text in table["text"]]
    smiles = [text if text and parse(text) is not None else "" for text in smiles]
    table = table.assign(smiles=smiles)
    unread = table[table["smiles"] == ""]
    if len(unread):
        notes.append(
            f"{len(unread)} rows have no valid SMILES and were left out; the first is row {unread.index[0] + 1}"
        )
    return table[table["smiles"] != ""]


def _different_molecules(source: str, table: Any, task: Task, duplicates: Duplicates, notes: list[str]) -> pd.DataFrame:
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
