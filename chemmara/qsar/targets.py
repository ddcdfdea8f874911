"""The cells of a target column as numbers: limits such as `>10`, words for two classes, and scales."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.oracles.qsar_card import Scale
from chemmara.selection.cells import has_comma

Censored = Literal["refuse", "drop", "limit", "decide"]

_MISSING: Final = {"", "-", "nan", "na", "n/a", "n.a.", "nd", "n.d.", "none", "null", "<na>"}
_CLASSES: Final = {
    **dict.fromkeys(("true", "yes", "active", "positive"), 1.0),
    **dict.fromkeys(("false", "no", "inactive", "not active", "negative"), 0.0),
}
_NUMBER: Final = re.compile(r"=?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_LIMIT: Final = re.compile(r"(>=|<=|>>|<<|>|<|≥|≤)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_WITH_COMMAS: Final = re.compile(r"[<>=≤≥]*\s*[-+]?\d[\d.]*(?:,\d+)+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_EXPONENTS: Final[dict[Scale, int]] = {"p-from-M": 0, "p-from-mM": 3, "p-from-uM": 6, "p-from-nM": 9}
_PIC50: Final = (2.0, 12.0)  # where -log10 of concentrations in mol/l lie
_MIRRORED: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "": ""}


@dataclass(frozen=True)
class Target:
    """One cell: a value, or a limit of it."""

    value: float  # NaN where the cell is empty
    relation: str = ""  # ">", "<", ">=" or "<=" for a limit; "" for a measured value


def read_targets(cells: Sequence[str], column: str, source: str) -> list[Target]:
    """Every cell of a column; ChemmaraError names the first one that is no number, with its row.

    A column of two classes in words (true and false, yes and no, active and inactive) becomes 1 and 0.

    >>> read_targets(["7.5", ">10", "n/a"], "y", "t.csv")
    [Target(value=7.5, relation=''), Target(value=10.0, relation='>'), Target(value=nan, relation='')]
    >>> [target.value for target in read_targets(["active", "Inactive"], "y", "t.csv")]
    [1.0, 0.0]
    """
    plain = [cell.strip().lower() for cell in cells]
    filled = {cell for cell in plain if cell not in _MISSING}
    if filled & set(_CLASSES):
        if strange := filled - set(_CLASSES) - {"0", "1"}:
            row = next(i for i, cell in enumerate(plain) if cell in strange)
            raise ChemmaraError(
                f"{source}: row {row + 1}: {column!r} is {cells[row]!r}, but other rows are words for a class such as"
                f" {next(cell for cell in cells if cell.strip().lower() in _CLASSES)!r}; use the one or the other"
            )
        words = _CLASSES | {"0": 0.0, "1": 1.0}
        return [Target(words.get(cell, math.nan)) for cell in plain]
    return [_target(cell, f"{source}: row {row}: {column!r}") for row, cell in enumerate(cells, start=1)]


def _target(cell: str, place: str) -> Target:
    text = cell.strip()
    if text.lower() in _MISSING:
        return Target(math.nan)
    if found := _NUMBER.fullmatch(text):
        return Target(_finite(float(found[1]), cell, place))
    if found := _LIMIT.fullmatch(text):
        relation = {"≥": ">=", "≤": "<=", ">>": ">", "<<": "<"}.get(found[1], found[1])
        return Target(_finite(float(found[2]), cell, place), relation)
    if text.lower().lstrip("+-") in {"inf", "infinity"}:
        return Target(_finite(math.inf, cell, place))
    if _WITH_COMMAS.fullmatch(text):
        raise has_comma(place, cell)
    raise ChemmaraError(f"{place} is {cell!r}, which is no number")


def _finite(value: float, cell: str, place: str) -> float:
    if math.isinf(value):
        raise ChemmaraError(f"{place} is {cell!r}, which is infinite; write a limit such as >100, or leave it empty")
    return value


def scaled(targets: list[Target], scale: Scale, column: str, source: str) -> list[Target]:
    """Targets on another scale; a falling one turns limits round.

    p-from-nM is -log10 of the concentration in mol/l, for values in nM: pIC50, pKi and the like. ChemmaraError for a
    value without a logarithm.

    >>> scaled([Target(100.0), Target(10000.0, ">")], "p-from-nM", "ic50", "t.csv")
    [Target(value=7.0, relation=''), Target(value=5.0, relation='<')]
    """
    if scale == "linear":
        return targets
    for row, target in enumerate(targets, start=1):
        if target.value <= 0:
            raise ChemmaraError(f"{source}: row {row}: {column!r} is {target.value:g}, which has no logarithm")
    if scale == "log10":
        return [Target(math.log10(target.value), target.relation) for target in targets]
    zero = _EXPONENTS[scale]
    return [Target(zero - math.log10(target.value), _MIRRORED[target.relation]) for target in targets]


def doubtful(targets: list[Target], scale: Scale, column: str) -> str:
    """A sentence where values that are to be concentrations look like pIC50 already; "" where they do not.

    >>> doubtful([Target(4.5), Target(6.1), Target(9.2)], "p-from-nM", "y")[:64]
    "the values of 'y' lie between 4.5 and 9.2, as pIC50 and the like"
    >>> doubtful([Target(4.5), Target(61.0)], "p-from-nM", "y"), doubtful([Target(4.5)], "linear", "y")
    ('', '')
    """
    values = [target.value for target in targets if not math.isnan(target.value)]
    if scale in {"linear", "log10"} or not values or not _PIC50[0] <= min(values) <= max(values) <= _PIC50[1]:
        return ""
    return (
        f"the values of {column!r} lie between {min(values):g} and {max(values):g}, as pIC50 and the like do; where"
        f" they are that already, leave --scale {scale} away"
    )


def settled(
    targets: list[Target], censored: Censored, active_from: float | None, column: str, source: str
) -> tuple[np.ndarray, list[str]]:
    """One number a row (n,), NaN for one that is empty or left out; and what became of the limits, in words.

    With `active_from` the numbers are classes, 1 from that value on. `decide` gives a limit its class where it has one:
    from 5 on, `>10` is active, and `<3` is not; `>3` may be either and is left out.
    """
    if censored == "decide" and active_from is None:
        raise ChemmaraError("--censored decide needs --active-from: a limit can be on one side of that value alone")
    values = np.array([target.value for target in targets], dtype=float)
    limits = [row for row, target in enumerate(targets) if target.relation]
    if limits and censored == "refuse":
        first = targets[limits[0]]
        raise ChemmaraError(
            f"{source}: {len(limits)} rows of {column!r} are limits, the first is row {limits[0] + 1}"
            f" ({first.relation}{first.value:g}); leave them out by --censored drop, take them as values by --censored"
            " limit, or with --active-from let them decide the class by --censored decide"
        )
    if active_from is not None:
        values = np.where(np.isnan(values), np.nan, (values >= active_from).astype(float))
    if not limits:
        return values, []
    if censored == "limit":
        return values, [f"{len(limits)} limits such as >10 were taken as measured values"]
    kept = 0
    for row in limits:
        value = _decided(targets[row], active_from) if censored == "decide" and active_from is not None else math.nan
        values[row] = value
        kept += not math.isnan(value)
    left_out = f"{len(limits) - kept} limits such as >10 were left out"
    if censored == "drop":
        return values, [left_out]
    return values, [f"{kept} limits such as >10 have a class by {active_from:g}; {left_out}, for they may be either"]


def _decided(target: Target, active_from: float) -> float:
    """1 or 0 where a limit lies on one side of the threshold, else NaN."""
    if target.relation in {">", ">="}:
        return 1.0 if target.value >= active_from else math.nan
    below = target.value < active_from or (target.relation == "<" and target.value == active_from)
    return 0.0 if below else math.nan


def advice(values: np.ndarray) -> str:
    """A better scale for measured values (n,) of a regression, in a sentence; "" where they do well as they are."""
    if not len(values) or values.min() <= 0:
        return ""
    orders = math.log10(values.max() / values.min())
    if values.max() <= 0.01:  # noqa: PLR2004 - mol/l: no assay measures weaker binding
        return (
            f"the values ({values.min():.3g} to {values.max():.3g}) look like concentrations in mol/l;"
            " --scale p-from-M would learn their pIC50"
        )
    if orders >= 3:  # noqa: PLR2004 - orders of magnitude
        return (
            f"the values span {orders:.1f} orders of magnitude: the largest alone would count; learn their logarithm"
            " by --scale log10, or pIC50 by --scale p-from-nM (or -uM, -mM, -M)"
        )
    return ""
