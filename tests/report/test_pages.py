"""Pages: whole, self-contained, and proof against what names and molecules may hold."""

import json
import math
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara.benchmark.statistics import comparison_table, difference_table
from chemmara.records.ledger import Call, Ledger
from chemmara.records.summary import summarise
from chemmara.report.figures import comparison_figure
from chemmara.report.hits import BEST, hits_on_the_page
from chemmara.report.page import run_page
from chemmara.report.side_by_side import RunRecord, side_by_side_page
from cli.main import app

EVIL = "<script>alert('x')</script>"
FORMULA = '=HYPERLINK("http://example.org")'


@pytest.fixture
def ledger(tmp_path: Path, drugs: dict[str, str]) -> Ledger:
    """Eight calls, six of them hits, and scripts and formulas wherever a text may stand."""
    ledger = Ledger.create(tmp_path / "ledger.sqlite")
    scores = [0.9, 0.85, math.nan, 0.95, 0.2, 0.9, 0.81, 0.99]
    ledger.append(
        [
            Call(i, 1, smiles, score, {EVIL: score, FORMULA: -score}, EVIL if math.isnan(score) else "")
            for i, (smiles, score) in enumerate(zip(drugs.values(), scores, strict=True), start=1)
        ]
    )
    ledger.append_step(1, 8, {"mean_score": 0.8, EVIL: 0.5})
    method = {"name": EVIL, "beta": 0.1}
    parts = [{"name": name, "oracle": "qed", "transform": None, "note": EVIL} for name in (EVIL, FORMULA)]
    objective = {"aggregation": "product", "component": parts}
    settings = {"prior": EVIL, "budget": 10, "hit_threshold": 0.8, "seed": 1, "method": method, "objective": objective}
    ledger.set("campaign", settings)
    ledger.set("versions", {"chemmara": EVIL})
    ledger.set("prior_sha256", "0" * 64)
    return ledger


def page_of(name: str, ledger: Ledger) -> str:
    settings, calls = ledger.get("campaign"), ledger.frame()
    summary = summarise(calls, settings["hit_threshold"], settings["budget"])
    extra = {"nearest known": EVIL, "in domain": True}
    return run_page(name, ledger, calls, summary, summary.hits.drop(columns="error").assign(**extra))


def side_by_side_of(name: str, ledger: Ledger) -> str:
    calls = ledger.frame()
    runs = [
        RunRecord(name, name, ledger.get("campaign"), part, summarise(part, 0.8, 10))
        for name, part in ((EVIL, calls), ("b", calls.head(4)))
    ]
    figures = pd.DataFrame([{"method": run.group, "seed": 1, **run.summary.figures} for run in runs])
    return side_by_side_page(name, runs, {"method": comparison_table(figures), "pair": difference_table(figures)})


