"""The card of a model: what it learned from, how good it is, and where it ends."""

from collections.abc import Mapping

from chemmara.oracles.qsar import QsarCard
from chemmara.qsar.data import Activities

_UNDEFINED = "-"


def card_text(card: QsarCard, activities: Activities, source: str, difference: float) -> str:
    """card.md as Markdown."""
    count = f"{card.molecules:,} molecules, {len(set(activities.scaffolds)):,} scaffolds"
    share = f"; {int(activities.targets.sum()):,} active" if card.task == "classification" else ""
    seen = "Morgan counts (radius 2, folded to 2,048)" + (" and twelve properties" if card.properties else "")
    kept = "arrays.safetensors" if card.kind == "gaussian-process" else "model.onnx"
    notes = "".join(f"- {note}\n" for note in activities.notes) or "- nothing was left out\n"
    error = (
        f"On held-out scaffolds {card.confidence:.0%} of the errors are below {card.half_width:.3g}."
        if card.task == "regression"
        else "A prediction's conformal p-value of being inactive is taken from inactives of held-out scaffolds."
    )
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    return f"""# {card.target}

A {card.task} by {card.kind} on {seen}, kept in `{kept}`.

## Data

{count}{share}, from `{source}`.

{notes}
## Quality

Mean over held-out folds, with its 95 % interval.

{_table(card)}

{error}

## Domain

A molecule lies outside where its mean Tanimoto similarity to the five nearest molecules learned from is below
{card.domain_similarity:.3f} (5 % of those are as far from the others).

## Making

`chemmara qsar train`; {versions}. The model as kept differs from the fitted one by at most
{difference:.1e} on the first 1,000 molecules.
"""


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
    return f"{mean:.3f}" if low is None or high is None else f"{mean:.3f} ({low:.3f} to {high:.3f})"
