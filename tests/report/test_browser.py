"""The page in a browser: nothing fetched, no error, and every control does what it says, by keyboard too."""

import csv
import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem

from chemmara.campaign.results import write_outputs
from chemmara.molecules.chem import canonical_smiles
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra `browser`)")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")

ENDS = ("C", "OC", "N(C)C", "F", "Cl", "C(F)(F)F", "C#N", "[C@H](N)C(=O)O", "C(=O)NC", "/C=C/C", "C=CC", "[N+](=O)[O-]")
CORES = ("c1ccc({})cc1", "c1cc({})ccn1", "C1CCN(C(=O)C{})CC1", "c1csc({})n1", "O=c1cc({})cc[nH]1")
ODD = ("CC", "OCC(O)CO", "[2H]c1ccccc1", "C[Si](C)(C)c1ccccc1", "O=S(=O)(N)c1ccccc1", "C[C@@]12CCC[C@H]1CCC2=O")
SMILES = [canonical_smiles(text) or "" for text in [*(core.format(end) for core in CORES for end in ENDS), *ODD]]
LONG = "very long name " * 30
EVIL, FORMULA = "</script><script>document.title='owned'</script>\u202e\u00e9\u732b", "=1+cmd|' /C calc'!A1"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run with a hit for every molecule, two failed calls, and hostile texts."""
    folder = tmp_path_factory.mktemp("runs") / "a run"
    folder.mkdir()
    with Ledger.create(RunFolder(folder).ledger) as ledger:
        calls = [
            Call(i, i // 10, smiles, 0.5 + (37 * i % 60) / 121, {"size": float(i % 7), EVIL: -1.5 * i, LONG: 1.0}, "")
            for i, smiles in enumerate(SMILES, start=1)
        ]
        failed = [Call(len(calls) + i, 9, text, float("nan"), {}, EVIL) for i, text in ((1, FORMULA), (2, EVIL))]
        ledger.append([*calls, *failed])
        for step in range(1, 9):
            ledger.append_step(
                step, 10 * step, {"mean_score": step / 10, "valid": 0.9, "screen_active": 1.0, EVIL: 1.0}
            )
        transform = {"kind": "ramp", "worst": 0.0, "best": 7.0}
        parts = [
            {"name": name, "oracle": "tpsa", "role": "score", "weight": 1.0, "transform": transform}
            for name in ("size", EVIL, LONG)
        ]
        objective = {"aggregation": "product", "component": parts}
        method = {"name": EVIL}
        settings = {"prior": FORMULA, "budget": 100, "hit_threshold": 0.5, "seed": 1, "method": method}
        ledger.set("campaign", {**settings, "objective": objective})
        ledger.set("versions", {})
    return write_outputs(folder).page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    """The page, open; afterwards: nothing was fetched, and nothing went wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    opened, wrong, requests = context.new_page(), list[str](), list[str]()
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(page_file.as_uri())
    yield opened
    assert wrong == []
    assert {url for url in requests if not url.startswith("blob:")} == {page_file.as_uri()}
    context.close()


def shown(page: Any) -> list[str]:
    return page.locator("#grid .name").all_text_contents()


def count(page: Any) -> int:
    return int(page.locator("#count").text_content().split()[0].replace(",", ""))


def downloaded(page: Any, kind: str) -> str:
    with page.expect_download() as waiting:
        page.click(f"[data-download={kind}]")
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_hostile_texts_are_shown_as_texts(page: Any) -> None:
    assert page.title() == "a run: a chemmara run"
    assert page.evaluate("document.scripts.length") == 2
    assert page.locator("article.component h3").all_text_contents() == ["size", EVIL, LONG]
    page.click("text=All of them")
    assert page.locator("#failed details td code").all_text_contents() == [FORMULA, EVIL]


def test_the_best_come_first_and_the_order_can_be_turned(page: Any) -> None:
    scores = [float(text) for text in page.locator("#grid .score").all_text_contents()]
    assert scores == sorted(scores, reverse=True)
    page.click("#direction")
    scores = [float(text) for text in page.locator("#grid .score").all_text_contents()]
    assert scores == sorted(scores)
    page.select_option("#sort", "call")
    assert shown(page)[:3] == ["call-1", "call-2", "call-3"]


