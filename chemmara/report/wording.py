"""The figures of a run in words: a name, and one sentence that says what it means."""

from typing import Final

import numpy as np

HEADLINE: Final = ("hits", "scaffolds", "circles75", "best", "top10", "auc_top10")
"""Figures at the top of a page."""

FIGURES: Final = {
    "hits": ("hits", "Different molecules that reach the hit threshold."),
    "scaffolds": ("scaffolds", "Different Bemis-Murcko scaffolds (rings and what links them) among the hits."),
    "circles75": (
        "really different hits",
        "#Circles at .75: hits of which any two have a Tanimoto distance above .75. Close analogues count once.",
    ),
    "best": ("best score", "The highest score of any molecule; 1 is all that the objective asks for."),
    "top10": ("mean of the ten best", "Mean score of the ten best molecules."),
    "auc_top10": (
        "speed (AUC top-10)",
        "Mean of the ten best, averaged over the whole budget: high means good molecules were found early.",
    ),
    "calls": ("oracle calls", "Different molecules that were scored, of the budget."),
    "ob1": ("calls to the first hit", "How many molecules were scored before the first hit came."),
    "ob100": ("calls to 100 hits", "How many molecules were scored before the hundredth hit came."),
    "generic_scaffolds": ("ring frameworks", "Scaffolds that still differ when every atom is made carbon."),
    "circles70": ("hits more than .70 apart", "#Circles at .70: the same as at .75, less strictly."),
    "intdiv1": (
        "internal diversity",
        "Mean Tanimoto distance of all pairs of hits (IntDiv1). It does not rank methods by itself.",
    ),
    "auc_top10_not_carried": (
        "speed, not carried on",
        "The same as AUC top-10, but what was not spent of the budget counts nothing.",
    ),
}
"""Key of `Summary.figures`: (name, sentence), in the order of the page."""


def number(value: float) -> str:
    """A figure as text: thousands separated, three decimals where it is no whole number, a dash for NaN.

    >>> number(12345), number(0.12345), number(float("nan"))
    ('12,345', '0.123', '\\u2013')
    """
    if np.isnan(value):
        return "\N{EN DASH}"
    return f"{int(value):,}" if float(value).is_integer() and value != 1.0 or isinstance(value, int) else f"{value:.3f}"
