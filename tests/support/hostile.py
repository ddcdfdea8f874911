"""An objective whose oracle misbehaves on certain molecules; a module of its own, so that workers can import it."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rdkit.Chem import Mol

HANG, CRASH, RAISE, TEXT, LEAVE, NOTHING = "CCCCCF", "CCCCCCl", "CCCCCBr", "CCCCCI", "CCCCCO", "CCCCCN"


@dataclass(frozen=True)
class HostileOracle:
    """Number of atoms / 20, except where it sleeps for ever, dies, raises, returns text, exits or says nothing."""

    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        return np.array([self._one(molecule) for molecule in molecules])

    def _one(self, molecule: Mol) -> object:
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
        return molecule.GetNumAtoms() / 20


@dataclass(frozen=True)
class HostileComponent:
    name: str = "hostile"
    oracle: str = "hostile"
    weight: float = 1.0
    transform: None = None
    role: str = "score"
    cost: float = 0.1

    def build(self) -> HostileOracle:
        return HostileOracle()


@dataclass(frozen=True)
class HostileConfig:
    """Looks like an ObjectiveConfig to Objective."""

    component: tuple[HostileComponent, ...] = (HostileComponent(),)
    aggregation: str = "arithmetic"
    names: tuple[str, ...] = ("hostile",)
