"""The hits of a run, or of several, as the page's explorer wants them: columns, drawings, series, fragments, a map."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from rdkit.Chem import Mol

from chemmara.metrics.properties import PROPERTIES, properties
from chemmara.molecules.chem import parse
from chemmara.report.chemical_space import MOST, mapped
from chemmara.report.depictions import Kinds, depiction, laid_out, lay_out
from chemmara.report.embedded import rounded
from chemmara.report.fragments import groups, ring_systems

WHOLE: Final = 10_000
"""Calls up to which every hit of a run is on its page."""
BEST: Final = 2_000
"""Hits on the page of a larger run: the best."""

_ABOUT: Final = {
    "call": ("found at call", "number of the oracle call that found it"),
    "step": ("found in step", "step of the learner that found it; 0: a seed that was given"),
    "score": ("score", "what the objective says, 0 to 1; 1 is best"),
    "pareto": (
        "Pareto front",
        "1: no other hit is at least as good in every component and better in one; 2: only hits of front 1 are",
    ),
}
_MORE: Final = {
    "pick": "place among the hits proposed first: good and different; empty for the others",
    "inchikey": "identifier of the structure, to look it up in databases",
    "linker": "what joins the given fragments; [1*] is bound to the first",
    "lead_similarity": "Tanimoto similarity to the lead that the run started from, 0 to 1",
    "nearest_known": "the nearest of the known compounds",
    "nearest_similarity": "Tanimoto similarity to the nearest of the known compounds, 0 to 1",
    "found by": "the runs that found it",
}
_PROPERTY_NAMES: Final = {
    "molecular_weight": "MW", "crippen_logp": "logP", "tpsa": "TPSA", "hbd": "HBD", "hba": "HBA",
    "rotatable_bonds": "rotatable bonds", "alerts": "alerts", "sa_score": "SA score",
}  # fmt: skip
_OWN_WAY: Final = {"smiles", "error", "name", "scaffold", "series"}
"""Columns of hits.csv that the page shows in its own way."""
_RINGS: Final = 40  # ring systems to search by


def hits_on_the_page(hits: pd.DataFrame, calls: int) -> pd.DataFrame:
    """All hits (best first) of a run of up to 10,000 calls, the 2,000 best of a larger one."""
    return hits if calls <= WHOLE else hits.head(BEST)


def best_in_words(hits: pd.DataFrame) -> list[tuple[str, str]]:
    """Score and SMILES of the first hits, for readers whose program runs no script."""
    first = hits.head(24)
    return [(f"{score:.3f}", smiles) for score, smiles in zip(first["score"], first["smiles"], strict=True)]


@dataclass(frozen=True)
class Explorer:
    """What is embedded of a table of hits: `data` is ready for JSON."""

    table: pd.DataFrame  # columns smiles, score, call, ..., best first; row i is hit i of the page
    names: Sequence[str]
    scaffolds: dict[str, str]  # of every hit by its SMILES, also of those that are not on the page
    about: Mapping[str, str]  # what a column of components means
    picks: Sequence[str]  # SMILES of the proposed diverse set
    every: pd.DataFrame  # all hits (columns smiles and score), from which series are counted
    parts: Sequence[Mol] = ()  # what every molecule of a run was to hold
    kinds: Kinds = field(default_factory=Kinds)

    def data(self) -> dict[str, Any]:
        """Everything, row by row."""
        texts = self.table["smiles"].tolist()
        own = [self.scaffolds[text] for text in texts]
        series = self._series(own)
        number = {record["smiles"]: index for index, record in enumerate(series)}
        molecules = [self._drawn(text, core, series[number[core]]) for text, core in zip(texts, own, strict=True)]
        position = {text: row for row, text in enumerate(texts)}
        places = mapped(molecules[:MOST])
        return {
            "smiles": texts,
            "names": list(self.names),
            "drawings": [depiction(molecule, self.kinds) for molecule in molecules],
            "columns": self._columns(molecules),
            "series": [{key: value for key, value in record.items() if key != "core"} for record in series],
            "seriesOf": [number[core] for core in own],
            "picks": [position[text] for text in self.picks if text in position],
            "groups": self._groups(molecules),
            "rings": self._rings(series),
            "map": None if places is None else np.rint(1000 * places).astype(int).tolist(),
            "kinds": self.kinds.listed(),
        }

    def _series(self, own: Sequence[str]) -> list[dict[str, Any]]:
        """The scaffolds of the hits on the page, the commonest first, with figures over all hits that have them."""
        shown = set(own)
        of_all = self.every.assign(scaffold=[self.scaffolds[text] for text in self.every["smiles"]])
        counted = of_all.groupby("scaffold", sort=False)["score"].agg(["size", "max", "mean"])
        counted = counted.loc[counted.index.isin(shown)].sort_values(["size", "max"], ascending=False, kind="stable")
        records = []
        for text, count, best, mean in counted.itertuples():
            core = self._laid_out(text, None) if text else None
            records.append(
                {
                    "smiles": text, "count": int(count), "best": rounded([best])[0], "mean": rounded([mean])[0],
                    "drawing": "" if core is None else depiction(core, self.kinds), "core": core,
                }
            )  # fmt: skip
        return records

    def _drawn(self, smiles: str, core: str, series: Mapping[str, Any]) -> Mol:
        """The molecule, laid out on its scaffold where other hits share it."""
        molecule = self._laid_out(smiles, series["core"] if core and series["count"] > 1 else None)
        if molecule is None:
            raise ValueError(f"{smiles!r} was measured, but is not a valid SMILES")
        return molecule

    def _laid_out(self, smiles: str, core: Mol | None) -> Mol | None:
        """A molecule drawn on the part that it was to hold, or else on a core."""
        molecule = parse(smiles)
        if molecule is not None:
            lay_out(molecule, next(filter(molecule.HasSubstructMatch, self.parts), None), core)
        return molecule

    def _columns(self, molecules: Sequence[Mol]) -> list[dict[str, Any]]:
        given = [name for name in self.table.columns if name not in _OWN_WAY]
        first = [name for name in ("score", "call", "step", "pareto") if name in given]
        components = [name for name in given if name in self.about]
        others = [name for name in given if name not in {*first, *components, *PROPERTIES}]
        missing = [name for name in PROPERTIES if name not in given]
        computed = [properties(molecule) for molecule in molecules] if missing else []
        columns = [self._column(name, "found", *_ABOUT[name]) for name in first]
        columns += [self._column(name, "component", name, self.about[name]) for name in components]
        for name, meaning in PROPERTIES.items():
            if name in given and name not in components:
                columns.append(self._column(name, "property", _PROPERTY_NAMES[name], meaning))
            elif name in missing:
                values = rounded(row[name] for row in computed)
                columns.append(_record(name, "property", _PROPERTY_NAMES[name], meaning, values))
        return columns + [self._column(name, "other", name.replace("_", " "), _MORE.get(name, "")) for name in others]

    def _column(self, key: str, group: str, label: str, meaning: str) -> dict[str, Any]:
        column = self.table[key]
        if pd.api.types.is_bool_dtype(column):
            return _record(key, group, label, meaning, ["yes" if value else "no" for value in column])
        if pd.api.types.is_numeric_dtype(column):
            return _record(key, group, label, meaning, rounded(column.to_numpy(dtype=float, na_value=np.nan)))
        return _record(key, group, label, meaning, ["" if pd.isna(value) else str(value) for value in column])

    def _groups(self, molecules: Sequence[Mol]) -> list[dict[str, Any]]:
        """Functional groups that some but not all hits have, with the hits that have them."""
        rows: dict[str, list[int]] = {}
        for row, molecule in enumerate(molecules):
            for name in groups(molecule):
                rows.setdefault(name, []).append(row)
        return [{"name": name, "rows": rows[name]} for name in sorted(rows) if len(rows[name]) < len(molecules)]

    def _rings(self, series: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Ring systems, the commonest first, with the series that have them."""
        having: dict[str, list[int]] = {}
        hits = Counter[str]()
        for number, record in enumerate(series):
            core = parse(record["smiles"]) if record["smiles"] else None
            for ring in ring_systems(core) if core is not None else []:
                having.setdefault(ring, []).append(number)
                hits[ring] += record["count"]
        records = []
        for ring, _ in hits.most_common(_RINGS):
            molecule = laid_out(ring)
            drawing = "" if molecule is None else depiction(molecule, self.kinds)
            records.append({"smiles": ring, "series": having[ring], "drawing": drawing})
        return records


def _record(key: str, group: str, label: str, meaning: str, values: list[Any]) -> dict[str, Any]:
    kind = "text" if any(isinstance(value, str) for value in values) else "number"
    return {"key": key, "group": group, "label": label, "about": meaning, "kind": kind, "values": values}
