"""An oracle that misbehaves on certain molecules; a module of its own, so that workers can import it."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rdkit.Chem import Mol

HANG, CRASH, RAISE, TEXT, LEAVE, NOTHING = "CCCCCF", "CCCCCCl", "CCCCCBr", "CCCCCI", "CCCCCO", "CCCCCN"
GREEDY, EXIT, BEYOND = "CCCCCS", "CCCCCP", "CCCCC[SeH]"


def score(molecules: Sequence[Mol]) -> list[object]:
    """Number of atoms / 20, except where it hangs, dies, raises, returns text, exits, eats memory or says nothing."""
    return [_one(molecule) for molecule in molecules]


def _one(molecule: Mol) -> object:  # noqa: C901 - one branch a misdeed
    element = molecule.GetAtomWithIdx(molecule.GetNumAtoms() - 1).GetSymbol()
    if molecule.GetNumAtoms() == 6:
        if element == "F":
            time.sleep(1000)
        elif element == "Cl":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif element == "Br":
            raise RuntimeError("I do not like bromine\nat all")
        elif element == "I":
            return "text"
        elif element == "O":
            os._exit(3)
        elif element == "N":
            return float("nan")
        elif element == "S":
            return float(len(ctypes.create_string_buffer(8 * 2**30)))
        elif element == "P":
            sys.exit("enough")
        elif element == "Se":
            return 7.0
    return molecule.GetNumAtoms() / 20


class DiesTwice:
    """Number of atoms / 20; its process is killed on the first two molecules of seven atoms or more.

    It counts in a folder, for the memory of a killed process is gone.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        for molecule in molecules:
            deaths = len(list(self.folder.iterdir()))
            if molecule.GetNumAtoms() >= 7 and deaths < 2:
                (self.folder / str(deaths)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return np.array([molecule.GetNumAtoms() / 20 for molecule in molecules])


def moody(molecules: Sequence[Mol]) -> list[float]:
    """Number of atoms / 30; four of six numbers of atoms hang, die, raise or say nothing."""
    return [_in_what_mood(molecule) for molecule in molecules]


def mood(molecule: Mol) -> str:
    return {0: "hangs", 1: "dies", 2: "raises", 3: "is silent"}.get(molecule.GetNumAtoms() % 6, "well")


def _in_what_mood(molecule: Mol) -> float:
    now = mood(molecule)
    if now == "hangs":
        time.sleep(1000)
    elif now == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif now == "raises":
        raise RuntimeError("not today")
    elif now == "is silent":
        return float("nan")
    return molecule.GetNumAtoms() / 30
