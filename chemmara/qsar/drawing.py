"""Predictions of held-out molecules beside what was measured, as SVG."""

from io import StringIO

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from chemmara.qsar.data import Task

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#888888"  # Okabe and Ito's; the grey is legible on light and dark pages


def held_out_svg(measured: np.ndarray, predicted: np.ndarray, task: Task, held_out: str) -> str:
    """An <svg> element: predicted against measured values, or the probabilities of actives and of inactives.

    Args:
        measured: targets (n,).
        predicted: predictions (n,) by a model that had not seen the molecule; NaN for none.
        task: what the targets are.
        held_out: how they were held out, for the axis.
    """
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    known = ~np.isnan(predicted)
    if task == "regression":
        axes.scatter(measured[known], predicted[known], s=6, alpha=0.4, color=_BLUE, linewidths=0, rasterized=True)
        if known.any():
            ends = [
                min(measured[known].min(), predicted[known].min()),
                max(measured[known].max(), predicted[known].max()),
            ]
            axes.plot(ends, ends, color=_ORANGE, linewidth=1)
        axes.set_xlabel("measured", color=_GREY)
        axes.set_ylabel(f"predicted ({held_out})", color=_GREY)
    else:
        for label, target, colour in (("inactive", 0, _BLUE), ("active", 1, _ORANGE)):
            rows = predicted[known & (measured == target)]
            axes.hist(rows, bins=np.linspace(0, 1, 21).tolist(), color=colour, alpha=0.6, label=label, log=True)
        axes.legend(frameon=False, labelcolor=_GREY)
        axes.set_xlabel(f"predicted probability of being active ({held_out})", color=_GREY)
        axes.set_ylabel("molecules", color=_GREY)
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(colors=_GREY)
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": "held out", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, dpi=150)
    return text.getvalue()[text.getvalue().index("<svg") :]
