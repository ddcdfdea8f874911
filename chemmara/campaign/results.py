"""What people take out of a run, made from its ledger: hits.csv, hits.smi, hits.sdf, report.html, and an export."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from chemmara.campaign.given_columns import given_columns
from chemmara.campaign.model_columns import model_columns
from chemmara.errors import ChemmaraError
from chemmara.metrics.diversity import Diversity
from chemmara.metrics.properties import PROPERTIES
from chemmara.molecules.chem import molecules_of, scaffold
from chemmara.molecules.fingerprint_blocks import to_rows
from chemmara.molecules.writers import table_writer
from chemmara.oracles.docking import pose_file
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import failure_reasons, hits_of, summarise
from chemmara.report.page import run_page
from chemmara.scoring.pareto import pareto_rank
from chemmara.scoring.saved import always_zero, component_desirabilities, component_name
from chemmara.selection.export import DIVERSITY, Wish
from chemmara.selection.picks import weighted_of
from chemmara.selection.take_out import described, rounded
from chemmara.selection.where import Keeps, keeping
from chemmara.system.files import replacing, write_text

PICKS: Final = 50
"""Hits of a run that its hits.csv proposes, in order, as good and different ones."""
DESCRIBED: Final = 2000
"""Best hits of a run that its hits.csv has InChIKeys and properties of, and its hits.sdf drawings."""
_DECIMALS: Final = 4  # of a score


@dataclass(frozen=True)
class Outputs:
    """What was written for a run, and what it says."""

    page: Path
    figures: dict[str, float]  # headline figures
    reasons: dict[str, int]  # for missing scores, with the number of calls, the commonest first
    warnings: list[str]  # sentences on what the models of activity cannot vouch for, and on what was not found


def write_outputs(path: Path) -> Outputs:
    """Write hits.csv, hits.smi, hits.sdf and report.html of the run in a folder."""
    folder = run_folder(path)
    with Ledger.open(folder.ledger) as ledger:
        calls, settings = recorded_calls(path, ledger)
        summary = summarise(calls, settings["hit_threshold"], settings["budget"])
        hits = _of_the_last_stage(summary.hits, settings)
        fronts = pareto_rank(component_desirabilities(settings["objective"], hits))
        trust = model_columns(settings["objective"], hits)
        table = _write_hits(path, hits, fronts, settings, trust.columns, summary.diversity)
        page = path / "report.html"
        write_text(page, run_page(path.name, ledger, calls, summary, table))
    warnings = trust.warnings + _nothing_scored(calls, settings) + _given(hits)
    return Outputs(page, summary.figures, failure_reasons(calls), warnings)


def _nothing_scored(calls: pd.DataFrame, settings: dict[str, Any]) -> list[str]:
    """A sentence that says which components are to blame, where no call scored above 0."""
    scores = calls["score"].to_numpy(dtype=float)
    if not np.isfinite(scores).any() or np.nanmax(scores) > 0:
        return []
    blame = " and ".join(repr(name) for name in always_zero(settings["objective"], calls)) or "no component by itself"
    advice = "the policy had nothing to learn from: wish for less at first, or begin elsewhere (docs/where-to-start.md)"
    return [f"no molecule scored above 0 in {len(calls)} calls; 0 for all of them: {blame}; {advice}"]


def _given(hits: pd.DataFrame) -> list[str]:
    """A sentence on the hits that were seeds, where there are some."""
    number = int((hits["step"].to_numpy() == 0).sum())
    where = "step 0 in hits.csv; chemmara export --where 'step > 0' leaves them out"
    return [f"{number} of {len(hits)} hits are seeds that were given ({where})"] if number else []


def export_run(path: Path, wish: Wish, hit_threshold: float | None = None) -> tuple[pd.DataFrame, list[str]]:
    """The wanted molecules of the run in a folder, and warnings on what its models of activity cannot vouch for.

    Columns are those of its hits.csv, and the nearest known compounds. The best are taken from all calls with a score
    above 0, diverse ones from the hits; all hits where neither is wanted. Hits: from `hit_threshold` on, or the
    campaign's own. The column pareto is empty for a molecule that is no hit. ChemmaraError where there is nothing.
    """
    with Ledger.open(run_folder(path).ledger) as ledger:
        calls, settings = recorded_calls(path, ledger)
    calls = _of_the_last_stage(calls, settings)
    threshold = settings["hit_threshold"] if hit_threshold is None else hit_threshold
    hits = hits_of(calls, threshold)
    fronts = pareto_rank(component_desirabilities(settings["objective"], hits))
    ranks = pd.Series(fronts, index=hits.index, dtype="Int64").reindex(calls.index)
    candidates = hits if wish.top is None else calls
    smiles, scores = candidates["smiles"].tolist(), candidates["score"].to_numpy(dtype=float)
    scores = wish.eligible(scores)
    chosen, picks = wish.chosen(scores, smiles.__getitem__, _keeping(path, candidates, ranks, wish, settings))
    if not chosen and wish.where and np.isfinite(scores).any():
        raise ChemmaraError(f"{path}: none of {np.isfinite(scores).sum()} molecules meets all of --where")
    if not chosen:
        no_hit = f"no hit (a score of {threshold:g}); try --top or a lower --hit-threshold"
        what = "no call has a score above 0" if wish.top else no_hit
        raise ChemmaraError(f"{path}: {what}")
    rows = candidates.iloc[chosen]
    trust = model_columns(settings["objective"], rows, "molecules")
    table = _for_people(rows, ranks.loc[rows.index], picks, wish, settings)
    return _beside(table, trust.columns), trust.warnings


def _keeping(
    path: Path, candidates: pd.DataFrame, ranks: pd.Series, wish: Wish, settings: dict[str, Any]
) -> Keeps | None:
    """What of a run's molecules meets the conditions of a wish, on the columns of its hits.csv as they stand there."""
    if not wish.where:
        return None
    table = _as_written(candidates, ranks.loc[candidates.index], settings)
    names = {condition.name for condition in wish.where}
    if names - {*table, "scaffold", *PROPERTIES}:
        trust = model_columns(settings["objective"], candidates, "molecules")
        if trust.columns.empty and trust.warnings:
            raise ChemmaraError(f"{path}: --where: {trust.warnings[0]}")
        table = _beside(table, trust.columns)
    smiles = table["smiles"].tolist()
    columns = {name: ["" if pd.isna(cell) else cell for cell in table[name]] for name in names & {*table}}

    def cell(row: int, name: str) -> object:  # a scaffold is worked out for the rows that are looked at
        return columns[name][row] if name in columns else scaffold(molecules_of([smiles[row]])[0])

    return keeping(wish.where, [*table, "scaffold"], cell, str(path))


