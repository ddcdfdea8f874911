"""`chemmara benchmark`: a small suite through the real program, killed and not."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from chemmara import assets
from chemmara.benchmark.suite import load_suite
from chemmara.benchmark.suite_figures import suite_figures
from chemmara.benchmark.suite_others import runs_made_elsewhere
from chemmara.benchmark.suite_runs import read_benchmark
from chemmara.benchmark.timing import ended
from chemmara.records.ledger import Ledger
from cli.main import app
from tests.support.processes import start, wait_until

METHODS = ("mara+batch_size=16", "reinvent+batch_size=16")
FILES = ("table.csv", "pairs.csv", "modes.csv")


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, tiny_prior: Path) -> Path:
    """Two tasks, 40 calls a run."""
    path = tmp_path_factory.mktemp("suites") / "tiny.toml"
    path.write_text(
        f"""
name = "tiny"
about = "Two small tasks"
prior = "{tiny_prior}"
budget = 40
seeds = 2
figures = ["auc_top10", "hits", "top100_intdiv", "ob100", "modes"]
sums = ["auc_top10"]
published = "pmo"

[[task]]
name = "qed"
objective = "qed"
hit_threshold = 0.3
references = {{ alkane = "CCCC", arene = "c1ccccc1" }}
similarity = 0.1