def test_search_finds_names_smiles_scaffolds_and_functional_groups(page: Any) -> None:
    for words, expected in (
        ("call-17", 1),
        ("C(F)(F)F", sum("C(F)(F)F" in smiles for smiles in SMILES)),
        ("nitrile", 5),
        ("NITRILE c1ccccc1", 1),
        ("c1cscn1", 12),  # the scaffold of a core
        ("no such thing", 0),
    ):
        page.fill("#search", words)
        assert (words, count(page)) == (words, expected)
    page.click("text=Clear them")
    assert count(page) == len(SMILES)


def test_filters_keep_what_lies_between(page: Any) -> None:
    page.click("summary:has-text('Components')")
    page.fill("[data-filter=size] >> nth=0", "2")
    page.fill("[data-filter=size] >> nth=1", "3")
    assert count(page) == sum(i % 7 in {2, 3} for i in range(1, len(SMILES) + 1))
    page.click("summary:has-text('Properties')")
    page.fill("[data-filter=molecular_weight] >> nth=1", "150")
    light = [i for i, smiles in enumerate(SMILES, 1) if i % 7 in {2, 3} and weight(smiles) <= 150]
    assert {f"call-{i}" for i in light} == set(shown(page))
    assert page.locator("#active-filters").text_content() == "(2 in use)"
    page.click("text=Clear search and filters")
    page.click("summary:has-text('Functional groups')")
    page.click(".chip:has-text('nitro')")
    assert count(page) == 5
    page.click("summary:has-text('Ring systems')")
    page.locator(".rings .chip").first.click()
    assert count(page) < 5


def weight(smiles: str) -> float:
    from rdkit.Chem.Descriptors import MolWt

    return MolWt(Chem.MolFromSmiles(smiles))  # noqa: TID251 - valid, and another reader than ours


def test_a_series_shows_its_molecules(page: Any) -> None:
    first = page.locator("#series-grid .card").first
    number = int(first.locator("b").text_content().split()[0])
    first.locator("button").click()
    assert count(page) == number > 1


def test_a_selection_is_taken_along_as_smiles_csv_and_sdf(page: Any) -> None:
    page.select_option("#sort", "call")
    for row in (1, 8, 10):  # call-2, call-9, call-11
        page.locator("#grid [data-select]").nth(row).check()
    assert page.locator("#take-words").text_content() == "Take the 3 selected:"
    assert downloaded(page, "smi") == "".join(f"{SMILES[i - 1]} call-{i}\n" for i in (2, 9, 11))
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "csv"))))
    assert [(row["name"], row["smiles"], row["size"]) for row in rows] == [
        (f"call-{i}", SMILES[i - 1], str(i % 7)) for i in (2, 9, 11)
    ]
    assert rows[0][EVIL] == "-3"  # a number is no formula
    page.click("#clear-selection")
    assert page.locator("#take-words").text_content() == f"Take all {len(SMILES)} shown:"


def test_every_molecule_comes_back_from_the_sdf(page: Any) -> None:
    """Stereo centres, double bonds with and without stereo, charges, isotopes: RDKit reads the same molecule."""
    page.select_option("#sort", "call")
    reader = Chem.SDMolSupplier()
    reader.SetData(downloaded(page, "sdf"))
    molecules = list(reader)
    assert [Chem.MolToSmiles(molecule) for molecule in molecules] == SMILES
    assert molecules[4].GetProp("_Name") == "call-5"
    assert float(molecules[4].GetProp("size")) == 5
    assert all(molecule.GetConformer().GetPositions()[:, :2].any() for molecule in molecules)


def test_what_looks_like_a_formula_is_text_in_a_spreadsheet(page: Any) -> None:
    """The cells of asFile are made by `cell`: here as the page has it, on texts that no spreadsheet may run."""
    source = next(part for part in page.locator("script").all_text_contents() if "function cell(" in part)
    cell = source[source.index("function cell(") :]
    cell = cell[: cell.index("\n}\n") + 2]
    texts = json.dumps([FORMULA, "+1", "-a", "@x", "a,b", 'q"q', "-1"])
    made = page.evaluate(f"(() => {{ {cell} return [...{texts}.map(cell), cell(-1), cell(null)]; }})()")
    assert made == [f'"\'{FORMULA}"', '"\'+1"', '"\'-a"', '"\'@x"', '"a,b"', '"q""q"', '"\'-1"', "-1", ""]


