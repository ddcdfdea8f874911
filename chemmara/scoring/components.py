"""The components that an objective file may name, each the settings of one oracle."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from chemmara.chem import parse, parse_pattern, why_invalid
from chemmara.config import Strict, UserPath
from chemmara.errors import ChemmaraError
from chemmara.library import open_library
from chemmara.oracles.descriptors import DescriptorName, DescriptorOracle
from chemmara.oracles.interface import Oracle
from chemmara.oracles.similarity import Fingerprint, Similarity
from chemmara.oracles.substructure import AlertCatalog, Alerts, Smarts
from chemmara.scoring.transforms import Transform


class _Component(Strict):
    """What every component has beside its oracle's own settings."""

    name: str | None = None
    """Name of its column and in reports; the oracle's if left out."""
    weight: PositiveFloat = 1.0
    """Share in the aggregation, relative to the others'."""
    transform: Transform | None = None
    """From the oracle's value to 0..1; needed unless the value lies there already."""


class DescriptorComponent(_Component):
    """A property that RDKit computes, by name."""

    oracle: DescriptorName
    """Which property."""

    def build(self) -> Oracle:
        """The oracle."""
        return DescriptorOracle(self.oracle)


class SimilarityComponent(_Component):
    """Tanimoto similarity to reference molecules."""

    oracle: Literal["similarity"]
    """Likeness to references."""
    references: tuple[str, ...] = ()
    """SMILES of the references."""
    references_file: UserPath | None = None
    """File of more references."""
    fingerprint: Fingerprint = "ecfp4"
    """ecfp4, ecfp6 or fcfp4 (unfolded counts), or ecfp4-bits (2048 bits)."""
    to: Literal["nearest", "mean"] = "nearest"
    """Similarity to the nearest reference, or the mean over them."""

    @model_validator(mode="after")
    def _references_are_molecules(self) -> "SimilarityComponent":
        try:
            references = self.all_references()
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        if not references:
            raise ValueError("similarity needs references or references_file")
        for smiles in references:
            if parse(smiles) is None:
                raise ValueError(f"reference {smiles!r} is not a molecule ({why_invalid(smiles)})")
        return self

    def all_references(self) -> tuple[str, ...]:
        """Those in the settings and those of the file."""
        return self.references + (tuple(open_library(self.references_file).smiles()) if self.references_file else ())

    def build(self) -> Oracle:
        """The oracle."""
        return Similarity(self.all_references(), self.fingerprint, self.to)


class SmartsComponent(_Component):
    """Patterns wanted and unwanted."""

    oracle: Literal["smarts"]
    """1 with all wanted and no unwanted pattern, else 0."""
    wanted: tuple[str, ...] = ()
    """SMARTS that a molecule must match, all of them."""
    unwanted: tuple[str, ...] = ()
    """SMARTS of which a molecule must match none."""

    @model_validator(mode="after")
    def _patterns_are_smarts(self) -> "SmartsComponent":
        if not (self.wanted or self.unwanted):
            raise ValueError("smarts needs wanted or unwanted patterns")
        for pattern in (*self.wanted, *self.unwanted):
            if parse_pattern(pattern) is None:
                raise ValueError(f"{pattern!r} is not SMARTS")
        return self

    def build(self) -> Oracle:
        """The oracle."""
        return Smarts(self.wanted, self.unwanted)


class AlertsComponent(_Component):
    """Structural alerts."""

    oracle: Literal["alerts"]
    """Number of alerts a molecule matches."""
    catalogs: tuple[AlertCatalog, ...] = Field(default=("PAINS", "BRENK"), min_length=1)
    """RDKit's catalogs to look in."""

    def build(self) -> Oracle:
        """The oracle."""
        return Alerts(self.catalogs)


Component = Annotated[
    DescriptorComponent | SimilarityComponent | SmartsComponent | AlertsComponent, Field(discriminator="oracle")
]
