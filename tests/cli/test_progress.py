"""What long work says of itself where no terminal shows a bar."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

import cli.progress
from chemmara.records.tally import Standing
from cli.progress import benchmark_progress, bytes_counter, comparison_progress, counter, waiting

NOW = Standing(3, 12, 40, 5, 2, 1, 0.9, 0.8)
WHY = "no new molecule in 200 steps: the policy repeats itself"


def test_a_run_that_ends_early_has_ended_and_leaves_no_calls_to_come(capsys: pytest.CaptureFixture[str]) -> None:
    with benchmark_progress(runs=3, over=1, budget=40) as tell:
        tell("qed, ahc", 1, NOW)
        tell("qed, ahc", 1, replace(NOW, ended=WHY))
        tell("qed, mara", 1, replace(NOW, calls=40, ended="the budget is spent"))
    said = capsys.readouterr().err.splitlines()
    # one run had ended before (40 calls); then 12 are done; then 40 of the run that will make no more; then 40
    assert said[0] == "52 of 120 calls · 1 of 3 runs ended · qed, ahc, seed 1: 12 calls, 5 hits"
    assert said[1] == f"80 of 120 calls · 2 of 3 runs ended · qed, ahc, seed 1: 12 calls, 5 hits ({WHY})"
    assert said[2] == "120 of 120 calls · 3 of 3 runs ended · qed, mara, seed 1: 40 calls, 5 hits"


def test_a_comparison_says_why_a_run_ended_early(capsys: pytest.CaptureFixture[str]) -> None:
    with comparison_progress() as tell:
        tell("ahc", 1, NOW)
        tell("ahc", 1, replace(NOW, ended=WHY))
    assert capsys.readouterr().err.splitlines()[-1] == f"ahc, seed 1: 12 of 40 calls, 5 hits, 2 scaffolds ({WHY})"


def test_a_long_count_says_once_a_minute_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(cli.progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with counter("scoring", 9000) as tell, counter("reading") as read, bytes_counter("zinc") as fetched:
        for seconds in (30, 31, 3, 60):
            now[0] += seconds
            tell(100)
            read(1)
            fetched(1_500_000, 3_000_000)
    # After 30 s nothing; after 61 s, 2 x 100 of 9,000, 3.28 a second; not 3 s later; after 124 s, 4 x 100.
    assert capsys.readouterr().err.splitlines() == [
        "scoring: 200 of 9000 · 3.28 a second", "reading: 2 · 30.5 s each", "zinc: 1.5 of 3.0 MB",
        "scoring: 400 of 9000 · 3.23 a second", "reading: 4 · 31 s each", "zinc: 1.5 of 3.0 MB",
    ]  # fmt: skip


def test_what_cannot_tell_how_far_it_is_says_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.progress, "_SECONDS_BETWEEN_LINES", 0.05)
    with waiting("picking"):
        time.sleep(0.4)
    said = capsys.readouterr().err
    time.sleep(0.2)
    assert said.startswith("picking: 0 s so far\n")
    assert capsys.readouterr().err == ""  # nothing once it has ended