def test_the_shortlist_stays_when_the_page_is_opened_again(page: Any) -> None:
    page.locator("#grid [data-star]").nth(2).click()
    name = shown(page)[2]
    page.reload()
    page.select_option("#only", "shortlist")
    assert shown(page) == [name]
    page.click("#select-shortlist")
    assert page.locator("#take-words").text_content() == "Take the 1 selected:"


def test_smiles_are_copied(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.fill("#search", "call-17")
    page.click("#copy")
    page.wait_for_function("document.getElementById('count').textContent === '1 SMILES copied'")
    assert page.evaluate("navigator.clipboard.readText()") == SMILES[16]


def test_everything_works_by_keyboard(page: Any) -> None:
    keys = page.keyboard
    keys.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    keys.type("nitrile")
    assert count(page) == 5
    for _ in range(40):
        keys.press("Tab")
        if page.evaluate("document.activeElement.className") == "picture":
            break
    keys.press("Enter")
    first = page.locator("dialog h2").text_content()
    assert first == shown(page)[0]
    keys.press("ArrowRight")
    keys.press("x")
    keys.press("s")
    assert page.locator("dialog h2").text_content() == shown(page)[1]
    keys.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.locator("#take-words").text_content() == "Take the 1 selected:"
    assert page.locator("#grid [data-star]").nth(1).get_attribute("aria-pressed") == "true"
    page.focus("#as-table")
    keys.press("Enter")
    page.focus("#table [data-sort=size]")
    keys.press("Enter")
    values = page.locator("#table tbody tr td:nth-child(8)").all_text_contents()
    assert page.locator("#table [aria-sort]").get_attribute("aria-sort") == "descending"
    assert page.evaluate("document.activeElement.dataset.sort") == "size"
    assert len(values) == 5
    page.focus("#map")
    keys.press("ArrowRight")
    keys.press("ArrowLeft")
    assert page.locator("#map-card .card").count() == 1
    page.focus("#overview .chart svg >> nth=0")
    keys.press("Home")
    assert page.locator("#overview .readout").first.text_content().startswith("call 0: hits 0")


def test_dark_print_and_narrow_pages_are_readable(page: Any) -> None:
    ink, paper = (f"getComputedStyle(document.body).{key}" for key in ("color", "backgroundColor"))
    page.emulate_media(color_scheme="dark")
    assert (page.evaluate(ink), page.evaluate(paper)) == ("rgb(231, 235, 238)", "rgb(20, 24, 27)")
    page.emulate_media(media="print", color_scheme="dark")
    assert (page.evaluate(ink), page.evaluate(paper)) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    assert not page.locator("nav").is_visible()
    assert page.locator("#grid .card").first.is_visible()
    assert len(page.pdf(format="A4")) > 10_000
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 400  # nothing sticks out
    page.click("#as-table")
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.locator("#table .picture").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_what_screening_chose_has_its_place(page: Any) -> None:
    assert page.locator("[data-charts=screening] figcaption b").all_text_contents() == ["Screening at work"]
    assert page.locator("[data-heading=screening]").is_visible()


@pytest.mark.slow
def test_a_run_of_10000_calls_is_below_10_mb_and_usable_within_3_seconds(
    browser: Any, page_file: Path, tmp_path: Path
) -> None:
    """The embedded hits of the small page, repeated to 10,000: what the browser has to read is what counts here."""
    text = page_file.read_text(encoding="utf-8")
    before, rest = text.split('<script type="application/json" id="data">')
    embedded, after = rest.split("</script>", 1)
    data = json.loads(embedded)
    hits = data["hits"]
    rows = [i % len(SMILES) for i in range(10_000)]
    for key in ("smiles", "drawings", "seriesOf"):
        hits[key] = [hits[key][row] for row in rows]
    hits["names"] = [f"call-{i}" for i in range(10_000)]
    hits["map"] = [[i % 1000, i // 10] for i in range(2_000)]
    for column in hits["columns"]:
        column["values"] = [column["values"][row] for row in rows]
    big = tmp_path / "big.html"
    words = json.dumps(data).replace("<", "\\u003c")
    big.write_text(f'{before}<script type="application/json" id="data">{words}</script>{after}', encoding="utf-8")
    assert big.stat().st_size < 10_000_000
    opened = browser.new_page()
    opened.goto("about:blank")
    began = time.monotonic()
    opened.goto(big.as_uri())
    assert count(opened) == 10_000
    opened.fill("#search", "nitrile")
    assert 0 < count(opened) < 10_000
    assert time.monotonic() - began < 3
    opened.close()
