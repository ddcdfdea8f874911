"""The card of a model: what it learned from, how good it is, and where it ends."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from chemmara.oracles.qsar import MOLECULES, QsarCard
from chemmara.qsar.data import Activities
from chemmara.qsar.validate import Split

_UNDEFINED = "-"
_SERIES = 5  # molecules of a scaffold from which its errors are told
_SHOWN = 10  # scaffolds with the largest errors
HELD_OUT: Final[dict[Split, str]] = {"scaffold": "held-out scaffolds", "random": "molecules held out at random"}


def card_text(
    card: QsarCard, activities: Activities, source: str, difference: float, split: Split, errors: pd.DataFrame
) -> str:
    """card.md as Markdown; `split`: that the errors are known from; `errors`: see `scaffold_errors`."""
    count = f"{card.molecules:,} molecules, {len(set(activities.scaffolds)):,} scaffolds"
    share = f"; {int(activities.targets.sum()):,} active" if card.task == "classification" else ""
    seen = "Morgan counts (radius 2, folded to 2,048)" + (" and twelve properties" if card.properties else "")
    kept = "arrays.safetensors" if card.kind == "gaussian-process" else "model.onnx"
    notes = "".join(f"- {note}\n" for note in activities.notes) or "- nothing was left out\n"
    remarks = "".join(f"- {note}\n" for note in card.notes)
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    return f"""# {card.target}

A {card.task} by {card.kind} on {seen}, kept in `{kept}`.

## Data

{count}{share}, from `{source}`. {_scale_text(card)}

{notes}
## Quality

Mean over held-out folds, with its 95 % interval; a dash where a figure is not defined.

{_table(card)}

{remarks + chr(10) if remarks else ""}{_errors_text(card, split)}

## Predicted against measured

![Predictions of {HELD_OUT[split]} against their measured values](held_out.svg)

{_scaffold_text(errors, split, card.task)}

## Domain

A molecule lies outside where its mean Tanimoto similarity to the five nearest molecules learned from is below
{card.domain_similarity:.3f} (5 % of those are as far from the others).
{_intervals_text(card, split)}

## Making

`chemmara qsar train`; {versions}. The model as kept differs from the fitted one by at most
{difference:.1e} on the first 1,000 molecules.
"""


def _scale_text(card: QsarCard) -> str:
    if card.scale == "linear":
        scale = "Values as they are"
    elif card.scale == "log10":
        scale = "Values are the decimal logarithms of the column's"
    else:
        unit = card.scale.removeprefix("p-from-")
        scale = f"Values are -log10 of the column's concentrations in mol/l (given in {unit})"
    return f"{scale}." if card.active_from is None else f"{scale}; active from {card.active_from:g} on."


def _errors_text(card: QsarCard, split: Split) -> str:
    if card.half_width is None:
        return f"Held-out molecules are too few for a conformal interval of {card.confidence:.1%}."
    if card.task == "classification":
        return f"A prediction's conformal p-value of being inactive is taken from inactives of {HELD_OUT[split]}."
    return f"On {HELD_OUT[split]} {card.confidence:.1%} of the errors are below {significant(card.half_width)}."


def _intervals_text(card: QsarCard, split: Split) -> str:
    if card.task == "classification":
        return ""
    sides = (("inside", card.half_width_inside), ("outside", card.half_width_outside))
    words = [
        f"{side} the domain none, for too few molecules were held out there"
        if width is None
        else f"{side} the domain prediction ± {significant(width)}"
        for side, width in sides
    ]
    return f"The {card.confidence:.1%} interval, from errors on {HELD_OUT[split]}: {'; '.join(words)}."


def scaffold_errors(molecules: pd.DataFrame, split: Split) -> pd.DataFrame:
    """Errors of molecules that were held out, by scaffold: the largest root mean square first.

    Columns scaffold, molecules, measured (their mean), rmse and bias (mean of predicted minus measured); scaffolds of
    five held-out molecules or more. `molecules`: the table of molecules.csv.
    """
    known = molecules.dropna(subset=[f"held_out_{split}"])
    error = known[f"held_out_{split}"] - known["measured"]
    table = pd.DataFrame({"scaffold": known["scaffold"], "measured": known["measured"], "error": error})
    groups = table.assign(squared=error**2).groupby("scaffold", sort=True)
    means: Any = groups[["measured", "squared", "error"]].mean()
    columns = {"molecules": groups.size(), "measured": means["measured"], "rmse": means["squared"] ** 0.5}
    found: Any = pd.DataFrame({**columns, "bias": means["error"]}).reset_index()
    return found[found["molecules"] >= _SERIES].sort_values("rmse", ascending=False, kind="stable")


def _scaffold_text(errors: pd.DataFrame, split: Split, task: str) -> str:
    if errors.empty:
        return f"No scaffold has {_SERIES} molecules that were held out."
    head = "share of actives" if task == "classification" else "mean measured"
    lines = [
        f"Of {len(errors)} scaffolds with {_SERIES} molecules or more, those that are predicted worst:\n",
        f"| scaffold | molecules | {head} | RMSE | mean of predicted minus measured |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in errors.head(_SHOWN).to_dict("records"):
        name = f"`{row['scaffold']}`" if row["scaffold"] else "acyclic"
        figures = " | ".join(significant(row[key]) for key in ("measured", "rmse", "bias"))
        lines.append(f"| {name} | {row['molecules']} | {figures} |")
    return "\n".join([*lines, f"\nEvery molecule is in `{MOLECULES}`, with its prediction by {HELD_OUT[split]}."])


def _table(card: QsarCard) -> str:
    splits = list(card.figures)
    lines = [f"| figure | {' | '.join(f'{split} split' for split in splits)} |", "| --- |" + " --- |" * len(splits)]
    for name in card.figures[splits[0]]:
        cells = " | ".join(figure_text(card.figures[split], name) for split in splits)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def figure_text(figures: Mapping[str, tuple[float | None, float | None, float | None]], name: str) -> str:
    """A figure with its interval, or a dash."""
    mean, low, high = figures[name]
    if mean is None:
        return _UNDEFINED
    interval = "" if low is None or high is None else f" ({significant(low)} to {significant(high)})"
    return significant(mean) + interval


def significant(value: float) -> str:
    """A number to three significant digits, whatever its size; a dash for NaN.

    >>> [significant(value) for value in (0.98532, 1.0, 12.345, 123.4, 4.56e-9, -1234.5, 0.0)]
    ['0.985', '1.00', '12.3', '123', '4.56e-09', '-1.23e+03', '0.00']
    """
    return _UNDEFINED if value != value else f"{value:#.3g}".rstrip(".")  # noqa: PLR0124 - NaN's mark
