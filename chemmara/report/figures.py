"""Figures as SVG text or PNG files, in colours that colour-blind readers can tell apart."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chemmara.scoring.breakdown import transform_curve
from chemmara.scoring.objective import ObjectiveConfig
from chemmara.system.files import replacing

# Okabe and Ito's palette, without yellow, which is hard to see on white.
_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_GREY: Final = "#888888"  # legible on light and dark pages


def comparison_figure(runs: Mapping[str, Sequence[pd.DataFrame]], hit_threshold: float) -> Figure:
    """Hits and scaffolds against calls for each method: the mean over its seeds, a band from lowest to highest.

    `runs` holds the `Summary.curves` of each method's runs.
    """
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    for axes, column in zip(figure.subplots(1, 2), ("hits", "scaffolds"), strict=True):
        for (method, courses), colour in zip(runs.items(), _COLOURS * 9, strict=False):
            grid = np.linspace(0, max(course["calls"].max() for course in courses), 60)
            lines = np.array([np.interp(grid, course["calls"], course[column]) for course in courses])
            axes.plot(grid, lines.mean(axis=0), color=colour, label=method.replace("+", "\n+"))
            axes.fill_between(grid, lines.min(axis=0), lines.max(axis=0), color=colour, alpha=0.15, linewidth=0)
        axes.set_ylabel(f"{column} (score ≥ {hit_threshold:g})" if column == "hits" else "scaffolds among the hits")
    figure.axes[0].legend(frameon=False, labelcolor=_GREY)
    _quiet(figure, dict.fromkeys(figure.axes, "oracle calls"))
    return figure


def transform_figure(objective: ObjectiveConfig) -> Figure:
    """Desirability against raw value, one curve for each component."""
    columns = min(3, len(objective.component))
    rows = -(-len(objective.component) // columns)
    figure = Figure(figsize=(3.8 * columns, 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    below: dict[Axes, str] = {}
    for here, name, component in zip(axes, objective.names, objective.component, strict=False):
        values, desirabilities = transform_curve(component)
        here.plot(values, desirabilities, color=_COLOURS[0])
        here.set_ylim(-0.03, 1.03)
        here.set_ylabel("desirability" if component.role == "score" else component.role)
        below[here] = f"{name} ({component.unit})" if component.unit else name
    for spare in axes[len(objective.component) :]:
        spare.set_axis_off()
    _quiet(figure, below)
    return figure


def _quiet(figure: Figure, below: Mapping[Axes, str]) -> None:
    """Grey axes without a box, on no background: readable on light and dark pages; `below` is written under each."""
    figure.patch.set_alpha(0)
    for axes, words in below.items():
        axes.set_xlabel(words)
        axes.patch.set_alpha(0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_GREY)
        axes.tick_params(colors=_GREY)
        axes.xaxis.label.set_color(_GREY)
        axes.yaxis.label.set_color(_GREY)


def as_svg(figure: Figure, name: str) -> str:
    """The figure as an <svg> element; `name` keeps the ids of several on one page apart, and fixes them."""
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def save_png(figure: Figure, path: Path) -> None:
    """Write the figure on white, whole or not at all."""
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=150, facecolor="white", transparent=False)
