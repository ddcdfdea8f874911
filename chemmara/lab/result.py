"""What an experiment leaves: its claim, what was predicted, what was measured."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from chemmara.report.figures import save_png
from chemmara.system.files import new_folder, replacing, write_text


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


def finished(out: Path, name: str, *, quick: bool) -> bool:
    """Whether an experiment's result is on disk; a quick one counts only where quick ones are asked for."""
    path = out / name / "result.json"
    return path.is_file() and (quick or json.loads(path.read_text(encoding="utf-8"))["full"])


def write_page(names: list[str], out: Path) -> Path:
    """Claim, prediction and measurement of experiments on disk as one Markdown page with their figures."""
    parts = ["# The lab\n", "Claim, prediction and measurement of each experiment, by `chemmara lab all`.\n"]
    for name in names:
        summary = json.loads((out / name / "result.json").read_text(encoding="utf-8"))
        quick = "" if summary["full"] else "\nA quick run, not the evidence.\n"
        parts.append(
            f"## {name}\n{quick}\nClaim: {summary['claim']}\n\nPrediction: {summary['prediction']}\n\n"
            f"Measured: {summary['measured']} **{'Holds' if summary['holds'] else 'Does not hold'}.**\n\n"
            f"![{name}]({name}/figure.png)\n"
        )
    write_text(out / "README.md", "\n".join(parts))
    return out / "README.md"