class Tags(HTMLParser):
    """Collects tags, the addresses they name, and what stands in <script>."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "xlink:href", "action"}]
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


def check(page: str) -> dict[str, object]:
    """What holds for every page; the data that it embeds."""
    tags = Tags()
    tags.feed(page)
    (how, data), (own, script) = tags.scripts  # data that is not run, and our script: no other
    assert (how["type"], own) == ("application/json", {})
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    checksum = b64encode(sha256(script.encode()).digest()).decode()
    assert policy[1].startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{checksum}';")
    assert all(address.startswith("#") for address in tags.addresses)
    assert EVIL not in page
    assert not re.search(r"@import|url\((?!#)|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page)
    assert page.rstrip().endswith("</html>")
    return json.loads(data)


def test_a_runs_page_is_whole_and_safe(ledger: Ledger) -> None:
    page = page_of(EVIL, ledger)
    data = check(page)
    assert "&lt;script&gt;" in page
    assert re.search(r"<dt>hits</dt><dd><b>6</b>", page)
    hits = data["hits"]
    assert isinstance(hits, dict)
    columns = {column["key"]: column for column in hits["columns"]}
    assert [columns["score"]["values"][row] for row in (0, -1)] == [0.99, 0.81]
    assert columns[EVIL]["group"] == "component"
    assert columns["nearest known"]["values"] == [EVIL] * 6  # a column that the page does not know is shown, too
    assert columns["in domain"]["values"] == ["yes"] * 6
    assert columns["molecular_weight"]["values"][0] == 129.2  # metformin, C4H11N5


def test_a_run_without_calls_has_a_page(tmp_path: Path, ledger: Ledger) -> None:
    with Ledger.create(tmp_path / "empty.sqlite") as empty:
        for key in ("campaign", "versions", "prior_sha256"):
            empty.set(key, ledger.get(key))
        page = page_of("empty", empty)
    check(page)
    assert "No molecule has reached 0.8 yet" in page


def test_a_comparisons_page_is_whole_and_safe(ledger: Ledger) -> None:
    data = check(side_by_side_of(EVIL, ledger))
    hits = data["hits"]
    assert isinstance(hits, dict)
    found = next(column["values"] for column in hits["columns"] if column["key"] == "found by")
    # b has the first four calls, of which three are hits
    assert sorted(found) == [EVIL] * 3 + [f"{EVIL}, b"] * 3
    # best first: metformin, paracetamol, aspirin, diazepam, caffeine, nicotine
    assert data["own"] == [{"name": EVIL, "rows": [0, 3, 5]}, {"name": "b", "rows": []}]


def test_runs_side_by_side_count_shared_and_own_hits(ledger: Ledger) -> None:
    page = side_by_side_of("both", ledger)
    rows = re.findall(r'<th scope="row">[^<]*</th>((?:<td>[^<]*</td>)+)</tr>', page[page.index('id="shared"') :])
    cells = [re.findall("<td>([^<]*)</td>", row) for row in rows[:2]]
    # hits, own; scaffolds (aspirin, caffeine, paracetamol, diazepam, nicotine: metformin has none, which counts as one)
    assert [row[:2] for row in cells] == [["6", "3"], ["3", "0"]]
    assert [row[4:] for row in cells] == [["", "3"], ["3", ""]]


def test_a_method_with_many_changed_keys_leaves_room_for_the_curves(ledger: Ledger) -> None:
    name = "mara" + "".join(f"+replay.{key}=100" for key in ("capacity", "joined", "rows", "rounds"))
    figure = comparison_figure({name: [summarise(ledger.frame(), 0.8, 10).curves]}, 0.8)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().width < 0.75 * axes.get_window_extent().width


def test_a_run_of_more_than_10000_calls_shows_its_best_hits() -> None:
    hits = pd.DataFrame({"score": range(9_000)})
    assert len(hits_on_the_page(hits, 10_000)) == 9_000
    assert hits_on_the_page(hits, 10_001).equals(hits.head(BEST))


def test_report_of_several_runs_is_one_page_beside_the_first(tmp_path: Path, ledger: Ledger) -> None:
    folders = [tmp_path / "runs" / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "ledger.sqlite").write_bytes(_copied(ledger, folder))
    result = CliRunner().invoke(app, ["report", *map(str, folders)])
    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / "runs" / "side-by-side.html"))
    page = (tmp_path / "runs" / "side-by-side.html").read_text()
    check(page)
    assert '<th scope="col">first</th><th scope="col">second</th>' in page


def _copied(ledger: Ledger, folder: Path) -> bytes:
    """The ledger's file, whole."""
    ledger._connection.execute("VACUUM INTO ?", (str(folder / "copy"),))
    return (folder / "copy").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{run}", "--out", "x.html"], "--out: is for several runs"),
        (["{run}", "{run}"], "is given twice"),
        (["{run}", "{run}/none"], "none: no such folder"),
    ],
)
def test_mistakes_are_said_in_one_line(tmp_path: Path, arguments: list[str], words: str, ledger: Ledger) -> None:
    del ledger  # its file makes the folder a run's
    result = CliRunner().invoke(app, ["report", *(text.format(run=tmp_path) for text in arguments)])
    assert result.exit_code != 0
    assert words in result.output + str(result.exception)
