"""The package: its list is the disk's, its version is one, and nothing in it unpickles."""

import re
import tomllib
from pathlib import Path

import pytest

import chemmara
from chemmara import assets
from chemmara.language_model.checkpoint import load_prior

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_list_of_packages_is_the_disks() -> None:
    inside = {str(p.parent.relative_to(ROOT)).replace("/", ".") for p in (ROOT / "chemmara").rglob("__init__.py")}
    beside = {f"chemmara.{name}" for name in ("cli", "data", "models") if (ROOT / name / "__init__.py").exists()}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == inside | beside


def test_there_is_one_version() -> None:
    version = PROJECT["project"]["version"]
    assert chemmara.__version__ == version
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_bundled_priors_load_and_have_their_cards() -> None:
    for name in assets.priors():
        prior = load_prior(name)
        assert prior.name == name
        assert "validity" in (assets.MODELS / name / "card.md").read_text()


def test_bundled_campaigns_can_be_loaded() -> None:
    from chemmara.campaign.settings import load_campaign

    assert "quickstart" in assets.campaigns()
    for name in assets.campaigns():
        assert load_campaign(name).budget > 0


def test_a_folder_called_like_a_campaign_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").mkdir()
    assert assets.campaign_file("quickstart") == assets.DATA / "campaigns" / "quickstart.toml"


def test_nothing_is_unpickled() -> None:
    for folder in ("chemmara", "cli", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not re.search(
                r"import pickle|pickle\.load|torch\.load|joblib\.load|allow_pickle", path.read_text()
            ), path


def test_every_file_fits_its_size() -> None:
    """A file that outgrows 250 lines holds two things."""
    for folder in ("chemmara", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 250, path
