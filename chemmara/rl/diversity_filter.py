"""Diversity filter: molecules too similar to hits that were found before earn nothing more."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from pydantic import Field, PositiveInt

from chemmara.config import Fraction, Strict
from chemmara.metrics.neighbours import Neighbours
from chemmara.molecules.chem import fingerprint, parse, scaffold


class ScaffoldFilterConfig(Strict):
    """Counts molecules by Bemis-Murcko scaffold; a scaffold whose bucket is full earns nothing more."""

    renamed: ClassVar[dict[str, str]] = {"threshold": "min_score"}

    kind: Literal["scaffold"] = "scaffold"
    """Two molecules are alike if they have the same Bemis-Murcko scaffold."""
    bucket: PositiveInt = 10
    """Molecules of one scaffold that count before the bucket is full."""
    min_score: Fraction = 0.5
    """Score from which a molecule is counted."""


class SphereFilterConfig(Strict):
    """Counts molecules by neighbourhood of similar ones; a neighbourhood whose bucket is full earns nothing more."""

    renamed: ClassVar[dict[str, str]] = {"threshold": "min_score"}

    kind: Literal["sphere"] = "sphere"
    """Two molecules are alike if both are similar (Tanimoto, Morgan 2, 2048 bits) to the same centre."""
    bucket: PositiveInt = 100
    """Molecules of one neighbourhood that count before the bucket is full."""
    min_score: Fraction = 0.5
    """Score from which a molecule is counted."""
    similarity: Fraction = 0.4
    """Similarity to a centre from which a molecule belongs to it; a molecule near no centre becomes a new centre."""


DiversityFilterConfig = Annotated[ScaffoldFilterConfig | SphereFilterConfig, Field(discriminator="kind")]


class Neighbourhoods(Protocol):
    """Gives similar molecules the same key."""

    def key(self, smiles: str) -> str:
        """The neighbourhood of a canonical SMILES; the SMILES itself if it is the first of a new one."""
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
        self._neighbours = Neighbours()

    def key(self, smiles: str) -> str:
        """The nearest centre if it is similar enough; otherwise the molecule itself, which becomes a centre."""
        molecule = parse(smiles)
        if molecule is None:
            return ""
        own = fingerprint(molecule)
        nearest = self._neighbours.nearest(own, self.similarity)
        if nearest is not None:
            return self._centres[nearest]
        self._centres.append(smiles)
        self._neighbours.add(own)
        return smiles


@dataclass
class DiversityFilter:
    """Counts the good molecules of each neighbourhood, and sets the score of those that come too late to 0."""

    bucket: int
    min_score: float
    neighbourhoods: Neighbourhoods
    members: dict[str, str] = field(default_factory=dict)  # counted SMILES -> its neighbourhood, in order
    counts: dict[str, int] = field(default_factory=dict)  # neighbourhood -> molecules counted

    @classmethod
    def of(cls, config: ScaffoldFilterConfig | SphereFilterConfig) -> "DiversityFilter":
        """An empty filter."""
        near = Spheres(config.similarity) if isinstance(config, SphereFilterConfig) else Scaffolds()
        return cls(config.bucket, config.min_score, near)

    def filtered_scores(self, smiles: list[str], scores: np.ndarray) -> np.ndarray:
        """Scores (n,), with 0 for good molecules of full neighbourhoods; new molecules are counted in row order.

        A molecule that was counted before keeps its score while its neighbourhood has room, and counts only once.
        """
        filtered = scores.copy()
        for row, (text, score) in enumerate(zip(smiles, scores, strict=True)):
            if not text or not score >= self.min_score:
                continue
            key = self.members.get(text)
            key = self.neighbourhoods.key(text) if key is None else key
            if self.counts.get(key, 0) >= self.bucket:
                filtered[row] = 0.0
            elif text not in self.members:
                self.count(text, key)
        return filtered

    def count(self, smiles: str, key: str) -> None:
        """Count a molecule in its neighbourhood."""
        self.members[smiles] = key
        self.counts[key] = self.counts.get(key, 0) + 1

    def full(self, smiles: str) -> bool:
        """Whether a molecule belongs to a neighbourhood whose bucket is full."""
        return self.counts.get(self.members.get(smiles, ""), 0) >= self.bucket

    def state(self) -> dict[str, list[str]]:
        """The counted molecules and their neighbourhoods, in order; everything else follows from them."""
        return {"members": list(self.members), "keys": list(self.members.values())}

    def restore(self, state: dict[str, list[str]]) -> None:
        """Count the molecules of a saved state, in order."""
        for smiles, key in zip(state["members"], state["keys"], strict=True):
            if smiles == key:
                self.neighbourhoods.key(smiles)  # the centre of a sphere is one again
            self.count(smiles, key)
