"""The objective: components, their transforms and their aggregation, from SMILES to Scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from pydantic import model_validator
from rdkit.Chem import Mol

from chemmara import assets, config
from chemmara.chem import canonical, parse, why_invalid
from chemmara.config import Strict
from chemmara.oracles.interface import Oracle
from chemmara.scoring.aggregation import AGGREGATIONS, AggregationName
from chemmara.scoring.components import Component
from chemmara.scoring.scores import Scores

_RESERVED = {"total", "error", "call", "step", "smiles", "score"}


class ObjectiveConfig(Strict):
    """What makes a molecule good: components of 0 to 1, and how they make one score of 0 to 1."""

    aggregation: AggregationName = "geometric"
    """Mean (arithmetic, geometric; both weighted), product, or minimum of the components."""
    component: tuple[Component, ...]
    """The components, one [[component]] table each."""

    @model_validator(mode="after")
    def _names_differ_and_scores_stay_in_bounds(self) -> "ObjectiveConfig":
        names = self.names
        if not names:
            raise ValueError("an objective needs at least one [[component]]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two components are called {name!r}; give one a name of its own")
            if name in _RESERVED:
                raise ValueError(f"a component may not be called {name!r}, which is a column of its own")
        for name, component in zip(names, self.component, strict=True):
            oracle = component.build()
            if component.transform is None and not (oracle.low >= 0 and oracle.high <= 1):
                raise ValueError(
                    f"component {name!r} gives values outside 0..1 ({oracle.low} to {oracle.high}); add a transform"
                )
        return self

    @property
    def names(self) -> list[str]:
        """Names of the components, in order."""
        return [component.name or component.oracle for component in self.component]


@dataclass(frozen=True)
class Measured:
    """What the oracles said of one molecule."""

    values: tuple[float, ...]  # raw, one a component; NaN where an oracle cannot say
    error: str = ""  # why a value is missing


Measure = Callable[[Sequence[str]], list[Measured]]
"""Measures canonical SMILES, in order: the objective itself, or workers around it."""


@dataclass(frozen=True)
class Objective:
    """Scores SMILES by its settings; picklable, so that workers can have a copy."""

    config: ObjectiveConfig

    @cached_property
    def _oracles(self) -> list[Oracle]:
        return [component.build() for component in self.config.component]

    def __call__(self, smiles: Sequence[str], measure: Measure | None = None) -> Scores:
        """Scores of the SMILES, row by row; each different molecule is measured once."""
        texts = canonical_texts(smiles)
        different = list(dict.fromkeys(text for text in texts if text))
        measured = dict(zip(different, (measure or self.measure)(different), strict=True))
        return self.assemble(smiles, texts, measured, {})

    def measure(self, smiles: Sequence[str]) -> list[Measured]:
        """Raw values of canonical SMILES; what an oracle raises costs the one molecule that it raised on."""
        molecules = [molecule for molecule in map(parse, smiles) if molecule is not None]
        columns = [_ask(oracle, molecules) for oracle in self._oracles]
        rows = zip(*columns, strict=True)
        return [
            Measured(
                tuple(value for value, _ in row),
                "; ".join(f"{name}: {why}" for name, (_, why) in zip(self.config.names, row, strict=True) if why),
            )
            for row in rows
        ]

    def assemble(
        self, smiles: Sequence[str], texts: list[str], measured: Mapping[str, Measured], calls: Mapping[str, int]
    ) -> Scores:
        """Scores of the rows whose canonical SMILES are `texts`; one that was not measured has no score."""
        nothing = Measured((np.nan,) * len(self.config.component), "budget spent")
        rows = [measured.get(text, nothing) for text in texts]
        raw = np.array([row.values for row in rows], dtype=float).reshape(len(rows), len(self.config.component))
        raw[[not text for text in texts]] = np.nan
        return Scores(
            smiles=texts,
            total=self.total(raw),
            components=dict(zip(self.config.names, raw.T, strict=True)),
            valid=np.array([bool(text) for text in texts], dtype=bool),
            error=[
                row.error if text else f"not a molecule: {why_invalid(given)}"
                for given, text, row in zip(smiles, texts, rows, strict=True)
            ],
            call=np.array([calls.get(text, 0) for text in texts], dtype=np.int64),
        )

    def total(self, raw: np.ndarray) -> np.ndarray:
        """Scores (n,) of raw values (n, components)."""
        desirable = np.column_stack(
            [
                column if component.transform is None else component.transform(column)
                for component, column in zip(self.config.component, raw.T, strict=True)
            ]
        )
        weights = np.array([component.weight for component in self.config.component])
        return AGGREGATIONS[self.config.aggregation](desirable, weights / weights.sum())


def canonical_texts(smiles: Sequence[str]) -> list[str]:
    """Canonical SMILES of each text; "" where it is not a molecule."""
    return ["" if molecule is None else canonical(molecule) for molecule in map(parse, smiles)]


def _ask(oracle: Oracle, molecules: list[Mol]) -> list[tuple[float, str]]:
    """Value and reason for its absence, molecule by molecule."""
    try:
        values = np.asarray(oracle(molecules), dtype=float)
        if values.shape != (len(molecules),):
            raise ValueError(f"{values.shape} values for {len(molecules)} molecules")  # noqa: TRY301 - as if it raised
    except Exception as error:  # noqa: BLE001 - the one place where an oracle may fail in any way: see below
        if len(molecules) == 1:
            return [(np.nan, f"{type(error).__name__}: {error}".splitlines()[0])]
        return [_ask(oracle, [molecule])[0] for molecule in molecules]  # so that the failure costs one molecule
    return [(float(value), "no value" if np.isnan(value) else "") for value in values]


def load_objective(path: str | Path) -> ObjectiveConfig:
    """The objective of a TOML file: its own, or the [objective] of a campaign; or a bundled one by name."""
    file = assets.objective_file(path)
    tables = config.read_toml(file)
    if isinstance(tables.get("objective"), dict):
        tables = tables["objective"]
    return config.parse(ObjectiveConfig, tables, source=str(file), folder=file.parent)
