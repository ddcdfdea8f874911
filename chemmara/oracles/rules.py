"""Rules of thumb on the properties of drugs and leads: how many of them a molecule breaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Literal

import numpy as np
from rdkit.Chem import Mol

from chemmara.oracles.descriptors import DESCRIPTORS

RuleSet = Literal["lipinski", "veber", "reos", "lead-like", "rule-of-three"]

RULES: Final[dict[RuleSet, dict[str, tuple[float, float]]]] = {
    # Lipinski 1997, "rule of five".
    "lipinski": {
        "molecular_weight": (-inf, 500),
        "crippen_logp": (-inf, 5),
        "hbd": (-inf, 5),
        "hba": (-inf, 10),
    },
    # Veber 2002.
    "veber": {"rotatable_bonds": (-inf, 10), "tpsa": (-inf, 140)},
    # Walters 1999, "rapid elimination of swill": its property ranges.
    "reos": {
        "molecular_weight": (200, 500),
        "crippen_logp": (-5, 5),
        "hbd": (0, 5),
        "hba": (0, 10),
        "charge": (-2, 2),
        "rotatable_bonds": (0, 8),
        "heavy_atoms": (15, 50),
    },
    # Teague 1999, as ZINC's lead-like subset states it.
    "lead-like": {"molecular_weight": (250, 350), "crippen_logp": (-inf, 3.5), "rotatable_bonds": (-inf, 7)},
    # Congreve 2003, fragments.
    "rule-of-three": {
        "molecular_weight": (-inf, 300),
        "crippen_logp": (-inf, 3),
        "hbd": (-inf, 3),
        "hba": (-inf, 3),
        "rotatable_bonds": (-inf, 3),
        "tpsa": (-inf, 60),
    },
}
"""Property -> smallest and largest value that keeps the rule."""


@dataclass(frozen=True)
class Violations:
    """Number of rules of a set that a molecule breaks.

    >>> from chemmara.molecules.chem import parse
    >>> Violations("veber")([parse("CCO"), parse("C" * 20)])
    array([0., 1.])
    """

    rules: RuleSet
    low: float = 0.0

    @property
    def high(self) -> float:
        """All rules broken."""
        return float(len(RULES[self.rules]))

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Counts (n,)."""
        return np.array([len(self.found(molecule)) for molecule in molecules], dtype=float)

    def found(self, molecule: Mol) -> list[str]:
        """The properties in which a molecule breaks a rule.

        >>> from chemmara.molecules.chem import parse
        >>> Violations("veber").found(parse("C" * 20))
        ['rotatable_bonds']
        """
        limits = RULES[self.rules].items()
        return [name for name, (low, high) in limits if not low <= DESCRIPTORS[name].compute(molecule) <= high]
