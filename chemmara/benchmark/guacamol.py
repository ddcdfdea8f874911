"""GuacaMol's score of a list of molecules (Brown 2019, goal-directed suite v2)."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import flat_smiles
from chemmara.scoring.objective import Objective
from chemmara.scoring.tasks import TASKS, task

_TOP: Final[dict[str, tuple[int, ...]]] = {
    "celecoxib_rediscovery": (1,),
    "troglitazone_rediscovery": (1,),
    "thiothixene_rediscovery": (1,),
    "isomers_c11h24": (159,),
    "isomers_c9h10n2o2pf2cl": (250,),
    "isomers_c7h8n2o2": (100,),
}


def top_counts(name: str) -> tuple[int, ...]:
    """How many of the best molecules count in a task: each number's mean weighs the same."""
    return _TOP.get(name.removesuffix("_guacamol"), (1, 10, 100))


def assess(name: str, smiles: Sequence[str]) -> float:
    """GuacaMol's score of a list for one of its tasks.

    Stereo and isotopes are taken off, what does not parse or repeats is dropped, missing molecules count 0; then the
    mean over the task's k of the sum of the k best scores divided by k. A valid molecule that could not be scored
    counts -1, as GuacaMol has it.
    """
    guacamol = name if name.endswith("_guacamol") else f"{name}_guacamol"
    if guacamol not in TASKS:
        raise ChemmaraError(f"{name}: is not a task of GuacaMol's suite")
    flat = [flat for text in smiles if (flat := flat_smiles(text))]
    scores = Objective(task(guacamol))(list(dict.fromkeys(flat))).total
    return aggregate(scores, top_counts(name))


def aggregate(scores: np.ndarray, top: Sequence[int]) -> float:
    """Mean over k in `top` of the sum of the k best scores (n,) over k; fewer than k are filled up with zeros.

    >>> round(aggregate(np.array([0.9, 0.8, 0.7]), (1, 10, 100)), 3)
    0.388
    """
    best = np.sort(np.append(np.nan_to_num(scores, nan=-1.0), np.zeros(max(0, max(top) - len(scores)))))[::-1]
    return float(np.mean([best[:k].sum() / k for k in top]))
