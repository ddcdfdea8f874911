"""#Circles is one figure wherever it is printed."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chemmara.benchmark.compare import write_comparison
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.metrics.diversity import circles
from chemmara.notebook import diversity, load_run
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.summary import hits_of
from cli.main import app

ENDS, CORES = (
    ("C", "CC", "OC", "N(C)C", "C(F)(F)F", "C1CC1"),
    ("c1ccc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "OCC({})C"),
)
SMILES = [core.format(link + end) for core in CORES for link in ("", "C(=O)N", "CO") for end in ENDS]


@pytest.fixture
def run(tmp_path: Path, campaign_file: Path) -> Path:
    """A run with 72 calls of which 54 are hits, their scores in no order."""
    folder = tmp_path / "out" / "mara" / "3"
    folder.mkdir(parents=True)
    with Ledger.create(RunFolder(folder).ledger) as ledger:
        scores = [(37 * i % 72) / 72 + 0.25 for i in range(72)]
        values = [{"qed": score, "tpsa": 60 * (1 - score) ** 2} for score in scores]
        calls = zip(SMILES, scores, values, strict=True)
        ledger.append([Call(i, 1, smiles, min(s, 1.0), raw, "") for i, (smiles, s, raw) in enumerate(calls, start=1)])
        ledger.set("campaign", json.loads(load_campaign(campaign_file).model_dump_json()))
        ledger.set("versions", {})
    return folder


def test_report_diversity_comparison_and_notebook_print_the_same_circles(run: Path, campaign_file: Path) -> None:
    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    calls = load_run(run).calls
    hits = hits_of(calls, 0.5)["smiles"].tolist()
    wanted = [circles(sorted(hits), 0.75), circles(sorted(hits), 0.7)]
    assert len(hits) == 54
    assert wanted[0] < wanted[1] < 54

    page = (run / "report.html").read_text()
    shown = re.findall(r"(?:really different hits|hits more than .70 apart)</th><td class=\"n\">(\d+)", page)
    assert shown == [str(number) for number in wanted]
    printed = CliRunner().invoke(app, ["diversity", str(run / "hits.smi"), "--json"])
    assert [json.loads(printed.stdout)[key] for key in ("circles75", "circles70")] == wanted
    settings: CampaignConfig = load_campaign(campaign_file)
    compared = write_comparison({"mara": [3]}, run.parents[1], settings).iloc[0]
    for figures in (compared, diversity(hits[::-1]), load_run(run).figures):
        assert [figures[key] for key in ("circles75", "circles70")] == wanted


def test_hits_csv_has_the_fronts_that_the_page_shows(run: Path) -> None:
    """qed rises where tpsa falls: no hit beats another until the ramp of tpsa ends at 0."""
    import pandas as pd

    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    table = pd.read_csv(run / "hits.csv")
    assert list(table.columns) == [
        *("name", "call", "step", "smiles", "score", "pareto", "qed", "tpsa", "pick", "scaffold", "series", "inchikey"),
        *("molecular_weight", "crippen_logp", "hbd", "hba", "rotatable_bonds", "alerts", "sa_score"),
    ]  # tpsa stands once: the component's values
    page = (run / "report.html").read_text()
    embedded = json.loads(page.split('id="data">')[1].split("</script>")[0])["hits"]
    (fronts,) = [column["values"] for column in embedded["columns"] if column["key"] == "pareto"]
    assert (embedded["smiles"], fronts) == (table["smiles"].tolist(), table["pareto"].tolist())
    assert fronts.count(1) > 1
