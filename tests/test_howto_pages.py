"""The how-to pages: every command of each runs, in an empty folder and in order, and their claims hold."""

import json
import re
import sqlite3
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from rdkit.Chem import SDMolSupplier

from tests.support.pages import run_page

ROOT = Path(__file__).parents[1]
JOBS = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_reinvent_user_gets_a_campaign_and_the_page_shows_the_converted_file(tmp_path: Path) -> None:
    run_page("from-reinvent4.md", tmp_path)
    assert (tmp_path / "both.html").exists()
    text = (ROOT / "docs" / "from-reinvent4.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    converted, page = tomllib.loads((tmp_path / "campaign.toml").read_text()), tomllib.loads(shown)
    curve, rounded = (table["objective"]["component"][1].pop("transform") for table in (converted, page))
    assert converted == page
    # 3.5 -+ (5 - 2) / (10 * 0.5) * log10(9) = 3.5 -+ 0.6 * 0.954243 = 3.5 -+ 0.572546
    assert rounded == {"kind": "reverse_sigmoid", "low": 2.927454, "high": 4.072546}
    assert curve == {"kind": "reverse_sigmoid", "low": pytest.approx(2.927454), "high": pytest.approx(4.072546)}


@pytest.mark.slow
def test_an_oracle_of_ones_own_scores_a_campaign(tmp_path: Path) -> None:
    run_page("own-oracle.md", tmp_path)
    assert (tmp_path / "runs" / "mine" / "report.html").exists()


@pytest.mark.slow
def test_seeds_with_and_without_scores(tmp_path: Path) -> None:
    run_page("seeds.md", tmp_path)
    assert (tmp_path / "runs" / "measured" / "report.html").exists()


@pytest.mark.slow
def test_a_prior_of_random_smiles_is_trained_shown_and_used(tmp_path: Path) -> None:
    ran = run_page("random-smiles.md", tmp_path)
    assert "Trained on random SMILES (restricted)" in ran.stdout
    assert (tmp_path / "runs" / "random" / "report.html").exists()


@pytest.mark.slow
def test_the_ledger_is_read_with_sql_and_pandas(tmp_path: Path) -> None:
    assert "calls without a score" in run_page("ledger.md", tmp_path).stdout


@pytest.mark.slow
def test_a_job_script_begins_and_goes_on(tmp_path: Path) -> None:
    run_page("slurm.md", tmp_path)
    assert (tmp_path / "runs" / "job" / "report.html").exists()


@pytest.mark.slow
def test_a_messy_vendor_file_becomes_twenty_picks(tmp_path: Path) -> None:
    run_page("vendor-file.md", tmp_path)
    order = list(SDMolSupplier(str(tmp_path / "order.sdf")))
    assert [int(molecule.GetProp("pick")) for molecule in order] == list(range(1, 21))
    assert all(molecule.GetProp("Catalogue no.") for molecule in order)
    scored = pd.read_csv(tmp_path / "scored.csv")
    # the sodium salt is aspirin, which the second row has again; the fourth is phenethylamine without its acid
    assert scored["standardised"].tolist()[0] == "CC(=O)Oc1ccccc1C(=O)O"
    assert scored["Catalogue no."].tolist()[:3] == ["V-001", "V-003", "V-004"]
    assert scored["standardised"].tolist()[2] == "NCCc1ccccc1"
    assert isinstance(scored["error"].tolist()[1], str)


@pytest.mark.slow
def test_measured_activities_become_hits(tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx", reason="needs the extra [qsar]")
    run_page("activities.md", tmp_path)
    assert len(pd.read_csv(tmp_path / "best.csv")) == 20
    assert {"activity_low", "activity_domain"} <= set(pd.read_csv(tmp_path / "runs" / "active" / "hits.csv").columns)


@pytest.mark.slow
def test_a_docking_score_steers_a_campaign(tmp_path: Path) -> None:
    pytest.importorskip("vina", reason="needs the extra [docking]")
    run_page("docking.md", tmp_path)
    with sqlite3.connect(tmp_path / "runs" / "docked" / "ledger.sqlite") as ledger:
        values = [json.loads(text)["docking"] for (text,) in ledger.execute("SELECT components FROM calls")]
    assert len(values) == 8
    assert any(value is not None and value < 0 for value in values)


@pytest.mark.slow
def test_a_series_becomes_a_prior(tmp_path: Path) -> None:
    run_page("transfer-learning.md", tmp_path)
    assert len((tmp_path / "like-mine.smi").read_text().splitlines()) == 20
    assert (tmp_path / "runs" / "series" / "report.html").exists()


@pytest.mark.slow
def test_two_runs_are_shown_side_by_side(tmp_path: Path) -> None:
    run_page("report.md", tmp_path)
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert "first" in page
    assert "second" in page


@pytest.mark.slow
def test_a_core_gets_its_groups(tmp_path: Path) -> None:
    run_page("from-a-core.md", tmp_path)
    table = pd.read_csv(tmp_path / "groups.csv")
    assert table.columns.tolist() == ["smiles", "core", "R1", "R2"]
    assert len(table) == 10


@pytest.mark.slow
def test_a_model_of_ones_own_screens_a_campaign(tmp_path: Path) -> None:
    run_page("own-model.md", tmp_path)
    log = (tmp_path / "runs" / "own" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(log[-1])["screen_active"] == 1.0
    assert (tmp_path / "both.html").exists()


def test_each_of_the_ten_jobs_has_a_page_that_runs_and_a_test_of_it() -> None:
    rows = re.findall(r"^\| .+ \| \[(.+?)\]\(.+?\) \| `(.+?)`, `(\w+)` \|$", JOBS, flags=re.MULTILINE)
    assert len(rows) == len({page for page, _, _ in rows}) == 10
    for page, file, test in rows:
        body = (ROOT / file).read_text(encoding="utf-8").partition(f"def {test}(")[2].partition("\n\n\n")[0]
        assert f'run_page("{page}"' in body, test
        assert "```sh" in (ROOT / "docs" / page).read_text(encoding="utf-8")
