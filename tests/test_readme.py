"""The README: its commands run, in one folder and in order, and its set-up lines are the Makefile's."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from chemmara import assets
from tests.support.pages import run_page

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.slow
def test_every_command_of_the_tour_runs(tmp_path: Path) -> None:
    assert {"chembl-gru", "zinc250k-gru"} <= set(assets.priors())
    run_page("../README.md", tmp_path)
    assert (tmp_path / "runs" / "mine" / "report.html").exists()
    assert (tmp_path / "priors" / "mine" / "card.md").exists()


def test_the_python_example_prints_what_the_law_says() -> None:
    (example,) = blocks("python")
    ran = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True, cwd=ROOT)
    # the anchor is the second (-25): 0.8 + (-25 + 35) / 128 = 0.878
    assert ran.stdout.split() == ["[0.878125", "0.8", "0.2", "]"]


def test_the_setup_lines_are_the_makefiles() -> None:
    make = (ROOT / "Makefile").read_text()
    setup = "".join(blocks("console"))
    for target in ("quickstart", "test"):
        assert f"make {target}" in setup
        assert re.search(rf"^{target}: \$\(STAMP\)", make, flags=re.MULTILINE)
    assert "-c constraints.txt -e '.[dev]'" in setup
    assert "--constraint constraints.txt --editable '.[dev]'" in make
    assert "chemmara run quickstart --out runs/quickstart --workers 2" in setup
    assert "chemmara run quickstart --out runs/quickstart --workers 2 --resume" in make


def test_what_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {
        line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {re.split(r"[<>=\[]", name)[0].lower().replace("_", "-") for name in wanted}
    assert names - {"chemmara"} <= pins  # dev names its own extras
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
