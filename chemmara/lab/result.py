"""What an experiment leaves: its claim, what was predicted, what was measured."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from chemmara.files import new_folder, replacing, write_text
from chemmara.report.figures import save_png


@dataclass(frozen=True)
class Result:
    """One experiment's outcome."""

    name: str
    claim: str  # in words, with its place in the paper
    prediction: str
    measured: str  # in words and figures
    holds: bool
    table: pd.DataFrame
    figure: Figure
    full: bool  # False: a quick run, not the evidence


def write_result(result: Result, out: Path) -> Path:
    """Write out/NAME/result.json, table.csv and figure.png; the folder."""
    folder = new_folder(out / result.name)
    with replacing(folder / "table.csv") as partial:
        result.table.to_csv(partial, index=False)
    save_png(result.figure, folder / "figure.png")
    words = {key: getattr(result, key) for key in ("name", "claim", "prediction", "measured", "holds", "full")}
    rows = json.loads(str(result.table.to_json(orient="records")))
    write_text(folder / "result.json", json.dumps({**words, "table": rows}, indent=2) + "\n")
    return folder


def write_page(results: list[Result], out: Path) -> Path:
    """Claim, prediction and measurement of several experiments as one Markdown page with their figures."""
    parts = ["# The lab\n"]
    for result in results:
        quick = "" if result.full else "\nA quick run, not the evidence.\n"
        parts.append(
            f"## {result.name}\n{quick}\nClaim: {result.claim}\n\nPrediction: {result.prediction}\n\n"
            f"Measured: {result.measured} **{'Holds' if result.holds else 'Does not hold'}.**\n\n"
            f"![{result.name}]({result.name}/figure.png)\n"
        )
    write_text(out / "README.md", "\n".join(parts))
    return out / "README.md"
