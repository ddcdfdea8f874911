"""Components that compare a molecule with others, and those that look at its shape."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from chemmara.config import Fraction, UserPath
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse, why_invalid
from chemmara.molecules.library import open_library
from chemmara.oracles.fingerprints import Fingerprint
from chemmara.oracles.interface import Oracle
from chemmara.oracles.similarity import Novelty, Similarity, SimilarityMeasure
from chemmara.oracles.spatial import SPATIAL, ShapeSimilarity, SpatialName, SpatialOracle
from chemmara.scoring.components.base import Base


def _require_molecule(smiles: str) -> None:
    if parse(smiles) is None:
        raise ValueError(f"reference {smiles!r} is not a molecule ({why_invalid(smiles)})")


class _WithReferences(Base):
    """References in the settings, in a file, or both."""

    references: tuple[str, ...] = ()
    """SMILES of the references."""
    references_file: UserPath | None = None
    """File of more references."""

    @model_validator(mode="after")
    def _references_are_molecules(self) -> Self:
        try:
            references = self.all_references()
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        if not references:
            raise ValueError("needs references or references_file")
        for smiles in references:
            _require_molecule(smiles)
        return self

    def all_references(self) -> tuple[str, ...]:
        """Those in the settings and those of the file."""
        return self.references + (tuple(open_library(self.references_file).smiles()) if self.references_file else ())


class SimilarityComponent(_WithReferences):
    """Similarity of fingerprints to reference molecules."""

    oracle: Literal["similarity"]
    """Likeness to references."""
    fingerprint: Fingerprint = "ecfp4"
    """ecfp2, ecfp4, ecfp6, fcfp2, fcfp4, fcfp6 (unfolded counts; with -bits: 2048 bits), atom-pairs, torsions, maccs
    or gobbi."""
    to: Literal["nearest", "mean"] = "nearest"
    """Similarity to the nearest reference, or the mean over them."""
    measure: SimilarityMeasure = "tanimoto"
    """tanimoto or dice."""
    example: ClassVar[dict[str, Any]] = {
        "oracle": "similarity",
        "references": ["CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"],
        "fingerprint": "ecfp4",
    }
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(
        ("tanimoto", "dice", "ecfp", "ecfp4", "ecfp6", "fcfp4", "morgan", "maccs", "fingerprint", "likeness"),
        "similarity",
    )

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 2.0 if self.fingerprint == "gobbi" else 0.1

    def build(self) -> Oracle:
        """The oracle."""
        return Similarity(self.all_references(), self.fingerprint, self.to, self.measure)


class NoveltyComponent(_WithReferences):
    """1 for a molecule that is none of the references, else 0."""

    may_be_zero: ClassVar[bool] = True

    oracle: Literal["novelty"]
    """1 for a molecule that is none of the references."""
    example: ClassVar[dict[str, Any]] = {"oracle": "novelty", "references": ["CC(=O)Oc1ccccc1C(=O)O"]}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("novel", "new", "unknown"), "novelty")

    def build(self) -> Oracle:
        """The oracle."""
        return Novelty(self.all_references())


class SpatialComponent(Base):
    """A property of a seeded, force-field relaxed conformer."""

    oracle: SpatialName
    """Name of the property."""
    seed: NonNegativeInt = 42
    """Of the conformer."""
    example: ClassVar[dict[str, Any]] = {"oracle": "npr1"}
    also_called: ClassVar[dict[str, str]] = {"npr": "npr1", "pmi": "pmi1", "volume_3d": "volume"}

    @property
    def unit(self) -> str:
        """Of the property."""
        return SPATIAL[self.oracle].unit

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 30.0

    def build(self) -> Oracle:
        """The oracle."""
        return SpatialOracle(self.oracle, self.seed)


class ShapeComponent(Base):
    """Likeness of a molecule's shape in space to a reference's."""

    oracle: Literal["shape"]
    """Shape Tanimoto after alignment."""
    reference: str
    """SMILES of the reference."""
    conformers: PositiveInt = Field(default=5, le=100)
    """Conformers of the reference and of every molecule; the best pair counts."""
    colour: Fraction = 0.0
    """Weight of pharmacophoric features against shape."""
    seed: NonNegativeInt = 42
    """Of the conformers."""
    example: ClassVar[dict[str, Any]] = {"oracle": "shape", "reference": "CC(=O)Oc1ccccc1C(=O)O"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("rocs", "3d", "overlay"), "shape")

    @field_validator("reference")
    @classmethod
    def _is_a_molecule(cls, reference: str) -> str:
        _require_molecule(reference)
        return reference

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 30.0 * self.conformers

    def build(self) -> Oracle:
        """The oracle."""
        return ShapeSimilarity(self.reference, self.conformers, self.colour, self.seed)
