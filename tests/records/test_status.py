"""A run's status, read from its folder: what is counted, and that a ledger is read whole while it is written."""

import fcntl
import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Call, Ledger
from chemmara.records.run_folder import RunFolder
from chemmara.records.session import Session, last_session, recorded_session
from chemmara.records.snapshot import ledger_snapshot
from chemmara.records.status import RunReader, RunStatus, _rate, _state, last_metrics, run_folders
from chemmara.records.tally import Standing
from chemmara.system.locking import only_writer, writer_of

ROOT = Path(__file__).parents[2]
SMILES = ("CCO", "c1ccccc1C", "C1CCCCC1C", "CCN")


def made(folder: Path, scores: tuple[float, ...] = (0.2, 0.9, 0.8, math.nan), budget: int = 8) -> Path:
    """A run's folder as a killed process leaves it: four calls, one step."""
    folder.mkdir()
    (folder / "campaign.json").write_text(json.dumps({"campaign": {"hit_threshold": 0.5, "budget": budget}}))
    with Ledger.create(folder / "ledger.sqlite") as ledger:
        ledger.append([Call(i, 1, smiles, score, {}, "") for i, (smiles, score) in enumerate(zip(SMILES, scores), 1)])  # noqa: B905
    (folder / "metrics.jsonl").write_text('{"step": 1, "calls": 4, "mean_score": 0.5}\n{"step": 2, "ca')
    return folder


def test_a_status_counts_calls_hits_and_scores(tmp_path: Path) -> None:
    # Of scores .2, .9, .8 and none, two are hits from .5 on, with the scaffolds benzene and cyclohexane; the mean of
    # the ten best, of which there are three, is (.2 + .9 + .8) / 3 = .6333. The second line of metrics.jsonl is torn.
    run = RunReader(made(tmp_path / "a")).read()
    now = run.standing
    assert (now.calls, now.budget, now.step, now.hits, now.scaffolds, now.best) == (4, 8, 1, 2, 2, 0.9)
    assert now.top10 == pytest.approx(1.9 / 3)
    assert (run.mean_score, run.state, run.holder) == (0.5, "interrupted", "")


def test_the_rate_is_of_this_session_and_the_time_left_follows_from_it() -> None:
    # 30 calls since the run was resumed, in 10 seconds: 3 a second; the 30 that are left take 10 seconds.
    session = Session(1, "host", began=100.0, calls=20)
    assert _rate(session, 50, 110.0) == 3.0
    standing = Standing(5, 50, 80, 0, 0, 0, 0.0, 0.0)
    run = RunStatus(Path("r"), "running", "", "1 on host", standing, 0.5, 3.0, 110.0)
    assert run.seconds_left == 10.0
    ended = RunStatus(Path("r"), "interrupted", "", "", standing, 0.5, 3.0, 110.0)
    assert math.isnan(ended.seconds_left)
    assert math.isnan(_rate(session, 20, 110.0))  # nothing new yet
    assert math.isnan(_rate(session, 50, None))
    assert math.isnan(_rate(None, 50, 110.0))


@given(st.integers(0, 50), st.integers(1, 50), st.floats(1, 1e6), st.floats(0.1, 1e6))
def test_whatever_was_done_before_a_session_does_not_change_its_rate(
    before: int, calls: int, began: float, seconds: float
) -> None:
    first = _rate(Session(1, "h", began, 0), calls, began + seconds)
    assert _rate(Session(1, "h", began, before), before + calls, began + seconds) == first


@pytest.mark.parametrize(
    ("holder", "recorded", "spent", "state", "words"),
    [
        ("7 on h", "interrupted", False, "running", ""),  # resumed, and not yet at its first step
        ("7 on h", None, False, "running", ""),
        ("", "running", False, "interrupted", "killed"),
        ("", "finished", True, "finished", ""),
        ("", "interrupted", False, "interrupted", ""),
        ("", "failed", False, "failed", "why"),
        ("", None, True, "finished", ""),
        ("", None, False, "interrupted", ""),
        (None, "running", False, "running", "no locks"),
        (None, "failed", False, "failed", "why"),
    ],
)
def test_what_lock_and_ledger_say_together(holder, recorded, spent, state, words) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    session = None if recorded is None else Session(7, "h", 0.0, 0, recorded, "why" if recorded == "failed" else "")
    found, reason = _state(holder, session, spent=spent)
    assert found == state
    assert words in reason
    assert bool(words) == bool(reason)


