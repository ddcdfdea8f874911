"""Pages: whole, self-contained, and proof against what names and molecules may hold."""

import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from chemmara.benchmark.statistics import comparison_table, difference_table
from chemmara.records.ledger import Call, Ledger
from chemmara.records.summary import summarise
from chemmara.report.figures import comparison_figure
from chemmara.report.page import comparison_page, run_page

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def ledger(tmp_path: Path, drugs: dict[str, str]) -> Ledger:
    ledger = Ledger.create(tmp_path / "ledger.sqlite")
    scores = [0.9, 0.85, math.nan, 0.95, 0.2, 0.9, 0.81, 0.99]
    ledger.append(
        [
            Call(i, 1, smiles, score, {EVIL: score}, EVIL if math.isnan(score) else "")
            for i, (smiles, score) in enumerate(zip(drugs.values(), scores, strict=True), start=1)
        ]
    )
    method = {"name": EVIL, "beta": 0.1}
    objective = {"aggregation": "product", "component": [{"name": EVIL, "oracle": "qed"}]}
    settings = {"prior": EVIL, "budget": 10, "hit_threshold": 0.8, "seed": 1, "method": method, "objective": objective}
    ledger.set("campaign", settings)
    ledger.set("versions", {"chemmara": EVIL})
    ledger.set("prior_sha256", "0" * 64)
    return ledger


def page_of(name: str, ledger: Ledger) -> str:
    settings, calls = ledger.get("campaign"), ledger.frame()
    summary = summarise(calls, settings["hit_threshold"], settings["budget"])
    return run_page(name, ledger, calls, summary, np.ones(len(summary.hits)))


class Tags(HTMLParser):
    """Collects tags and the addresses they name."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "action"}]


def check(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags
    assert all(address.startswith("#") for address in tags.addresses)  # a drawing's own parts, nothing else
    assert EVIL not in page
    assert not re.search(r"@import|url\((?!#)", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert "Content-Security-Policy" in page
    assert page.rstrip().endswith("</html>")
    assert len(ids) > 10


def test_a_runs_page_is_whole_and_safe(ledger: Ledger) -> None:
    page = page_of(EVIL, ledger)
    check(page)
    assert "&lt;script&gt;" in page
    assert (
        page.count('class="card"')
        == len({"aspirin", "caffeine", "paracetamol", "diazepam", "nicotine", "metformin"}) - 1
    )
    assert "<b>6</b><span>hits</span>" in page


def test_a_run_without_calls_has_a_page(tmp_path: Path, ledger: Ledger) -> None:
    with Ledger.create(tmp_path / "empty.sqlite") as empty:
        for key in ("campaign", "versions", "prior_sha256"):
            empty.set(key, ledger.get(key))
        assert "No molecule has reached 0.8 yet" in page_of("empty", empty)


def test_a_comparisons_page_is_whole_and_safe(ledger: Ledger) -> None:
    import pandas as pd

    summary = summarise(ledger.frame(), 0.8, 10)
    figures = pd.DataFrame([{"method": EVIL, "seed": 1, **summary.figures}])
    figure = comparison_figure({EVIL: [summary.curves, summary.curves], "b": [summary.curves]}, 0.8)
    check(comparison_page(EVIL, figure, comparison_table(figures), difference_table(figures), 0.8, 10, seeds=2))


def test_a_method_with_many_changed_keys_leaves_room_for_the_curves(ledger: Ledger) -> None:
    name = "mara" + "".join(f"+replay.{key}=100" for key in ("capacity", "joined", "rows", "rounds"))
    figure = comparison_figure({name: [summarise(ledger.frame(), 0.8, 10).curves]}, 0.8)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().width < 0.75 * axes.get_window_extent().width


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser is installed here")
def test_a_browser_shows_the_page(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "page.html").write_text(page_of("run", ledger))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    dom = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={tmp_path}/profile", "--dump-dom", f"file://{tmp_path}/page.html"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert "Best hit of each scaffold" in dom
    assert dom.count("<svg") == 6  # the course, and the best hit of five scaffolds
