"""The how-to pages: every command of each runs, in an empty folder and in order, and their claims hold."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run_page(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env={"PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran


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
