"""The objective: components, their transforms and their aggregation, from SMILES to Scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydantic import model_validator
from rdkit.Chem import Mol

from chemmara.config import Strict
from chemmara.molecules.chem import canonical_smiles, parse, remember_smiles, why_invalid
from chemmara.oracles.interface import Finder, Oracle
from chemmara.scoring.aggregation import AGGREGATIONS, ZERO_IS_FINAL, AggregationName
from chemmara.scoring.components import Component
from chemmara.scoring.components.base import COSTLY
from chemmara.scoring.measurement import Measure, Measured, Request, measure_with
from chemmara.scoring.scores import Scores

RESERVED = {"total", "error", "call", "step", "smiles", "score", "stage", "stage_score"}
"""Columns of tables and ledgers, which no component may be called."""


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
        if all(component.role != "score" for component in self.component):
            raise ValueError('an objective needs a component with role "score" beside its filters and penalties')
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two components are called {name!r}; give one a name of its own")
            if name in RESERVED:
                raise ValueError(f"a component may not be called {name!r}, which is a column of its own")
        for name, component in zip(names, self.component, strict=True):
            oracle = component.build()
            if component.transform is None and not (oracle.low >= 0 and oracle.high <= 1):
                raise ValueError(
                    f"component {name!r} gives values outside 0..1 ({oracle.low:g} to {oracle.high:g}); "
                    + (
                        'say which ones the filter passes, as by transform = { kind = "step", low = 1, high = 5 }'
                        if component.role == "filter"
                        else "add a transform: `chemmara oracle transforms` shows them all"
                    )
                )
            if component.transform is None and component.role == "filter" and not component.may_be_zero:
                raise ValueError(
                    f"component {name!r} is a filter that passes every value but 0; say which ones it passes, as by"
                    ' transform = { kind = "step", low = 0.5 }'
                )
        return self

    @property
    def names(self) -> list[str]:
        """Names of the components, in order."""
        return [component.name or component.oracle for component in self.component]

    @property
    def named(self) -> list[tuple[str, Component]]:
        """The components with their names, in order."""
        return list(zip(self.names, self.component, strict=True))


@dataclass(frozen=True)
class Objective:
    """Scores SMILES by its settings; picklable, so that workers can have a copy."""

    config: ObjectiveConfig

    @cached_property
    def _oracles(self) -> list[Oracle]:
        return [component.build() for component in self.config.component]

    @cached_property
    def finders(self) -> dict[str, Finder]:
        """The oracles that count what has names (alerts, rules), by their component's name."""
        named = zip(self.config.names, self._oracles, strict=True)
        return {name: oracle for name, oracle in named if isinstance(oracle, Finder)}

    def found(self, name: str, smiles: str) -> str:
        """What a component counts in a molecule, by name, with semicolons; "" for nothing, or an invalid SMILES."""
        molecule = parse(smiles) if name in self.finders else None
        return "" if molecule is None else "; ".join(self.finders[name].found(molecule))

    def __call__(self, smiles: Sequence[str], measure: Measure | None = None, texts: list[str] | None = None) -> Scores:
        """Scores of the SMILES (`texts`: their canonical forms, if known); each different molecule is measured once."""
        texts = canonical_texts(smiles) if texts is None else texts
        different = list(dict.fromkeys(text for text in texts if text))
        measured = dict(zip(different, (measure or self.measure)([Request(text) for text in different]), strict=True))
        return self.assemble(smiles, texts, measured, {})

    def measure(self, requests: list[Request]) -> list[Measured]:
        """Raw values, row by row; an oracle that raises costs only the molecule that it raised on.

        Cheap oracles measure every molecule, costly ones only those whose score is not 0 already (NaN for the others).
        """
        raw, why = self._measured(requests, self._order)
        return [Measured(tuple(values), "; ".join(reasons)) for values, reasons in zip(raw.tolist(), why, strict=True)]

    def cheap_values(self, smiles: Sequence[str]) -> np.ndarray:
        """Raw values (n, components) of canonical SMILES by the cheap oracles alone; NaN for the costly ones."""
        return self._measured([Request(text) for text in smiles], [i for i in self._order if not self.costly[i]])[0]

    def _measured(self, requests: list[Request], components: Sequence[int]) -> tuple[np.ndarray, list[list[str]]]:
        """Raw values (n, components) by the oracles of these components, and why values are missing, row by row."""
        molecules = [remember_smiles(_parsed(request.smiles), request.smiles) for request in requests]
        raw = np.array([request.known or (np.nan,) * len(self._oracles) for request in requests], dtype=float)
        raw = raw.reshape(len(requests), len(self._oracles))
        why: list[list[str]] = [[] for _ in molecules]
        for i in components:
            unknown = np.isnan(raw[:, i])
            if self.costly[i]:
                unknown &= ~self._ruled_out(self.desirabilities(raw))
            rows = np.flatnonzero(unknown)
            answers = measure_with(self._oracles[i], [molecules[row] for row in rows]) if len(rows) else []
            for row, (value, reason) in zip(rows, answers, strict=True):
                raw[row, i] = value
                if reason:
                    why[row].append(f"{self.config.names[i]}: {reason}")
        return raw, why

    @cached_property
    def costly(self) -> np.ndarray:
        """(components,) bool: oracles that measure only molecules which can still have a score."""
        return np.array([component.cost >= COSTLY for component in self.config.component])

    @cached_property
    def _order(self) -> list[int]:
        """Components in the order of measuring: cheap ones, then costly ones, filters before the others."""
        costs = [(c.cost >= COSTLY, c.role != "filter", c.cost, i) for i, c in enumerate(self.config.component)]
        return [i for *_, i in sorted(costs)]

    def assemble(
        self, smiles: Sequence[str], texts: list[str], measured: Mapping[str, Measured], calls: Mapping[str, int]
    ) -> Scores:
        """Scores of the rows whose canonical SMILES are `texts`; one that was not measured has no score."""
        nothing = self.nothing("budget spent")
        rows = [measured.get(text, nothing) for text in texts]
        raw = np.array([row.values for row in rows], dtype=float).reshape(len(rows), len(self.config.component))
        raw[[not text for text in texts]] = np.nan
        total = self.total(raw)
        return Scores(
            smiles=texts,
            total=total,
            components=dict(zip(self.config.names, raw.T, strict=True)),
            valid=np.array([bool(text) for text in texts], dtype=bool),
            error=[
                "" if scored else row.error if text else f"invalid SMILES: {why_invalid(given)}"
                for given, text, row, scored in zip(smiles, texts, rows, ~np.isnan(total), strict=True)
            ],
            call=np.array([calls.get(text, 0) for text in texts], dtype=np.int64),
        )

    def nothing(self, why: str) -> Measured:
        """No value of any component, and the reason."""
        return Measured((np.nan,) * len(self.config.component), why)

    def total(self, raw: np.ndarray) -> np.ndarray:
        """Scores (n,) of raw values (n, components); what one component rules out is 0 whatever the others say."""
        return self.score(self.desirabilities(raw))

    def score(self, desirabilities: np.ndarray) -> np.ndarray:
        """Scores (n,) of desirabilities (n, components)."""
        scores, filters, penalties = (desirabilities[:, self._roles == role] for role in ("score", "filter", "penalty"))
        weights = np.array([component.weight for component in self.config.component])[self._roles == "score"]
        total = AGGREGATIONS[self.config.aggregation](scores, weights / weights.sum()) * penalties.prod(axis=1)
        total[np.isnan(filters).any(axis=1)] = np.nan
        total[self._ruled_out(desirabilities)] = 0.0
        return total

    @cached_property
    def _roles(self) -> np.ndarray:
        return np.array([component.role for component in self.config.component])

    def desirabilities(self, raw: np.ndarray) -> np.ndarray:
        """Values of 0 to 1 (n, components)."""
        columns = zip(self.config.component, raw.T, strict=True)
        return np.column_stack([component.desirability(column) for component, column in columns])

    def _ruled_out(self, desirabilities: np.ndarray) -> np.ndarray:
        """Which rows (n,) score 0 whatever the other components say."""
        final = (self._roles != "score") | (self.config.aggregation in ZERO_IS_FINAL)
        return (desirabilities[:, final] == 0).any(axis=1)


def _parsed(canonical_text: str) -> Mol:
    molecule = parse(canonical_text)
    if molecule is None:
        raise ValueError(f"{canonical_text!r} was canonical once, but does not parse")
    return molecule


def canonical_texts(smiles: Sequence[str]) -> list[str]:
    """Canonical SMILES of each text; "" for an invalid SMILES."""
    return [canonical_smiles(text) or "" for text in smiles]
