"""Components that look at a molecule's graph alone."""

from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import field_validator, model_validator
from rdkit.Chem import GetPeriodicTable

from chemmara.config import UserPath
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse_pattern
from chemmara.molecules.patterns import Pattern, read_patterns
from chemmara.oracles.descriptors import DESCRIPTORS, DescriptorName, DescriptorOracle, RdkitDescriptor, RdkitName
from chemmara.oracles.formula import AtomCount, Isomer, elements
from chemmara.oracles.interface import Oracle
from chemmara.oracles.rules import RuleSet, Violations
from chemmara.oracles.substructure import AlertCatalog, Alerts, Core, Smarts, SmartsCount, core_query
from chemmara.scoring.components.base import Base
from chemmara.scoring.components.everyday import EVERYDAY


class DescriptorComponent(Base):
    """A property that RDKit computes, by name."""

    oracle: DescriptorName
    """Name of the property."""
    example: ClassVar[dict[str, Any]] = {"oracle": "qed"}
    also_called: ClassVar[dict[str, str]] = EVERYDAY

    @property
    def unit(self) -> str:
        """Of the property."""
        return DESCRIPTORS[self.oracle].unit

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return DESCRIPTORS[self.oracle].cost

    def build(self) -> Oracle:
        """The oracle."""
        return DescriptorOracle(self.oracle)


class RdkitComponent(Base):
    """Any descriptor of RDKit's list, by RDKit's own name (BertzCT, Chi1v, ...)."""

    oracle: Literal["descriptor"]
    """Any of RDKit's descriptors."""
    descriptor: RdkitName
    """RDKit's name of it."""
    example: ClassVar[dict[str, Any]] = {"oracle": "descriptor", "descriptor": "BertzCT"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("rdkit", "bertz", "bertzct"), "descriptor")

    @property
    def cost(self) -> float:
        """Milliseconds a molecule; most are quicker."""
        return 1.0

    def build(self) -> Oracle:
        """The oracle."""
        return RdkitDescriptor(self.descriptor)


def _require_smarts(patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if parse_pattern(pattern) is None:
            raise ValueError(f"{pattern!r} is not SMARTS")


class SmartsComponent(Base):
    """1 for a molecule with all wanted patterns and no unwanted one, else 0."""

    may_be_zero: ClassVar[bool] = True

    oracle: Literal["smarts"]
    """1 with all wanted and no unwanted pattern, else 0."""
    wanted: tuple[str, ...] = ()
    """SMARTS that a molecule must match, all of them."""
    unwanted: tuple[str, ...] = ()
    """SMARTS of which a molecule must match none."""
    example: ClassVar[dict[str, Any]] = {"oracle": "smarts", "wanted": ["c1ccccc1"], "unwanted": ["[N+](=O)[O-]"]}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("substructure", "pattern", "match"), "smarts")

    @model_validator(mode="after")
    def _patterns_are_smarts(self) -> "SmartsComponent":
        if not (self.wanted or self.unwanted):
            raise ValueError("smarts needs wanted or unwanted patterns")
        _require_smarts((*self.wanted, *self.unwanted))
        return self

    def build(self) -> Oracle:
        """The oracle."""
        return Smarts(self.wanted, self.unwanted)


class SmartsCountComponent(Base):
    """How often a molecule has a pattern."""

    oracle: Literal["smarts_count"]
    """Number of matches."""
    pattern: str
    """The SMARTS."""
    example: ClassVar[dict[str, Any]] = {"oracle": "smarts_count", "pattern": "[#9,#17]"}

    @field_validator("pattern")
    @classmethod
    def _is_smarts(cls, pattern: str) -> str:
        _require_smarts((pattern,))
        return pattern

    def build(self) -> Oracle:
        """The oracle."""
        return SmartsCount(self.pattern)


class CoreComponent(Base):
    """1 for a molecule that keeps a core, changed only where the core allows it, else 0."""

    may_be_zero: ClassVar[bool] = True

    oracle: Literal["core"]
    """Keep this core."""
    core: str
    """SMILES of the core; each * marks a place where it may be substituted."""
    example: ClassVar[dict[str, Any]] = {"oracle": "core", "core": "*c1ccc2[nH]ccc2c1"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("scaffold", "decoration"), "core")

    @field_validator("core")
    @classmethod
    def _is_a_core(cls, core: str) -> str:
        if core_query(core) is None:
            raise ValueError(f"{core!r} is not the SMILES of a core")
        return core

    def build(self) -> Oracle:
        """The oracle."""
        return Core(self.core)


class AlertsComponent(Base):
    """Number of structural alerts that a molecule matches."""

    oracle: Literal["alerts"]
    """Number of alerts a molecule matches."""
    catalogs: tuple[AlertCatalog, ...] = ("PAINS", "BRENK")
    """RDKit's catalogs to look in; [] for those of patterns_file alone."""
    patterns_file: UserPath | None = None
    """File of your own alerts: a table (.csv, .tsv) with columns smarts and name, or a SMARTS and its name a line."""
    example: ClassVar[dict[str, Any]] = {"oracle": "alerts", "catalogs": ["PAINS", "BRENK", "NIBR"]}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("pains", "brenk", "nibr", "toxicophores"), "alerts")
    passes: ClassVar[dict[str, Any] | None] = {"kind": "step", "high": 0.0}

    @model_validator(mode="after")
    def _there_are_patterns(self) -> Self:
        try:
            if not (self.catalogs or self.own):
                raise ValueError("needs catalogs or patterns_file")
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        return self

    @cached_property
    def own(self) -> tuple[Pattern, ...]:
        """The patterns of the file; ChemmaraError where it is none."""
        return read_patterns(self.patterns_file) if self.patterns_file else ()

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 5.0

    def build(self) -> Oracle:
        """The oracle."""
        return Alerts(self.catalogs, self.own)


class RulesComponent(Base):
    """Number of a rule set's rules that a molecule breaks."""

    oracle: Literal["rules"]
    """Number of rules broken."""
    rules: RuleSet
    """Name of the rule set."""
    example: ClassVar[dict[str, Any]] = {"oracle": "rules", "rules": "lipinski"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("lipinski", "ro5", "rule_of_five", "veber", "reos"), "rules")
    passes: ClassVar[dict[str, Any] | None] = {"kind": "step", "high": 0.0}

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 0.5

    def build(self) -> Oracle:
        """The oracle."""
        return Violations(self.rules)


class IsomerComponent(Base):
    """Nearness to a molecular formula, 1 for its isomers."""

    oracle: Literal["isomer"]
    """Nearness to a formula."""
    formula: str
    """The formula, such as C7H8N2O2."""
    count: AtomCount = "atoms"
    """How atoms are counted: atoms, atoms-and-dummies (GuacaMol) or smiles-text (PMO's first tables)."""
    example: ClassVar[dict[str, Any]] = {"oracle": "isomer", "formula": "C7H8N2O2"}
    also_called: ClassVar[dict[str, str]] = {"formula": "isomer"}

    @field_validator("formula")
    @classmethod
    def _is_a_formula(cls, formula: str) -> str:
        found = elements(formula)
        written = "".join(f"{element}{number}" for element, number in found.items())
        if not found or len(written.replace("1", "")) < len(formula.replace("1", "")):
            raise ValueError(f"{formula!r} is not a formula such as C7H8N2O2")
        for element in found:
            try:
                GetPeriodicTable().GetAtomicNumber(element)
            except RuntimeError:
                raise ValueError(f"{element!r} is no element") from None
        return formula

    def build(self) -> Oracle:
        """The oracle."""
        return Isomer(self.formula, self.count)
