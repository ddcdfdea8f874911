"""A library of molecules as candidates: active learning over what could be bought or made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles
from chemmara.molecules.library import open_library


@dataclass(frozen=True)
class CandidateLibrary:
    """The different molecules of a file, as they stand there until they are drawn."""

    smiles: list[str]

    @classmethod
    def of(cls, path: Path | None) -> Self | None:
        """The molecules of a file; None without one.

        Raises:
            ChemmaraError: the file cannot be read, or holds no molecule.
        """
        if path is None:
            return None
        smiles = [text for text in dict.fromkeys(open_library(path).smiles()) if text]
        if not smiles:
            raise ChemmaraError(f"{path}: holds no molecules to choose from")
        return cls(smiles)

    def draw(self, count: int, rng: np.random.Generator) -> list[str]:
        """Canonical SMILES of up to `count` of its molecules, drawn at random; invalid ones are left out."""
        places = rng.choice(len(self.smiles), min(count, len(self.smiles)), replace=False)
        return [text for place in places if (text := canonical_smiles(self.smiles[place]))]
