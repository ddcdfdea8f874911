"""How often conformal intervals hold on scaffolds that no model has seen: the table of docs/qsar.md.

    python benchmarks/coverage.py OUT DATA [MOST] [KIND]

DATA is the folder of the public sets (docs/lab-notes.md names them). Of each set at most MOST molecules (1,200) are
drawn at random. Five outer folds hold scaffolds out; a model of KIND (random-forest) with its interval is made from the
others alone, by the five folds that `chemmara qsar train` makes, and judged on those held out. Every molecule is judged
once and kept in OUT/SET.csv; run again, it goes on with the sets that are not there yet.

The columns: set, molecules, share outside the domain, nominal coverage, then what was covered by the interval of the
molecule's side of the domain (all, those inside, those outside), and by one interval for all (inside, outside).
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.oracles.features import features
from chemmara.qsar.data import Activities, read_activities
from chemmara.qsar.models import fit, fitted_predictions
from chemmara.qsar.uncertainty import domain, half_width, half_widths, inside, similarity_when_held_out
from chemmara.qsar.validate import folds, validate
from chemmara.system.files import new_folder

SETS = {
    "EGFR pIC50": ("egfr_pic50_teachopencadd.csv.gz", "pIC50"),
    "hERG pIC50": ("herg_pic50_patwalters.csv.gz", "pIC50"),
    "BACE-1 pIC50": ("bace.csv.xz", "pIC50"),
    "logD 7.4": ("lipo.csv.xz", "exp"),
    "log S (ESOL)": ("esol.csv.xz", "measured log solubility in mols per litre"),
}
LEVELS = (0.8, 0.9, 0.95)
FOLDS = 5


def subset(activities: Activities, rows: np.ndarray) -> Activities:
    """Some of the molecules."""
    return replace(
        activities,
        smiles=[activities.smiles[row] for row in rows],
        targets=activities.targets[rows],
        scaffolds=[activities.scaffolds[row] for row in rows],
    )


def judged(activities: Activities, kind: Any) -> pd.DataFrame:
    """A row a molecule: its error, its half-widths at each level, and whether it is inside the domain."""
    inputs, known = features(activities.molecules, properties=False), packed_fingerprints(activities.molecules)
    tables = []
    for learned, held in folds(activities, "scaffold", FOLDS, seed=1000):
        some, seen, prints = subset(activities, learned), inputs[learned], known[learned]

        def learn(rows: np.ndarray, out: np.ndarray, some: Activities = some, seen: np.ndarray = seen) -> np.ndarray:
            model = fit(kind, "regression", seen[rows], some.targets[rows], seed=0, threads=1)
            return fitted_predictions(model, seen[out], "regression")

        validation = validate(some, "scaffold", learn, number=FOLDS, seed=0)
        model = fit(kind, "regression", seen, some.targets, seed=0, threads=1)
        reach = domain(prints, 0)
        calibrated = inside(similarity_when_held_out(prints, folds(some, "scaffold", FOLDS, 0), 0), reach)
        near = similarity_when_held_out(known, [(learned, held)], 0)[held] >= reach
        predicted = fitted_predictions(model, inputs[held], "regression")
        table = pd.DataFrame({"row": held, "error": np.abs(predicted - activities.targets[held]), "inside": near})
        for level in LEVELS:
            within, beyond = half_widths(some, validation, calibrated, level)
            table[f"one {level}"] = half_width(some, validation, level)
            table[f"two {level}"] = np.where(near, within or np.nan, beyond or np.nan)
        tables.append(table)
    return pd.concat(tables)


def main(out: Path, data: Path, most: int, kind: str) -> None:
    """Judge what is not there yet, and print the table."""
    new_folder(out)
    lines = []
    for name, (file, column) in SETS.items():
        path = out / f"{file.split('.')[0]}.csv"
        if not path.exists():
            whole = read_activities(str(data / file), column, duplicates="mean")
            rows = np.random.default_rng(0).permutation(len(whole.smiles))[:most]
            judged(subset(whole, np.sort(rows)), kind).to_csv(path, index=False)
        table = pd.read_csv(path)
        near, far = table[table["inside"]], table[~table["inside"]]
        for level in LEVELS:
            cells = [
                f"{100 * (part['error'] <= part[f'{kind_of} {level}']).mean():.1f}"
                for kind_of, part in (("two", table), ("two", near), ("two", far), ("one", near), ("one", far))
            ]
            share = f"{100 * len(far) / len(table):.0f} %"
            lines.append(f"| {name} | {len(table):,} | {share} | {100 * level:.0f} | {' | '.join(cells)} |")
        print("\n".join(lines[-len(LEVELS) :]), flush=True)


if __name__ == "__main__":
    out, data, *others = sys.argv[1:]
    most, kind = [*others, *("1200", "random-forest")[len(others) :]]
    main(Path(out), Path(data), int(most), kind)