def _beside(table: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """A table with more columns of the same rows at its end, but for those that it has (as nearest_similarity)."""
    return pd.concat([table, more.drop(columns=[name for name in more if name in table])], axis=1)


def run_folder(path: Path) -> RunFolder:
    """The folder of a run that has a ledger; ChemmaraError for another."""
    folder = RunFolder(path)
    if not folder.ledger.exists():
        raise folder.is_none(folder.ledger)
    return folder


def recorded_calls(path: Path, ledger: Ledger) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The calls of a run and its settings; ChemmaraError where there is no call yet."""
    calls, settings = ledger.frame(), ledger.get("campaign")
    if calls.empty or settings is None:
        raise ChemmaraError(f"{path}: has no oracle call yet; a report needs some (chemmara resume {path} goes on)")
    return calls, settings


def _of_the_last_stage(calls: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    """Calls without the columns that only a campaign in stages has: stage, stage_score, components of other stages."""
    if "stage" not in calls:
        return calls
    own = {component_name(component) for component in settings["objective"]["component"]}
    kept = {"call", "step", "smiles", "score", "error"} | own
    return calls.loc[:, [name in kept for name in calls.columns]]


def _write_hits(
    path: Path, hits: pd.DataFrame, fronts: np.ndarray, settings: dict[str, Any], trust: pd.DataFrame,
    diversity: Diversity,
) -> pd.DataFrame:  # fmt: skip
    """Write hits.csv, hits.smi and hits.sdf (kept poses of docked hits, else drawings); what hits.csv holds."""
    smiles, scores = hits["smiles"].tolist(), hits["score"].to_numpy(dtype=float)
    picks = weighted_of(scores, to_rows([diversity.fingerprints[text] for text in smiles]), PICKS, DIVERSITY)
    table = _for_people(hits, fronts, picks, Wish(), settings, DESCRIBED, diversity.scaffolds)
    table = _beside(table, trust)
    with replacing(path / "hits.csv") as partial, partial.open("wb") as file, table_writer(file, ".csv") as write:
        write(table)
    with replacing(path / "hits.smi") as partial, partial.open("wb") as file, table_writer(file, ".smi") as write:
        write(table)
    if not _gather_poses(settings["objective"], hits, path / "hits.sdf"):
        with replacing(path / "hits.sdf") as partial, partial.open("wb") as file, table_writer(file, ".sdf") as write:
            write(table.head(DESCRIBED))
    return table


def _for_people(
    calls: pd.DataFrame, fronts: Any, picks: list[int] | None, wish: Wish, settings: dict[str, Any],
    most: int | None = None, scaffolds: Mapping[str, str] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Calls of a ledger as the table of hits.csv: name, call, step, SMILES, score, pareto, components, and the rest.

    A component that is named like a property stands in its place.
    """
    table = _as_written(calls, fronts, settings)
    return described(table, "smiles", picks, wish.known, keep=_components(calls), most=most, scaffolds=scaffolds)


def _as_written(calls: pd.DataFrame, fronts: Any, settings: dict[str, Any]) -> pd.DataFrame:
    """Calls of a ledger as the first columns of hits.csv: name, call, step, SMILES, score, pareto, components.

    Where the campaign started from parts, `given_columns` say what was made of them. Scores have four decimals,
    components five digits.
    """
    table = pd.DataFrame({"name": [f"call-{call}" for call in calls["call"]]}, index=calls.index)
    for name in ("call", "step", "smiles"):
        table[name] = calls[name]
    table["score"] = [round(score, _DECIMALS) for score in calls["score"]]
    table["pareto"] = fronts
    for name in _components(calls):
        table[name] = [rounded(value) for value in calls[name]]
    made = given_columns(settings.get("start", {}), table["smiles"].tolist())
    return table.assign(**{name: made[name] for name in made if name not in table})  # a component keeps its name


def _components(calls: pd.DataFrame) -> list[str]:
    """The columns of a ledger's components."""
    return [name for name in calls.columns if name not in {"call", "step", "smiles", "score", "error"}]


def _gather_poses(objective: dict[str, Any], hits: Any, out: Path) -> bool:
    """The kept poses of docked hits, best hit first, in one SD file. Whether there were any; if not, no file.

    A record is titled `hit-<rank> call-<number>`, and its tags rank, call, score and component stand beside the pose's
    own (smiles, vina_kcal_per_mol).
    """
    records = []
    for component in objective["component"]:
        if not component.get("poses"):
            continue
        for rank, (smiles, call, score) in enumerate(
            hits[["smiles", "call", "score"]].itertuples(index=False), start=1
        ):
            file = pose_file(Path(component["poses"]), smiles)
            if file.is_file():
                tags = {"rank": rank, "call": call, "score": f"{score:.6g}"}
                tags["component"] = component_name(component)
                records.append(_titled(file.read_text(encoding="utf-8"), f"hit-{rank} call-{call}", tags))
    if records:
        write_text(out, "".join(records))
    return bool(records)


def _titled(record: str, title: str, tags: dict[str, Any]) -> str:
    """An SD record with another title and more tags."""
    _, _, body = record.partition("\n")
    body = body.rpartition("$$$$")[0]
    return f"{title}\n{body}" + "".join(f">  <{key}>\n{value}\n\n" for key, value in tags.items()) + "$$$$\n"
