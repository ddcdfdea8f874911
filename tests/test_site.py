"""The documentation as a site: built strictly, whole, and without a request to anywhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chemmara.campaign.settings import CampaignConfig
from chemmara.scoring.components.table import component_table

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, (
        ran.stderr
    )  # strict: a broken link or anchor, or a page without a place in the navigation
    return folder


class Loaded(HTMLParser):
    """Addresses that a browser loads by itself when it opens a page, and those that a reader may follow."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"script", "img", "iframe", "source"}:
            self.loads += [values[name] for name in ("src",) if name in values]
        elif tag == "link" and values.get("rel") not in {"canonical", "next", "prev"}:
            self.loads.append(values.get("href", ""))
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])


def test_every_page_of_docs_is_in_the_site(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / (name.with_name("index.html") if name.stem == "README" else name)).is_file(), name


def test_no_page_loads_anything_from_elsewhere_and_links_inside_lead_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        read = Loaded(page.read_text(encoding="utf-8"))
        for address in read.loads:
            assert not re.match(r"(\w+:)?//", address), f"{page.name}: {address}"
        if page.name == "404.html":  # its links begin at the site's root
            continue
        for address in (*read.loads, *read.links):
            place = address.split("#")[0].split("?")[0]
            if place and not re.match(r"\w+:", place):
                assert (page.parent / place).exists(), f"{page.name}: {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_the_reference_has_every_setting_oracle_and_command(site: Path) -> None:
    settings, oracles, commands = (
        (site / "reference" / f"{name}.html").read_text(encoding="utf-8") for name in ("settings", "oracles", "cli")
    )
    for key in (*CampaignConfig.model_fields, "batch_size", "candidates", "bucket", "aggregation", "seed_scores"):
        assert f"<td><code>{key}</code></td>" in settings, key
    assert re.search(r"<td><code>budget</code></td>\s*<td>[^<]*</td>\s*<td>5000</td>", settings)
    for row in component_table():
        assert row.oracle in oracles, row.oracle
    for command in ("chemmara run", "chemmara import reinvent", "chemmara qsar train", "chemmara oracle list"):
        assert f">{command}<" in commands, command