def test_the_lock_can_be_asked_without_taking_it(tmp_path: Path) -> None:
    assert writer_of(tmp_path) == ""
    assert not list(tmp_path.iterdir())  # asking leaves nothing behind
    code = "import sys; from pathlib import Path; from chemmara.system.locking import writer_of\n"
    code += "print(writer_of(Path(sys.argv[1])))"
    with only_writer(tmp_path):
        ran = subprocess.run(
            [sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert " on " in ran.stdout
        with pytest.raises(ChemmaraError), only_writer(tmp_path):
            pass
    assert writer_of(tmp_path) == ""
    with only_writer(tmp_path):
        pass


def test_a_look_at_a_free_lock_refuses_no_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with only_writer(tmp_path):
        pass
    look = (tmp_path / ".lock").open("rb")
    fcntl.flock(look, fcntl.LOCK_SH)  # as writer_of does, caught in the act
    monkeypatch.setattr(time, "sleep", lambda _: look.close())  # it is over before the second try
    with only_writer(tmp_path):
        assert look.closed


def test_a_session_says_how_it_ended(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "l.sqlite") as ledger:
        assert last_session(ledger) is None
        with recorded_session(ledger):
            during = last_session(ledger)
        assert during is not None
        assert (during.state, during.ended) == ("running", None)
        last = last_session(ledger)
        assert last is not None
        assert (last.state, last.reason, last.began) == ("finished", "", during.began)
        for error, state, reason in (
            (KeyboardInterrupt(), "interrupted", ""), (ChemmaraError("no oracle"), "failed", "no oracle"),
            (ValueError("a bug"), "failed", "ValueError: a bug"),
        ):  # fmt: skip
            with pytest.raises(type(error)), recorded_session(ledger):
                raise error
            last = last_session(ledger)
            assert last is not None
            assert (last.state, last.reason) == (state, reason)
            assert last.ended is not None


WRITER = """
import sys
import time
from pathlib import Path
from chemmara.records.ledger import Call, Ledger
ledger = Ledger.create(Path(sys.argv[1]))
ledger._connection.execute("PRAGMA wal_autocheckpoint = 3")  # the log is begun anew all the time
print("ready", flush=True)
for call in range(1, 100_000):
    ledger.append([Call(call, call, f"C{call}" + "N" * 300, 0.5, {"a": 1.0}, "")])
    time.sleep(0.002)
"""


def test_a_ledger_is_read_whole_while_another_process_writes_in_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        last, end = 0, time.monotonic() + 8
        for _ in range(300):
            with ledger_snapshot(path) as ledger:
                assert ledger is not None
                (sound,) = ledger._connection.execute("PRAGMA integrity_check").fetchone()
                numbers = [call.call for call in ledger.calls()]
            assert sound == "ok"
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= last  # what was seen once does not go away
            last = len(numbers)
            if time.monotonic() > end and last:
                break
        assert last > 10
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


def test_a_log_that_is_begun_anew_between_the_two_copies_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, copied = tmp_path / "ledger.sqlite", []
    copyfile = shutil.copyfile

    def call(number: int) -> Call:
        return Call(number, 1, f"C{number}" + "N" * 2000, 0.5, {}, "")

    with Ledger.create(path) as writer:
        writer.append([call(number) for number in range(1, 6)])  # these are in the log alone

        def copy_slowly(source: Path, target: Path) -> None:
            copyfile(source, target)
            copied.append(source.name)
            if len(copied) == 1:  # the database is copied; now its log goes into it, and a new one takes its place
                writer._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
                writer.append([call(6)])

        monkeypatch.setattr(shutil, "copyfile", copy_slowly)
        with ledger_snapshot(path) as ledger:
            assert ledger is not None
            assert [row.call for row in ledger.calls()] == [1, 2, 3, 4, 5, 6]
    assert copied == ["ledger.sqlite", "ledger.sqlite-wal"] * 2  # both again


def test_nothing_is_left_or_changed_by_reading(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    RunReader(folder).read()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_that_has_only_just_begun_has_no_calls(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    (folder / "metrics.jsonl").unlink()
    for empty in (False, True):
        (folder / "ledger.sqlite").unlink(missing_ok=True)
        if empty:
            (folder / "ledger.sqlite").touch()
        run = RunReader(folder).read()
        assert (run.standing.calls, run.standing.step, run.updated) == (0, 0, None)


def test_a_reader_counts_on_and_counts_anew_after_force(tmp_path: Path) -> None:
    reader = RunReader(made(tmp_path / "a"))
    assert reader.read().standing.calls == 4
    with Ledger.open(tmp_path / "a" / "ledger.sqlite") as ledger:
        ledger.append([Call(5, 2, "CCCC", 0.95, {}, "")])
    now = reader.read().standing
    assert (now.calls, now.hits, now.best) == (5, 3, 0.95)
    RunFolder(tmp_path / "a").clear()
    (tmp_path / "a").rename(tmp_path / "old")
    made(tmp_path / "a", scores=(0.1,))
    now = reader.read().standing
    assert (now.calls, now.hits, now.best) == (1, 0, 0.1)


def test_runs_are_found_up_to_three_folders_below(tmp_path: Path) -> None:
    assert run_folders(made(tmp_path / "a")) == [tmp_path / "a"]
    (tmp_path / "six" / "x" / "y").mkdir(parents=True)
    deep = made(tmp_path / "six" / "x" / "y" / "3")
    assert run_folders(tmp_path) == [tmp_path / "a"]  # three below tmp_path is six/x/y
    assert run_folders(tmp_path / "six") == [deep]
    with pytest.raises(ChemmaraError, match="neither a run's folder nor a folder of runs"):
        run_folders(tmp_path / "nothing")


@pytest.mark.parametrize("text", ['{"campaign": {"budget": 3}}', '{"campaign": {"budget": "x", "hit_threshold": 0.1}}'])
def test_a_campaign_json_of_another_version_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "campaign.json").write_text(text)
    with pytest.raises(ChemmaraError, match="another version wrote it"):
        RunReader(tmp_path)


def test_a_damaged_line_or_ledger_is_one_line_that_names_the_users_file(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    (folder / "metrics.jsonl").write_text("{broken}\n")
    with pytest.raises(ChemmaraError, match=r"metrics\.jsonl: its last line is damaged"):
        last_metrics(folder / "metrics.jsonl")
    (folder / "metrics.jsonl").unlink()
    (folder / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ChemmaraError) as refused:
        RunReader(folder).read()
    assert str(folder / "ledger.sqlite") in str(refused.value)
