"""What a benchmark says while it runs."""

from dataclasses import replace

import pytest

from chemmara.records.tally import Standing
from cli.progress import benchmark_progress, comparison_progress

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
