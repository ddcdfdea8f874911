"""The figure of a prior's card: held-out likelihood and validity while it was trained."""

import json
from pathlib import Path

from matplotlib.figure import Figure


def curves(folder: Path) -> Figure:
    """Held-out likelihood and validity of the evaluations in a folder's metrics.jsonl against molecules seen."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = [line["molecules"] / 1e6 for line in lines]
    figure = Figure(figsize=(8.0, 2.8), layout="constrained")
    likelihood, validity = figure.subplots(1, 2)
    if any("held_out_nll_canonical" in line for line in lines):
        likelihood.plot(seen, [line["held_out_nll"] for line in lines], color="#0072B2", label="random SMILES")
        canonical = [line["held_out_nll_canonical"] for line in lines]
        likelihood.plot(seen, canonical, color="#D55E00", label="canonical SMILES")
        likelihood.legend(frameon=False)
    else:
        likelihood.plot(seen, [line["held_out_nll"] for line in lines], color="#0072B2")
    validity.plot(seen, [line.get("validity") for line in lines], color="#0072B2")
    for axes, words in ((likelihood, "nats a held-out molecule"), (validity, "validity")):
        axes.set_xlabel("million molecules seen")
        axes.set_ylabel(words)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
