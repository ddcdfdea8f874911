"""A project's folder that is moved or copied: its runs go on, with the files that lie beside them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chemmara.campaign.moved import follow
from chemmara.records.ledger import Ledger
from cli.main import app

CAMPAIGN = """
prior = "../priors/mine"
budget = 24
[start]
seeds = "seeds.smi"
[method]
batch_size = 8
tau = 0.5
[[objective.component]]
oracle = "python"
name = "size"
call = "oracles/size.py:score"
low = 0.0
high = 1.0
[[objective.component]]
oracle = "program"
name = "length"
command = ["python3", "length.py"]
folder = "oracles"
output = "plain"
transform = { kind = "ramp", worst = 0, best = 60 }
"""
SIZE = "def score(molecules):\n    return [m.GetNumAtoms() / 100 for m in molecules]\n"
LENGTH = "import sys\nfor line in sys.stdin:\n    print(len(line.strip()), flush=True)\n"


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def project(place: Path, tiny_prior: Path) -> Path:
    """A folder with a prior, a campaign, seeds and two oracles of its user's."""
    shutil.copytree(tiny_prior, place / "priors/mine")
    campaign = place / "campaign"
    (campaign / "oracles").mkdir(parents=True)
    (campaign / "campaign.toml").write_text(CAMPAIGN)
    (campaign / "seeds.smi").write_text("CCO\nCCN\n")
    (campaign / "oracles/size.py").write_text(SIZE)
    (campaign / "oracles/length.py").write_text(LENGTH)
    return place


def test_a_run_of_a_moved_project_goes_on_as_if_it_had_stayed(tmp_path: Path, tiny_prior: Path) -> None:
    stayed, moved = project(tmp_path / "ann/stays", tiny_prior), project(tmp_path / "ann/screens", tiny_prior)
    for place in (stayed, moved):
        begun = chemmara("run", place / "campaign/campaign.toml", "--out", place / "runs/1")
        assert begun.exit_code == 0, begun.output
    (tmp_path / "ben").mkdir()
    moved = moved.rename(tmp_path / "ben/screens")  # another disk, another user; the rest of the path as before
    resumed = chemmara("resume", moved / "runs/1", "--budget", 40)
    assert resumed.exit_code == 0, resumed.output
    assert "changed" not in resumed.stderr
    again = chemmara("run", moved / "campaign/campaign.toml", "--out", moved / "runs/1", "--resume", "--budget", 48)
    assert again.exit_code == 0, again.output
    for budget in (40, 48):
        assert chemmara("resume", stayed / "runs/1", "--budget", budget).exit_code == 0
    calls = [list(Ledger.open(place / "runs/1/ledger.sqlite").calls()) for place in (stayed, moved)]
    assert (len(calls[0]), calls[0]) == (48, calls[1])


def test_another_oracle_in_the_new_place_is_named(tmp_path: Path, tiny_prior: Path) -> None:
    place = project(tmp_path / "here", tiny_prior)
    assert chemmara("run", place / "campaign/campaign.toml", "--out", place / "runs/1").exit_code == 0
    place = place.rename(tmp_path / "there")
    (place / "campaign/oracles/size.py").write_text(SIZE.replace("100", "200"))
    resumed = chemmara("resume", place / "runs/1", "--budget", 32)
    assert resumed.exit_code == 0, resumed.output
    assert "the files of 'size' have changed" in resumed.stderr


def test_a_copy_goes_on_with_its_own_files_and_outlives_the_original(tmp_path: Path, tiny_prior: Path) -> None:
    place = project(tmp_path / "ann/screens", tiny_prior)
    assert chemmara("run", place / "campaign/campaign.toml", "--out", place / "runs/1").exit_code == 0
    copy = tmp_path / "ben/screens"
    shutil.copytree(place, copy)
    words = ("run", copy / "campaign/campaign.toml", "--out", copy / "runs/1", "--resume", "--budget", 32)
    assert chemmara(*words).exit_code == 0
    (copy / "campaign/oracles/size.py").write_text(SIZE.replace("100", "200"))
    resumed = chemmara("resume", copy / "runs/1", "--budget", 40)
    assert "the files of 'size' have changed" in resumed.stderr
    shutil.rmtree(place)
    assert chemmara("resume", copy / "runs/1", "--budget", 48).exit_code == 0


@pytest.mark.parametrize(
    ("saved", "followed"),
    [
        # /ann/project/runs/1 became /ben/project/runs/one: what was under /ann is looked for under /ben
        ("{root}/ann/project/prior", "{root}/ben/project/prior"),
        ("{root}/ann/project/f.py:score", "{root}/ben/project/f.py:score"),
        ({"a": ["{root}/ann/project/prior", 3]}, {"a": ["{root}/ben/project/prior", 3]}),
        ("{root}/ann/copied", "{root}/ben/copied"),  # is in both places: the one beside the run counts
        ("{root}/ann/stayed", "{root}/ann/stayed"),  # is in its old place alone
        ("{root}/ann/project/gone", "{root}/ann/project/gone"),  # nowhere: the message names where it was
        ("{root}/annex", "{root}/annex"),  # another folder, whose name begins alike
        ("C:/ann/project/prior", "C:/ann/project/prior"),
        ("chembl-gru", "chembl-gru"),
    ],
)
def test_which_paths_follow(tmp_path: Path, saved: Any, followed: Any) -> None:
    (tmp_path / "ben/project/prior").mkdir(parents=True)
    (tmp_path / "ben/project/f.py").touch()
    (tmp_path / "ann/stayed").mkdir(parents=True)
    (tmp_path / "ann/copied").mkdir()
    (tmp_path / "ben/copied").mkdir()

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [filled(entry) for entry in value]
        return value.format(root=tmp_path) if isinstance(value, str) else value

    runs = tmp_path / "ann/project/runs/1", tmp_path / "ben/project/runs/one"
    assert follow(filled(saved), *runs) == filled(followed)
    assert follow(filled(saved), runs[0], runs[0]) == filled(saved)
