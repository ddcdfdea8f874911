"""Diversity memory: molecules too like the hits already found earn nothing more."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import Field, PositiveInt
from rdkit.DataStructs import BulkTanimotoSimilarity

from chemmara.config import Fraction, Strict
from chemmara.molecules.chem import fingerprint, parse, scaffold


class ScaffoldMemoryConfig(Strict):
    """A scaffold that has yielded its share of remembered molecules earns nothing more (Murcko bucket)."""

    kind: Literal["scaffold"] = "scaffold"
    """Alike means: the same Bemis-Murcko scaffold."""
    bucket: PositiveInt = 10
    """Molecules remembered of one scaffold before it is full."""
    threshold: Fraction = 0.5
    """Score from which a molecule is remembered."""


class SphereMemoryConfig(Strict):
    """A neighbourhood that has yielded its share of remembered molecules earns nothing more (sphere exclusion)."""

    kind: Literal["sphere"] = "sphere"
    """Alike means: Tanimoto similarity (Morgan 2, 2048 bits) to the centre of a neighbourhood."""
    bucket: PositiveInt = 10
    """Molecules remembered of one neighbourhood before it is full."""
    threshold: Fraction = 0.5
    """Score from which a molecule is remembered."""
    similarity: Fraction = 0.4
    """From this similarity to a centre a molecule belongs to it; below it to all, it becomes a centre."""


MemoryConfig = Annotated[ScaffoldMemoryConfig | SphereMemoryConfig, Field(discriminator="kind")]


class Neighbourhoods(Protocol):
    """Gives alike molecules one key."""

    def key(self, smiles: str) -> str:
        """The neighbourhood of a canonical SMILES; its own SMILES if it founds one."""
        ...


class Scaffolds:
    """Neighbourhoods by Bemis-Murcko scaffold; all acyclic molecules share one."""

    def key(self, smiles: str) -> str:
        """The scaffold."""
        molecule = parse(smiles)
        return "" if molecule is None else scaffold(molecule)


class Spheres:
    """Neighbourhoods by similarity to the first molecule of each."""

    def __init__(self, similarity: float) -> None:
        self.similarity = similarity
        self._centres: list[str] = []
        self._fingerprints: list[Any] = []

    def key(self, smiles: str) -> str:
        """The nearest centre if it is near enough, else the molecule, which is then a centre."""
        molecule = parse(smiles)
        if molecule is None:
            return ""
        mine = fingerprint(molecule)
        near = BulkTanimotoSimilarity(mine, self._fingerprints)
        best = int(np.argmax(near)) if near else -1
        if near and near[best] >= self.similarity:
            return self._centres[best]
        self._centres.append(smiles)
        self._fingerprints.append(mine)
        return smiles


@dataclass
class DiversityMemory:
    """Counts the good molecules of each neighbourhood and takes the score from those that come when it is full."""

    bucket: int
    threshold: float
    neighbourhoods: Neighbourhoods
    members: dict[str, str] = field(default_factory=dict)  # remembered SMILES -> its neighbourhood, in order
    counts: dict[str, int] = field(default_factory=dict)  # neighbourhood -> molecules remembered

    @classmethod
    def of(cls, config: ScaffoldMemoryConfig | SphereMemoryConfig) -> "DiversityMemory":
        """An empty memory."""
        near = Spheres(config.similarity) if isinstance(config, SphereMemoryConfig) else Scaffolds()
        return cls(config.bucket, config.threshold, near)

    def filter(self, smiles: list[str], scores: np.ndarray) -> np.ndarray:
        """Scores (n,) with 0 for good molecules of full neighbourhoods; new ones are remembered in order.

        A molecule remembered before keeps its score while its neighbourhood has room, and counts once.
        """
        filtered = scores.copy()
        for i, (one, score) in enumerate(zip(smiles, scores, strict=True)):
            if not score >= self.threshold:
                continue
            key = self.members.get(one)
            key = self.neighbourhoods.key(one) if key is None else key
            if self.counts.get(key, 0) >= self.bucket:
                filtered[i] = 0.0
            elif one not in self.members:
                self.remember(one, key)
        return filtered

    def remember(self, smiles: str, key: str) -> None:
        """Count a molecule in its neighbourhood."""
        self.members[smiles] = key
        self.counts[key] = self.counts.get(key, 0) + 1

    def state(self) -> list[str]:
        """The remembered molecules in order: all there is to know."""
        return list(self.members)

    def restore(self, smiles: list[str]) -> None:
        """Remember the molecules of a saved state, in order."""
        for one in smiles:
            self.remember(one, self.neighbourhoods.key(one))
