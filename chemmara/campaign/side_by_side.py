"""Finished runs on one page, from their ledgers alone."""

from collections.abc import Sequence
from pathlib import Path

from chemmara.campaign.results import recorded_calls, run_folder
from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Ledger
from chemmara.records.summary import summarise
from chemmara.report.side_by_side import RunRecord, side_by_side_page
from chemmara.system.files import write_text


def write_side_by_side(paths: Sequence[Path], out: Path) -> Path:
    """Write the page of several runs; the path of it.

    Raises:
        ChemmaraError: a folder is given twice, is not a run's, or its run has no oracle call yet.
    """
    places = [path.resolve() for path in paths]
    for place, path in zip(places, paths, strict=True):
        if places.count(place) > 1:
            raise ChemmaraError(f"{path}: is given twice; name different runs")
    page = side_by_side_page(
        out.stem, [_record(path, name) for path, name in zip(paths, _names(places), strict=True)], {}
    )
    write_text(out, page)
    return out


def _names(places: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell the runs apart, as `mara/1` and `mara/2`, all of one length."""
    for length in range(1, max(len(place.parts) for place in places) + 1):
        names = ["/".join(place.parts[-length:]) for place in places]
        if len(set(names)) == len(names):
            return names
    raise ValueError("two of the paths are the same")


def _record(path: Path, name: str) -> RunRecord:
    with Ledger.open(run_folder(path).ledger) as ledger:
        calls, settings = recorded_calls(path, ledger)
    return RunRecord(name, name, settings, calls, summarise(calls, settings["hit_threshold"], settings["budget"]))
