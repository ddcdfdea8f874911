"""The documentation: nothing left to fill in, links that lead somewhere, and code that is where a page says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*/card.md")])
NAMED = re.compile(r"`((?:\w+/)*\w+\.py)`(?:, `(?:\w+\.)?(\w+)(?:\(.*?\))?`)?")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_whole_and_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    unfilled = re.sub(r"\[[A-Z][a-z]?@@H?\+?\]", "", text)  # tokens of stereo centres aside
    assert "@@" not in unfilled, "a place that was to be filled in"
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)  # SMILES look like links
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", prose):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_code_that_a_page_names_is_there(page: Path) -> None:
    for file, name in NAMED.findall(page.read_text(encoding="utf-8")):
        places = [ROOT / file, ROOT / "chemmara" / file, page.parent / file]
        found = [place for place in places if place.is_file()]
        assert found, file
        assert not name or re.search(rf"\b{name}", found[0].read_text(encoding="utf-8")), f"{file}: {name}"