[[task]]
name = "polar"
hit_threshold = 0.5
references = {{ acid = "CC(=O)O" }}
[[task.objective.component]]
oracle = "tpsa"
transform = {{ kind = "ramp", worst = 0.0, best = 60.0 }}
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def whole(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the suite's benchmark, run without an interruption."""
    out = tmp_path_factory.mktemp("whole")
    result = chemmara("benchmark", suite, "--methods", ", ".join(METHODS), "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stdout == (out / "table.md").read_text()
    assert "320 of 320 calls · 8 of 8 runs ended" in result.stderr
    return out


def test_every_run_is_a_campaign_in_its_folder_and_the_tables_have_them_all(whole: Path) -> None:
    table = pd.read_csv(whole / "runs.csv")
    assert len(table) == 8
    for task, method, seed in zip(table["task"], table["method"], table["seed"], strict=True):
        assert (whole / task / method / str(seed) / "ledger.sqlite").exists()
    assert set(table["seed"]) == {1, 2}
    assert (table["seconds"] > 0).all()
    assert table["machine"].str.contains("CPU").all()
    assert list(table.columns)[3:8] == ["auc_top10", "hits", "top100_intdiv", "ob100", "modes"]
    means = table.groupby(["task", "method"])["auc_top10"].mean()
    long = pd.read_csv(whole / "table.csv").query("figure == 'auc_top10' and task != 'sum over the tasks'")
    for row in long.to_dict("records"):
        assert row["mean"] == pytest.approx(means[row["task"], row["method"]])
    text = (whole / "table.md").read_text()
    for words in (
        "2 tasks, 2 methods, 2 paired seeds; 40 oracle calls a run",
        "## Modes of qed",
        "## Wall time",
        "| sum over",
    ):
        assert words in text
    page = (whole / "benchmark.html").read_text()
    assert page.count("<table") == text.count("| --- |\n")
    # the four best molecules of each method on each task, drawn, the best first
    shown = re.findall(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="([^"]+)".*?<figcaption>([^<]+)<', page)
    assert len(shown) == 2 * 2 * 4
    with Ledger.open(whole / "qed" / METHODS[0] / "1" / "ledger.sqlite") as first:
        best = max(call.score for call in first.calls())
    assert float(shown[0][1]) >= round(best, 3)
    assert [score for _, score in shown[:4]] == sorted((score for _, score in shown[:4]), reverse=True)
    assert "://" not in page


@pytest.mark.slow
def test_a_benchmark_that_is_killed_ends_with_the_same_table(whole: Path, suite: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for least in (1, 3):  # runs that have ended before the kill: a few, since a run takes a second
        process = start("benchmark", suite, "--methods", ",".join(METHODS), "--out", out)
        wait_until(lambda least=least: over(out) >= least, process)
        process.kill()
        process.communicate()
        time.sleep(1)  # its children notice that it is gone
    assert over(out) < 8
    partial = chemmara("benchmark", "table", out)
    assert partial.exit_code == 0
    assert "Not finished, and left out:" in partial.stdout
    result = chemmara("benchmark", suite, "--methods", ",".join(METHODS), "--out", out)
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (out / name).read_text() == (whole / name).read_text()
    assert without_times(result.stdout) == without_times((whole / "table.md").read_text())


def over(out: Path) -> int:
    """Runs that have ended."""
    return sum(bool(ended(file.parent)) for file in out.glob("*/*/*/timing.json"))


def without_times(text: str) -> str:
    return text.partition("## Wall time")[0]


def test_what_has_ended_is_not_run_again_and_more_seeds_and_tasks_join(whole: Path, suite: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.glob("*/*/*/*")}
    result = chemmara(
        "benchmark", "run", suite, "--tasks", "qed", "--methods", METHODS[0], "--seeds", 1, "--out", whole
    )
    assert result.exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in whole.glob("*/*/*/*")} == before
    assert "2 tasks, 2 methods, 2 paired seeds" in result.stdout
    assert len(pd.read_csv(whole / "runs.csv")) == 8


def test_seeds_are_a_number_or_the_first_and_the_last(suite: Path, tmp_path: Path) -> None:
    only = ("benchmark", suite, "--tasks", "qed", "--methods", METHODS[0], "--out", tmp_path / "out")
    assert chemmara(*only, "--seeds", "2..3", "--budget", 8).exit_code == 0
    assert pd.read_csv(tmp_path / "out" / "runs.csv")["seed"].tolist() == [2, 3]
    for wrong in ("0", "3..2", "0..2", "..2", "2..", "1...2", "two", "-1", "\u0663"):
        result = chemmara(*only, f"--seeds={wrong}")
        assert result.exit_code == 2
        assert f"--seeds {wrong!r}: a number, as 5, or the first and the last seed, as 3..5" in result.stderr


def test_the_figures_do_not_depend_on_how_many_processes_read_the_runs(whole: Path) -> None:
    benchmark, read = read_benchmark(whole), list[int]()
    alone = suite_figures(benchmark, whole, workers=1)
    for path in whole.glob("*/*/*/figures.json"):
        path.unlink()
    together = suite_figures(benchmark, whole, read.append, 2)
    for a, b in zip((alone.runs, alone.best, alone.modes), (together.runs, together.best, together.modes), strict=True):
        pd.testing.assert_frame_equal(a, b)
    assert (alone.unfinished, alone.calls) == (together.unfinished, together.calls)
    assert read == [1] * len(alone.runs)


def test_published_figures_stand_beside_ours_and_what_differs_is_named(whole: Path) -> None:
    result = chemmara("benchmark", "table", whole, "--against", "published")
    assert result.exit_code == 0
    assert "## AUC top-10 beside published figures" in result.stdout
    assert "| 0.941 (0.000) * |" in result.stdout  # REINVENT on qed, at another budget
    assert "Not comparable: REINVENT, Graph GA, GP BO, LSTM HC, screening had 10000 calls, ours 40." in result.stdout
    assert "arXiv 2206.12411" in (whole / "benchmark.html").read_text()
    assert "published" not in chemmara("benchmark", "table", whole).stdout


def test_runs_made_elsewhere_join_the_tables_and_own_runs_come_first(whole: Path, tmp_path: Path) -> None:
    own = pd.read_csv(whole / "runs.csv")
    theirs = own[own["task"] == "qed"].drop_duplicates("seed").assign(method="theirs", hits=[7.0, 9.0])
    shared = own[(own["task"] == "polar") & (own["seed"] == 1)].assign(hits=999.0)  # runs that the folder has itself
    pd.concat([theirs, shared]).to_csv(tmp_path / "runs.csv", index=False)
    before = (whole / "runs.csv").read_bytes()
    result = chemmara("benchmark", "table", whole, "--with", tmp_path / "runs.csv")
    assert result.exit_code == 0, result.output
    long = pd.read_csv(whole / "table.csv").query("figure == 'hits' and task != 'sum over the tasks'")
    assert list(long["method"]) == [*METHODS, "theirs", *METHODS]
    # (7 + 9) / 2 = 8
    assert long.query("method == 'theirs'")["mean"].tolist() == [8.0]
    means = own.groupby(["task", "method"])["hits"].mean()
    for row in long.query("method != 'theirs'").to_dict("records"):
        assert row["mean"] == pytest.approx(means[row["task"], row["method"]])
    assert "With 2 runs of" in result.stdout
    assert f"| theirs - {METHODS[0]} |" in result.stdout
    assert (whole / "runs.csv").read_bytes() == before
    # a second file: a third seed of theirs, 20, and the first again, 99, which stays 7: (7 + 9 + 20) / 3 = 12
    third = theirs.assign(seed=[3, 1], hits=[20.0, 99.0])
    third.to_csv(tmp_path / "third.csv", index=False)
    both = chemmara("benchmark", "table", whole, "--with", tmp_path / "runs.csv", "--with", tmp_path / "third.csv")
    assert "With 3 runs of" in both.stdout
    long = pd.read_csv(whole / "table.csv").query("figure == 'hits' and method == 'theirs' and task == 'qed'")
    assert long["mean"].tolist() == [12.0]
    assert "theirs" not in chemmara("benchmark", "table", whole).stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": 50}, "its runs have budget 50, this benchmark's 40; they do not compare"),
        ({"prior": "another"}, "its runs have prior another, this benchmark's"),
        ({"task": "qde"}, "suite tiny has no task 'qde'; did you mean 'qed'?"),
        ({"hits": "<b>"}, "column 'hits' holds something that is not a number"),
        ({"hits": None}, "has no column 'hits'"),
    ],
)
def test_runs_of_something_else_are_refused(change: dict[str, object], words: str, whole: Path, tmp_path: Path) -> None:
    runs = pd.read_csv(whole / "runs.csv").assign(**change)
    runs = runs.drop(columns=[name for name, value in change.items() if value is None])
    runs.to_csv(tmp_path / "runs.csv", index=False)
    refused = chemmara("benchmark", "table", whole, "--with", tmp_path / "runs.csv")
    assert refused.exit_code == 2, refused.output
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert words in refused.stderr


