"""Patterns that a molecule should have, and ones that it should not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Literal

import numpy as np
from rdkit.Chem import AtomFromSmarts, Mol, RWMol
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogEntry, FilterCatalogParams, SmartsMatcher

from chemmara.molecules.chem import parse, parse_pattern
from chemmara.molecules.patterns import Pattern
from chemmara.oracles.contributed import nibr_filters

AlertCatalog = Literal["PAINS", "BRENK", "NIH", "ZINC", "CHEMBL", "NIBR"]


@cache
def _queries(patterns: tuple[str, ...]) -> list[Mol]:
    return [query for query in map(parse_pattern, patterns) if query is not None]


@dataclass(frozen=True)
class Smarts:
    """1 for a molecule with every wanted and no unwanted pattern, else 0."""

    wanted: tuple[str, ...] = ()  # SMARTS, all valid
    unwanted: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """1 or 0 for each molecule (n,)."""
        wanted, unwanted = _queries(self.wanted), _queries(self.unwanted)
        return np.array(
            [
                all(molecule.HasSubstructMatch(query) for query in wanted)
                and not any(molecule.HasSubstructMatch(query) for query in unwanted)
                for molecule in molecules
            ],
            dtype=float,
        )


@dataclass(frozen=True)
class SmartsCount:
    """How often a pattern occurs: matches that differ in at least one atom, up to 1,000."""

    pattern: str  # SMARTS, valid
    low: float = 0.0
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Counts (n,)."""
        (query,) = _queries((self.pattern,))
        return np.array([len(molecule.GetSubstructMatches(query)) for molecule in molecules], dtype=float)


@cache
def core_query(core: str) -> Mol | None:
    """The pattern of a core, a SMILES whose dummies (`*`) mark where it may be substituted; None if it is not one.

    An atom with k dummies may have up to k neighbours beyond those of the core, every other atom none.
    """
    molecule = parse(core)
    if molecule is None or all(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        return None
    query = RWMol(molecule)
    for atom in molecule.GetAtoms():
        open_ends = sum(neighbour.GetAtomicNum() == 0 for neighbour in atom.GetNeighbors())
        if atom.GetAtomicNum():
            kind = f"#{atom.GetAtomicNum()}&{'a' if atom.GetIsAromatic() else 'A'}&{atom.GetFormalCharge():+d}"
            degree = atom.GetDegree()
            query.ReplaceAtom(atom.GetIdx(), AtomFromSmarts(f"[{kind}&D{{{degree - open_ends}-{degree}}}]"))
    for atom in reversed(list(molecule.GetAtoms())):
        if not atom.GetAtomicNum():
            query.RemoveAtom(atom.GetIdx())
    return query.GetMol()


@dataclass(frozen=True)
class Core:
    """1 for a molecule that keeps a core, substituted only where the core's dummies allow it, else 0."""

    core: str  # SMILES with dummies
    low: float = 0.0
    high: float = 1.0

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """1 or 0 for each molecule (n,)."""
        query = core_query(self.core)
        return np.array([molecule.HasSubstructMatch(query) for molecule in molecules], dtype=float)


@cache
def _catalogs(names: tuple[AlertCatalog, ...]) -> list[FilterCatalog]:
    params = FilterCatalogParams()
    for name in names:
        if name != "NIBR":
            params.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
    return [FilterCatalog(params)] + ([_catalog_of(tuple(nibr_filters()))] if "NIBR" in names else [])


@cache
def _catalog_of(entries: tuple[tuple[str, str, int], ...]) -> FilterCatalog:
    """The catalog of a name, a SMARTS and how often it has to occur, for each alert."""
    catalog = FilterCatalog()
    for name, smarts, least in entries:
        catalog.AddEntry(FilterCatalogEntry(name, SmartsMatcher(name, smarts, least)))
    return catalog


@dataclass(frozen=True)
class Alerts:
    """Number of structural alerts in catalogs that RDKit ships, and of the user's own.

    PAINS (Baell 2010), BRENK (Brenk 2008), NIH (Jadhav 2010), ZINC, CHEMBL (seven companies' sets), NIBR
    (Schuffenhauer 2020).
    """

    catalogs: tuple[AlertCatalog, ...] = ("PAINS", "BRENK")
    own: tuple[Pattern, ...] = ()
    low: float = 0.0
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Counts (n,)."""
        catalogs = self._all
        return np.array([sum(len(c.GetMatches(molecule)) for c in catalogs) for molecule in molecules], dtype=float)

    def found(self, molecule: Mol) -> list[str]:
        """Names of the alerts that a molecule has, as their catalogs call them.

        >>> from chemmara.molecules.chem import parse
        >>> Alerts(own=(Pattern("primary amide", "[NX3H2]C(=O)"),)).found(parse("NC(=O)CBr"))
        ['alkyl_halide', 'primary amide']
        """
        return [match.GetDescription() for catalog in self._all for match in catalog.GetMatches(molecule)]

    @property
    def _all(self) -> list[FilterCatalog]:
        own = tuple((name, smarts, 1) for name, smarts in self.own)
        return _catalogs(self.catalogs) + ([_catalog_of(own)] if own else [])
