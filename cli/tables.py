"""Figures as text."""

import json
import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from chemmara.molecules.library import Library

_WORDS = {
    "molecules": "molecules",
    "invalid": "invalid",
    "duplicates": "duplicates",
    "unique": "unique",
    "calls": "oracle calls",
    "best": "best score",
    "top10": "mean of the 10 best",
    "hits": "hits (Yield)",
    "ob1": "calls to the 1st hit",
    "ob100": "calls to 100 hits",
    "scaffolds": "scaffolds",
    "generic_scaffolds": "generic scaffolds",
    "intdiv1": "IntDiv1",
    "circles75": "#Circles (.75)",
    "circles70": "#Circles (.70)",
    "auc_top10": "AUC top-10",
    "auc_top10_not_carried": "AUC top-10, not carried",
}


def print_figures(figures: Mapping[str, float]) -> None:
    """One figure a line on stdout; a dash for what is not defined."""
    for key, value in figures.items():
        typer.echo(f"{_WORDS.get(key, key):<24}{as_text(value):>10}")


def as_text(value: float) -> str:
    """A count plainly, another number to three places, a dash for NaN."""
    if math.isnan(value):
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def print_json(document: Any) -> None:
    """One JSON document, on one line of stdout; null for NaN and for infinite values, which JSON does not have."""
    typer.echo(json.dumps(_finite(document), allow_nan=False))


def json_line(values: Mapping[str, Any]) -> str:
    """A JSON object on one line; null for NaN and for infinite values."""
    return json.dumps(_finite(values), allow_nan=False)


def _finite(value: Any) -> Any:
    """The value with None in place of every number that JSON does not have."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(of_key) for key, of_key in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def summary(figures: Mapping[str, float], *, as_json: bool) -> None:
    """What a command found, beside the table that it wrote: one JSON object on stdout, or a line on stderr."""
    if as_json:
        print_json(figures)
    else:
        words = (f"{_WORDS.get(key, key.replace('_', ' '))} {as_text(value)}" for key, value in figures.items())
        typer.echo(", ".join(words), err=True)


def tell_replaced(library: "Library", added: Collection[str]) -> None:
    """One line on stderr if a library has columns of the same names as those that are added: these take their place."""
    names = [name for name in library.columns if name in added and name != library.smiles_column]
    if names:
        typer.echo(f"{library.source}: columns that it has already are replaced: {', '.join(names)}", err=True)


def tell_mixtures(number: int) -> None:
    """One line on stderr if rows of a library are salts or mixtures, which --standardise would have taken apart."""
    if number:
        typer.echo(
            f"{number} rows are salts or mixtures, taken as they are; --standardise takes the main fragment", err=True
        )
