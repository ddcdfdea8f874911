"""Campaigns in processes of their own: what such a process sees of the one that began it."""

import os
from pathlib import Path

import pytest

from chemmara.benchmark.compare import compare
from chemmara.campaign.settings import load_campaign
from chemmara.records.ledger import Ledger
from chemmara.records.run_folder import RunFolder
from tests.support.processes import ran


def test_a_run_sees_the_environment_and_the_folder_of_the_time_when_it_began(
    tmp_path: Path, tiny_prior: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A notebook may change both between two comparisons; the second's processes are copies of one that began before.
    (tmp_path / "own.py").write_text(
        "import os\n\ndef weight(smiles):\n"
        "    return [float(os.environ['WEIGHT']) * os.path.exists('here')] * len(smiles)\n"
    )
    (tmp_path / "campaign.toml").write_text(
        f'prior = "{tiny_prior}"\nbudget = 20\nhit_threshold = 0.5\nmethod = {{ name = "vanilla", batch_size = 20 }}\n'
        f'[[objective.component]]\noracle = "python"\ncall = "{tmp_path}/own.py:weight"\nlow = 0.0\nhigh = 1.0\n'
    )
    found = []
    for weight, folder in (("0.25", "first"), ("0.75", "second")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "here").touch()
        monkeypatch.chdir(tmp_path / folder)
        monkeypatch.setenv("WEIGHT", weight)
        campaign = load_campaign(tmp_path / "campaign.toml")
        compare({"vanilla": campaign}, [1], tmp_path / folder / "out", lambda *_: None)
        with Ledger.open(RunFolder(tmp_path / folder / "out" / "vanilla" / "1").ledger) as ledger:
            found.append({call.score for call in ledger.calls()})
    assert found == [{0.25}, {0.75}]


def test_temporary_files_may_lie_deep(tmp_path: Path, campaign_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # as in a cluster's scratch: a socket's path may have 107 bytes
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", os.fspath(deep))
    done = ran(
        "compare", campaign_file, "--methods", "vanilla", "--seeds", 1, "--budget", 16, "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
