"""Patterns that a molecule should have, and ones that it should not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Literal

import numpy as np
from rdkit.Chem import Mol
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

from chemmara.chem import parse_pattern

AlertCatalog = Literal["PAINS", "BRENK"]


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


@cache
def _catalog(names: tuple[AlertCatalog, ...]) -> FilterCatalog:
    params = FilterCatalogParams()
    for name in names:
        params.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog(params)


@dataclass(frozen=True)
class Alerts:
    """Number of structural alerts in RDKit's catalogs: PAINS (Baell 2010), BRENK (Brenk 2008)."""

    catalogs: tuple[AlertCatalog, ...] = ("PAINS", "BRENK")
    low: float = 0.0
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Counts (n,)."""
        catalog = _catalog(self.catalogs)
        return np.array([len(catalog.GetMatches(molecule)) for molecule in molecules], dtype=float)
