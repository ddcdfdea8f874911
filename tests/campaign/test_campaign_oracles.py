"""Campaigns on oracles that fail, on a cluster, and with a memory across runs: what the ledger says of them."""

import sqlite3
import warnings
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hostile import mood

from chemmara.campaign.results import _gather_poses
from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.molecules.chem import parse
from chemmara.oracles.docking import pose_file
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder


def calls(campaign: Path, out: Path, **changes: object) -> list[Call]:
    with Run.start(out, load_campaign(campaign, **changes)) as run:
        run.go()
    with Ledger.open(RunFolder(out).ledger) as ledger:
        return ledger.calls()


def plain(found: list[Call]) -> list[tuple]:
    """Comparable: NaN is not equal to itself."""
    return [(call.call, call.step, call.smiles, repr(call.score), repr(call.components), call.error) for call in found]


@pytest.fixture
def own(campaign_file: Path) -> Path:
    """The small campaign with a Python oracle in place of its objective."""
    settings, _ = campaign_file.read_text().split("[objective]")
    campaign_file.write_text(
        settings
        + '[objective]\n[[objective.component]]\noracle = "python"\nname = "own"\ncall = "CALL"\n'
        + "low = 0.0\nhigh = 1.0\nSETTINGS"
    )
    return campaign_file


def fill(path: Path, call: str, settings: str = "") -> Path:
    path.write_text(path.read_text().replace("CALL", call).replace("SETTINGS", settings))
    return path


@pytest.mark.slow
def test_the_ledger_says_which_molecules_failed_and_why_and_the_others_are_right(own: Path, tmp_path: Path) -> None:
    found = calls(fill(own, "hostile:moody"), tmp_path / "run", budget=60, workers=2, timeout=1.0)
    assert len(found) == 60
    words = {"hangs": "no answer within 1 s", "dies": "the worker died", "raises": "not today", "is silent": "no value"}
    moods = Counter()
    for call in found:
        molecule = parse(call.smiles)
        assert molecule is not None
        now = mood(molecule)
        moods[now] += 1
        if now == "well":
            assert (call.score, call.error) == (molecule.GetNumAtoms() / 30, "")
        else:
            assert call.score != call.score
            assert words[now] in call.error
    assert set(moods) == {"well", *words}, "the tiny prior should meet every mood"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_whose_worker_is_killed_twice_gives_the_ledger_of_one_process(own: Path, tmp_path: Path) -> None:
    dask = pytest.importorskip("dask.distributed", reason="needs the extra [dask]")
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    fill(own, "hostile:DiesTwice", f'settings = {{ folder = "{deaths}" }}\n')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with dask.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            spread = calls(own, tmp_path / "cluster", budget=60, scheduler=cluster.scheduler_address)
    assert len(list(deaths.iterdir())) == 2
    assert plain(spread) == plain(calls(own, tmp_path / "serial", budget=60))


def test_a_campaign_may_name_a_task_and_share_a_memory(campaign_file: Path, tmp_path: Path) -> None:
    settings, _ = campaign_file.read_text().split("[objective]")
    campaign_file.write_text(f'objective = "median1"\ncache = "seen.sqlite"\n{settings}')
    first = calls(campaign_file, tmp_path / "a", budget=40)
    assert list(first[0].components) == ["like_camphor_ecfp4", "like_menthol_ecfp4"]
    connection = sqlite3.connect(tmp_path / "seen.sqlite")
    assert connection.execute("SELECT count(*) FROM measured").fetchone() == (80,)
    # A lie in the memory shows that it is used.
    connection.execute("UPDATE measured SET value = 0.25")
    connection.commit()
    connection.close()
    assert [call.score for call in calls(campaign_file, tmp_path / "b", budget=8)] == [pytest.approx(0.25)] * 8


def test_poses_of_hits_are_gathered_best_first(tmp_path: Path) -> None:
    for smiles in ("CCO", "CCN"):
        pose_file(tmp_path, smiles).write_text(f"{smiles}\n     RDKit\n>  <smiles>  (1)\n{smiles}\n\n$$$$\n")
    objective = {"component": [{"oracle": "qed"}, {"oracle": "docking", "poses": str(tmp_path), "name": "abl"}]}
    hits = pd.DataFrame({"smiles": ["CCN", "never docked", "CCO"], "call": [7, 8, 2], "score": [0.75, 0.7, 0.5]})
    _gather_poses(objective, hits, tmp_path / "hits.sdf")
    first, second, _ = (tmp_path / "hits.sdf").read_text().split("$$$$\n")
    assert first.splitlines()[:4] == ["hit-1 call-7", "     RDKit", ">  <smiles>  (1)", "CCN"]
    assert ">  <score>\n0.75\n" in first
    assert ">  <component>\nabl\n" in first
    assert second.startswith("hit-3 call-2\n")
