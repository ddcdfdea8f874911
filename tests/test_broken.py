"""benchmarks/broken.py: what it breaks is there to be broken."""

from pathlib import Path

import pytest

from benchmarks.broken import BREAKS, Break

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.law)
def test_every_break_changes_a_line_that_the_code_has_and_names_a_test(broken: Break) -> None:
    assert broken.right in (ROOT / broken.file).read_text(encoding="utf-8")
    assert broken.wrong != broken.right
    assert (ROOT / broken.test.partition("::")[0]).is_file()
