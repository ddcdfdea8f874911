"""Files for people, made from a run's ledger: hits.csv, hits.smi, hits.sdf (of docked hits) and report.html."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chemmara.errors import ChemmaraError
from chemmara.oracles.docking import pose_file
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import failure_reasons, summarise
from chemmara.report.page import run_page
from chemmara.scoring.pareto import component_desirabilities, pareto_rank
from chemmara.system.files import replacing, write_text


@dataclass(frozen=True)
class Outputs:
    """What was written for a run, and what it says."""

    page: Path
    figures: dict[str, float]  # headline figures
    reasons: dict[str, int]  # for missing scores, with the number of calls, the commonest first


def write_outputs(path: Path) -> Outputs:
    """Write hits.csv, hits.smi, hits.sdf and report.html of the run in a folder."""
    folder = RunFolder(path)
    if not folder.ledger.exists():
        raise ChemmaraError(f"{path}: not a run's folder (ledger.sqlite is missing)")
    with Ledger.open(folder.ledger) as ledger:
        calls, settings = ledger.frame(), ledger.get("campaign")
        if calls.empty or settings is None:
            raise ChemmaraError(f"{path}: has no oracle call yet; a report needs some (chemmara resume {path} goes on)")
        summary = summarise(calls, settings["hit_threshold"], settings["budget"])
        fronts = pareto_rank(component_desirabilities(settings["objective"], summary.hits))
        hits = summary.hits.copy()
        hits.insert(list(hits.columns).index("score") + 1, "pareto", fronts)
        with replacing(path / "hits.csv") as partial:
            hits.drop(columns="error").to_csv(partial, index=False)
        _gather_poses(settings["objective"], hits, path / "hits.sdf")
        write_text(
            path / "hits.smi",
            "".join(f"{smiles} call-{call}\n" for smiles, call in zip(hits["smiles"], hits["call"], strict=True)),
        )
        page = path / "report.html"
        write_text(page, run_page(path.name, ledger, calls, summary, hits.drop(columns="error")))
    return Outputs(page, summary.figures, failure_reasons(calls))


def _gather_poses(objective: dict[str, Any], hits: Any, out: Path) -> None:
    """The kept poses of docked hits, best hit first, in one SD file; no file where none was kept.

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
                tags["component"] = component.get("name") or component["oracle"]
                records.append(_titled(file.read_text(encoding="utf-8"), f"hit-{rank} call-{call}", tags))
    if records:
        write_text(out, "".join(records))


def _titled(record: str, title: str, tags: dict[str, Any]) -> str:
    """An SD record with another title and more tags."""
    _, _, body = record.partition("\n")
    body = body.rpartition("$$$$")[0]
    return f"{title}\n{body}" + "".join(f">  <{key}>\n{value}\n\n" for key, value in tags.items()) + "$$$$\n"
