"""What a page says of every figure and every curve: a name, and one sentence that says what it means."""

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

LOGGED: Final = {
    "mean_score": (
        "Mean score of a batch",
        "How good the molecules were that the model wrote; it should rise.",
    ),
    "valid": (
        "Validity",
        "Share of the written texts that are molecules; above 0.9 is usual, a fall is a warning.",
    ),
    "unique": (
        "Uniqueness",
        "Share of different molecules among the valid ones of a batch; a fall means repetition.",
    ),
    "kl": (
        "Distance from the prior (KL)",
        "How far the model has moved from where it began, in nats. It rises quickly at first and should level off.",
    ),
    "good": (
        "Good share",
        (
            "Share of a batch that scored at least tau, after repeats and crowded molecules were set to 0: what "
            "the model learns to make more of."
        ),
    ),
    "tau": (
        "Tau",
        "Score from which a molecule counts as good, and what the prior thinks of it no longer counts.",
    ),
    "anchor_score": (
        "Score of the anchor",
        (
            "The good molecule that the prior likes best. The less the prior likes another good one, the more its "
            "reward is lifted; under MARA as published all good ones come to the anchor's level."
        ),
    ),
    "anchor_prior_logp": (
        "Anchor, log-probability under the prior",
        "In nats; the closer to 0, the more usual the anchor is for the prior.",
    ),
    "lifted": (
        "What the rewards lifted",
        (
            "Mean reward less mean filtered score of a batch: what MARA, or its half in the default, added, so that "
            "rarer good molecules are learned, too. 0 without."
        ),
    ),
    "taken": (
        "What the diversity filter took",
        (
            "Mean score of a batch, lost because molecules were repeats or resembled too many earlier ones; with "
            "niching, or hits of a niche left behind."
        ),
    ),
    "mean_filtered_score": (
        "Mean score after the filter",
        "Mean score of a batch once repeats and crowded molecules are set to 0; an invalid text counts 0.",
    ),
    "mean_reward": (
        "Mean reward",
        "What the model was trained on: the filtered score with its lift.",
    ),
    "loss": (
        "Loss",
        "Mean error of the training step; its size depends on the estimator, so look at its course only.",
    ),
    "later_loss": (
        "Loss of replayed rounds",
        "The same, for the molecules that were learned from again.",
    ),
    "grad_norm": (
        "Length of the gradient",
        "How hard a step pulled at the model; sudden peaks mean unrest.",
    ),
    "clipped": (
        "Clipped steps",
        "Share of the updates that were shortened because their gradient was too long.",
    ),
    "restarts": (
        "Restarts",
        (
            "A step up: the ten best molecules had not got better for long, and the model began anew from the prior, "
            "knowing nothing of them; a fall of the mean score at that step is meant."
        ),
    ),
    "niche": (
        "Niche",
        (
            "A step up: all late hits lay close together, and the policy began anew, away from them. A step down: it "
            "found no other niche, and went back to the last for good."
        ),
    ),
    "screen_active": (
        "Screening at work",
        (
            "1 where a model of the scores chose what was measured, 0 where it was too poor a guide or had too "
            "few scores to learn from."
        ),
    ),
    "screen_candidates": (
        "Candidates of a step",
        "Molecules among which the model chose the batch that was measured.",
    ),
    "screen_correlation": (
        "How well screening predicts",
        (
            "Rank correlation of the scores that the model predicted and those that were measured then; 1 is "
            "perfect, 0 is chance."
        ),
    ),
    "screen_predicted": (
        "Predicted score of what was chosen",
        "Mean of the model's predictions for the molecules of a batch; compare it with the mean score.",
    ),
    "screen_children": (
        "Chosen from children",
        "Share of a batch that was bred from the best molecules so far.",
    ),
    "screen_library": (
        "Chosen from the library",
        "Share of a batch that came from the library that was given.",
    ),
}
"""What is logged of a step: (name, sentence), in the order of the page."""


def number(value: float) -> str:
    """A figure as text: thousands separated, three decimals where it is no whole number, a dash for NaN.

    >>> number(12345), number(0.12345), number(1.0)
    ('12,345', '0.123', '1.000')
    """
    if np.isnan(value):
        return "\N{EN DASH}"
    whole = isinstance(value, int | np.integer) or (float(value).is_integer() and value > 1)
    return f"{int(value):,}" if whole else f"{value:.3f}"
