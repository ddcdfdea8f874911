"""What a run leaves for people: hits.csv, hits.smi and report.html, all made from its ledger."""

from pathlib import Path

from chemmara.errors import ChemmaraError
from chemmara.files import replacing, write_text
from chemmara.ledger import Ledger
from chemmara.metrics.summary import hits_of, run_figures
from chemmara.report.page import run_page
from chemmara.run_folder import RunFolder


def write_outputs(path: Path) -> tuple[Path, dict[str, float]]:
    """Write the files of a run's folder; the page's path, and the headline figures."""
    folder = RunFolder(path)
    if not folder.ledger.exists():
        raise ChemmaraError(f"{path}: not a run's folder (ledger.sqlite is missing)")
    with Ledger.open(folder.ledger) as ledger:
        calls, settings = ledger.frame(), ledger.get("campaign")
        hits = hits_of(calls, settings["threshold"])
        figures = run_figures(calls, settings["threshold"], settings["budget"])
        with replacing(path / "hits.csv") as partial:
            hits.drop(columns="error").to_csv(partial, index=False)
        write_text(
            path / "hits.smi",
            "".join(f"{smiles} call-{call}\n" for smiles, call in zip(hits["smiles"], hits["call"], strict=True)),
        )
        page = path / "report.html"
        write_text(page, run_page(path.name, ledger))
    return page, figures
