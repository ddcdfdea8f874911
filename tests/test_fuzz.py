"""The fuzz of the readers in small; benchmarks/fuzz.py runs it in full."""

from pathlib import Path

import pytest


def test_files_and_settings_made_at_random_are_read_right_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import fuzz  # type: ignore[import-not-found]

    tally = fuzz.fuzz(files=60, toml=40, seed=0)
    assert tally.failures == []
    assert sum(tally.kinds.values()) == 100
    assert tally.codes["score read: exit code 0"] > 30
