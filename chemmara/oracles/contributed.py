"""Scores that RDKit ships beside its package, as scripts with their data files."""

import io
import sys
from contextlib import redirect_stderr
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from rdkit import RDConfig
from rdkit.Chem import Mol

_FOLDER = Path(RDConfig.RDContribDir)


@cache
def _script(folder: str, module: str) -> Any:
    sys.path.append(str(_FOLDER / folder))
    try:
        return import_module(module)
    finally:
        sys.path.remove(str(_FOLDER / folder))


def sa_score(molecule: Mol) -> float:
    """Synthetic accessibility, 1 (easy) to 10 (hard): Ertl and Schuffenhauer 2009."""
    return float(_script("SA_Score", "sascorer").calculateScore(molecule))


@cache
def _natural_fragments() -> Any:
    with redirect_stderr(io.StringIO()):  # it prints what it reads
        return _script("NP_Score", "npscorer").readNPModel()


def np_score(molecule: Mol) -> float:
    """Likeness to natural products, about -5 (synthetic) to 5 (natural): Ertl, Roggo and Schuffenhauer 2008."""
    return float(_script("NP_Score", "npscorer").scoreMol(molecule, _natural_fragments()))


def nibr_filters() -> list[tuple[str, str, int]]:
    """Novartis's substructure filters for screening decks (Schuffenhauer 2020), all 444: name, SMARTS, least count."""
    import pandas as pd

    table = pd.read_csv(_FOLDER / "NIBRSubstructureFilters" / "SubstructureFilter_HitTriaging_wPubChemExamples.csv")
    columns = table[["PATTERN_NAME", "SMARTS", "MIN_COUNT"]]
    return [(name, smarts, max(1, int(least))) for name, smarts, least in columns.itertuples(index=False)]
