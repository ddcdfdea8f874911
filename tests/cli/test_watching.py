"""`chemmara status` and `watch`, `run --log json`, `--report-every` and `--tensorboard`, on campaigns that go on."""

import io
import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from tests.support.processes import Started, start, wait_until

SLOW = "import time\n\n\ndef slow(molecules):\n    time.sleep(0.2)\n    return [0.5] * len(molecules)\n"
BROKEN = "def slow(molecules):\n    raise ValueError('the licence has run out')\n"


def chemmara(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def status(folder: Path) -> Any:
    """What `chemmara status --json` says; nothing where there is no run yet."""
    result = chemmara("status", folder, "--json")
    return json.loads(result.stdout) if result.exit_code == 0 else {"calls": 0}


def campaign_with(code: str, tmp_path: Path, campaign_file: Path) -> Path:
    """The small campaign with an oracle of one's own beside its two, and a budget that it never spends."""
    (tmp_path / "own.py").write_text(code)
    path = tmp_path / "own.toml"
    text = campaign_file.read_text().replace("budget = 150", "budget = 100000")
    own = f'oracle = "python"\ncall = "{tmp_path}/own.py:slow"\nhigh = 1\nlow = 0\n'
    path.write_text(f"{text}\n[[objective.component]]\n{own}")
    return path


@pytest.fixture
def running(tmp_path: Path, campaign_file: Path) -> Iterator[tuple[Path, Started]]:
    """A campaign that goes on and on in another process, some steps in; tmp_path/runs is a folder of one run."""
    folder = tmp_path / "runs" / "live"
    process = start("run", campaign_with(SLOW, tmp_path, campaign_file), "--out", folder)
    wait_until(lambda: status(folder)["calls"] > 30, process)
    yield folder, process
    process.kill()
    process.communicate()


@pytest.fixture
def ended(tmp_path: Path, campaign_file: Path) -> Path:
    """The folder of a finished run."""
    folder = tmp_path / "ended"
    assert chemmara("run", campaign_file, "--out", folder).exit_code == 0
    return folder


def test_a_run_in_another_process_is_running_and_then_killed_and_then_resumed_and_interrupted(
    running: tuple[Path, Started],
) -> None:
    folder, process = running
    first = status(folder)
    assert (first["state"], first["reason"], first["budget"]) == ("running", "", 100_000)
    assert first["holder"].startswith(f"{process.program} on ")
    assert first["calls_per_second"] > 0
    assert first["seconds_left"] == pytest.approx((100_000 - first["calls"]) / first["calls_per_second"])
    wait_until(lambda: status(folder)["step"] > first["step"], process)  # it goes on while it is looked at
    line = chemmara("status", folder).stdout
    assert len(line.splitlines()) == 1
    assert f"running ({process.program} on " in line
    assert " left" in line

    process.kill()
    process.communicate()
    killed = status(folder)
    assert (killed["state"], killed["holder"], killed["seconds_left"]) == ("interrupted", "", None)
    assert "it was killed" in killed["reason"]

    again = start("resume", folder)
    try:
        wait_until(lambda: status(folder)["calls"] > killed["calls"], again)
        assert status(folder)["holder"].startswith(f"{again.program} on ")
        again.send_signal(signal.SIGINT)
        _, err = again.communicate(timeout=120)
        assert again.returncode == 130, err
    finally:
        again.kill()
        again.communicate()
    saved = status(folder)
    assert (saved["state"], saved["reason"]) == ("interrupted", "")
    assert saved["calls"] > killed["calls"]


def test_what_status_counts_is_what_the_ledger_holds(ended: Path) -> None:
    found = status(ended)
    rows = sqlite3.connect(ended / "ledger.sqlite").execute("SELECT score FROM calls").fetchall()
    scores = sorted((score for (score,) in rows if score is not None), reverse=True)
    assert (found["state"], found["calls"], found["budget"]) == ("finished", 150, 150)
    assert found["hits"] == sum(score >= 0.5 for score in scores)
    assert found["best"] == scores[0]
    assert found["top10"] == pytest.approx(sum(scores[:10]) / 10)
    last = json.loads((ended / "metrics.jsonl").read_text().splitlines()[-1])
    assert (found["step"], found["mean_score"]) == (last["step"], last["mean_score"])


def test_a_run_whose_oracle_fails_has_failed_and_says_why(tmp_path: Path, campaign_file: Path) -> None:
    folder = tmp_path / "r"
    refused = chemmara("run", campaign_with(BROKEN, tmp_path, campaign_file), "--out", folder)
    assert refused.exit_code == 2
    found = status(folder)
    assert found["state"] == "failed"
    assert "the licence has run out" in found["reason"]
    assert "the licence has run out" in chemmara("status", folder).stdout


@pytest.mark.parametrize("command", ["status", "watch"])
@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_a_run_is_one_line_and_exit_code_2(command: str, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    if kind == "empty":
        folder.mkdir()
    if kind == "file":
        folder.write_text("CCO\n")
    refused = chemmara(command, folder)
    assert (refused.exit_code, refused.stdout, len(refused.stderr.splitlines())) == (2, "", 1)
    assert f"{folder}: neither a run's folder nor a folder of runs" in refused.stderr
    assert sorted(tmp_path.iterdir()) == ([] if kind == "missing" else [folder])  # nothing was made by looking


def test_watch_prints_a_line_whenever_a_run_has_changed_and_ends_with_it(
    running: tuple[Path, Started],
) -> None:
    folder, process = running
    watching = start("watch", folder.parent, "--every", 0.1)
    assert watching.stdout is not None
    lines = [watching.stdout.readline() for _ in range(3)]
    assert len(set(lines)) == 3  # not the same line twice
    assert all(line.startswith(f"{folder}: running ({process.program} on ") for line in lines)
    assert process.poll() is None
    process.kill()
    process.communicate()
    rest, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, "")
    assert rest.splitlines()[-1].startswith(f"{folder}: interrupted, ")


def test_watch_shows_a_table_on_a_terminal(ended: Path) -> None:
    from rich.console import Console

    from chemmara.records.status import RunReader
    from cli.watch import _table

    renamed = ended.rename(ended.with_name("[red]mine"))
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(_table([RunReader(renamed).read()]))
    shown = console.export_text()
    assert "[red]mine" in shown  # a name is text, whatever marks it holds
    assert "150/150" in shown
    assert "finished" in shown


def test_a_folder_of_runs_is_a_line_and_a_json_object_each(tmp_path: Path, campaign_file: Path) -> None:
    out = tmp_path / "c"
    command = ("compare", campaign_file, "--methods", "mara,vanilla", "--seeds", 1, "--budget", 40, "--out", out)
    rows = json.loads(chemmara(*command, "--json").stdout)
    assert [(row["method"], row["seed"], row["calls"]) for row in rows] == [("mara", 3, 40), ("vanilla", 3, 40)]
    found = status(out)
    assert [(Path(run["folder"]), run["state"]) for run in found] == [
        (out / "mara" / "3", "finished"), (out / "vanilla" / "3", "finished"),
    ]  # fmt: skip
    watched = chemmara("watch", out)
    assert watched.exit_code == 0
    assert watched.stdout == chemmara("status", out).stdout
    assert len(watched.stdout.splitlines()) == 2


def test_the_log_as_json_is_a_line_a_step_with_what_metrics_and_ledger_say(tmp_path: Path, campaign_file: Path) -> None:
    folder = tmp_path / "r"
    ran = chemmara("run", campaign_file, "--out", folder, "--log", "json", "--json")
    assert ran.exit_code == 0
    events = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [event["event"] for event in events if event["event"] != "step"] == ["start", "end"]
    steps = [event for event in events if event["event"] == "step"]
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(steps) == len(metrics)
    for step, line in zip(steps, metrics, strict=True):
        assert step | line == step  # every figure of metrics.jsonl is there
        assert step["budget"] == 150
    assert [step["hits"] for step in steps] == sorted(step["hits"] for step in steps)
    figures = json.loads(ran.stdout)
    assert (figures["calls"], figures["hits"]) == (150, steps[-1]["hits"])
    assert Path(figures["report"]).is_file()
    assert figures["ended"] == "the budget of 150 oracle calls is spent"


def rows(folder: Path) -> list[tuple[object, ...]]:
    return sqlite3.connect(folder / "ledger.sqlite").execute("SELECT * FROM calls ORDER BY call").fetchall()


def test_a_report_that_is_refreshed_changes_no_call(
    tmp_path: Path, campaign_file: Path, ended: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chemmara.campaign import results

    written: list[int] = []
    write = results.write_outputs

    def counted(folder: Path) -> results.Outputs:
        outputs = write(folder)
        written.append(int(outputs.figures["calls"]))
        assert (folder / "report.html").is_file()
        return outputs

    monkeypatch.setattr(results, "write_outputs", counted)
    folder = tmp_path / "r"
    assert chemmara("run", campaign_file, "--out", folder, "--report-every", 50).exit_code == 0
    assert len(written) in (3, 4)  # batches of 16: soon after 50 and after 100, perhaps at 150, and at the end
    assert 50 <= written[0] < 50 + 16
    assert 50 <= written[1] - written[0] < 50 + 16
    assert written[-1] == 150
    assert rows(folder) == rows(ended)


def test_a_report_that_cannot_be_written_now_ends_no_run(
    tmp_path: Path, campaign_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chemmara.campaign import results
    from chemmara.errors import ChemmaraError

    write, refused = results.write_outputs, []

    def write_later(folder: Path) -> results.Outputs:
        if not refused:
            refused.append(folder)
            raise ChemmaraError("hits.csv: cannot write there")
        return write(folder)

    monkeypatch.setattr(results, "write_outputs", write_later)
    ran = chemmara("run", campaign_file, "--out", tmp_path / "r", "--report-every", 50)
    assert ran.exit_code == 0
    assert "the report could not be written now, the run goes on: hits.csv: cannot write there" in ran.stderr
    assert len(rows(tmp_path / "r")) == 150


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_tensorboard_has_every_step_over_oracle_calls_and_going_on_takes_nothing_twice(
    tmp_path: Path, campaign_file: Path
) -> None:
    folder = tmp_path / "r"
    assert chemmara("run", campaign_file, "--out", folder, "--tensorboard", "--budget", 100).exit_code == 0
    assert chemmara("resume", folder, "--tensorboard", "--budget", 150).exit_code == 0
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    found = scalars(folder)
    assert [step for step, _ in found["run/hits"]] == [line["calls"] for line in metrics]
    assert [value for _, value in found["step/mean_score"]] == pytest.approx([line["mean_score"] for line in metrics])
    assert chemmara("run", campaign_file, "--out", folder, "--tensorboard", "--budget", 40, "--force").exit_code == 0
    assert scalars(folder)["run/calls"][-1] == (40, 40.0)  # the old run's curves are gone


def test_tensorboard_that_is_not_installed_is_one_line_before_anything_is_written(
    tmp_path: Path, campaign_file: Path, ended: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    before = rows(ended)
    for command in (
        ("run", campaign_file, "--out", tmp_path / "r"), ("run", campaign_file, "--out", ended, "--force"),
        ("resume", ended, "--budget", 200),
    ):  # fmt: skip
        refused = chemmara(*command, "--tensorboard")
        assert refused.exit_code == 2
        assert refused.stderr == "error: TensorBoard is not installed: pip install 'chemmara[tensorboard]'\n"
    assert not (tmp_path / "r").exists()
    assert rows(ended) == before
    assert chemmara("run", campaign_file, "--out", tmp_path / "r").exit_code == 0  # without it nothing is missing