def test_a_table_of_runs_that_is_not_there_is_refused_with_what_to_give(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    for wanted, words in (
        ("measured", "suite tiny: no runs of it are bundled"),
        (tmp_path / "none.csv", "no such file; give the runs.csv of another benchmark, or 'measured'"),
        (tmp_path, "cannot be read as the runs.csv of a benchmark"),
        (tmp_path / "empty.csv", "cannot be read as the runs.csv of a benchmark"),
    ):
        refused = chemmara("benchmark", "table", whole, "--with", wanted)
        assert refused.exit_code == 2, refused.output
        assert refused.stderr.count("\n") == 1, refused.stderr
        assert words in refused.stderr


def test_the_bundled_runs_are_of_the_suites_as_they_are() -> None:
    bundled = sorted((assets.DATA / "measured").glob("*.csv"))
    assert bundled
    for path in bundled:
        suite = load_suite(path.stem)
        runs = runs_made_elsewhere("measured", suite)
        assert len(runs) == len(pd.read_csv(path))
        assert np.isfinite(runs["seconds"]).all()


def test_the_bundled_suites_are_listed() -> None:
    result = chemmara("benchmark", "list")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "diverse-hits", "docking", "multi-mode", "pmo", "pmo-short", "six",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["", "run", "table", "list"])
def test_every_form_of_the_command_teaches_by_an_example(command: str) -> None:
    result = chemmara("benchmark", *command.split(), "--help")
    assert result.exit_code == 0
    assert "Example: chemmara benchmark" in " ".join(result.stdout.replace("│", " ").split())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("benchmark nope --out {tmp}/o", "no such suite"),
        ("benchmark pmos --out {tmp}/o", "did you mean 'pmo'?"),
        ("benchmark {suite} --methods mara,nope --out {tmp}/o", "no such method 'nope'"),
        ("benchmark {suite} --methods mara+bta=1 --out {tmp}/o", "did you mean 'beta'?"),
        ("benchmark {suite} --tasks qde --out {tmp}/o", "suite tiny: no such task 'qde'; did you mean 'qed'?"),
        ("benchmark {suite} --methods , --out {tmp}/o", "names no method"),
        ("benchmark {suite} --prior nope --out {tmp}/o", "no such prior"),
        ("benchmark {suite} --budget 0 --out {tmp}/o", "greater than 0"),
        ("benchmark six --tasks gsk3 --out {tmp}/o", "task gsk3 needs gsk3, which is not bundled: train it by"),
        ("benchmark six --tasks jnk3 --files {tmp} --out {tmp}/o", "task jnk3 needs jnk3, which is not in {tmp}"),
        ("benchmark docking --out {tmp}/o", "task f2 needs F2_target.pdbqt, which is not bundled: take"),
        ("benchmark --out {tmp}/o {suite} --device nope", "nope"),
        ("benchmark table {tmp}", "not a benchmark's folder (benchmark.json is missing)"),
        ("benchmark table {damaged}", "is not the benchmark.json of a benchmark, or damaged"),
        ("benchmark {suite} --methods mara --budget 41 --out {whole}", "was begun with another budget; choose"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_starts_nothing(
    command: str, words: str, suite: Path, whole: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "benchmark.json").write_text("[]")
    places = {"suite": suite, "tmp": tmp_path, "damaged": damaged, "whole": whole}
    result = chemmara(*(part.format(**places) for part in command.split()))
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    assert words.format(**places) in result.stderr
    assert not (tmp_path / "o").exists()


def test_a_suite_without_published_figures_says_so(whole: Path, tmp_path: Path) -> None:
    known = json.loads((whole / "benchmark.json").read_text())
    known["suite"]["published"] = None
    (tmp_path / "benchmark.json").write_text(json.dumps(known))
    refused = chemmara("benchmark", "table", tmp_path, "--against", "published")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: suite tiny: has no published figures; leave --against out\n",
    )
    empty = chemmara("benchmark", "table", tmp_path)
    assert (empty.exit_code, empty.stderr.count("\n")) == (2, 1)
    assert "no run has ended yet" in empty.stderr
