"""One writer at a time in a folder: a second process is refused in one line, and nothing of the first is lost."""

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chemmara.errors import ChemmaraError
from chemmara.system.interrupt import interruptible
from chemmara.system.locking import only_writer
from cli.main import app
from tests.support.processes import Started, start, wait_until

SLOW = "import time\n\n\ndef slow(molecules):\n    time.sleep(0.2)\n    return [0.5] * len(molecules)\n"


def chemmara(*arguments: object) -> Result:
    """The same program in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def calls(folder: Path) -> int:
    try:
        connection = sqlite3.connect(f"file:{folder}/ledger.sqlite?mode=ro", uri=True)
        return connection.execute("SELECT count(*) FROM calls").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.fixture
def slow_campaign(tmp_path: Path, campaign_file: Path) -> Path:
    (tmp_path / "slow.py").write_text(SLOW)
    text = campaign_file.read_text().replace("budget = 150", "budget = 100000")
    path = tmp_path / "slow.toml"
    path.write_text(f'{text}\n[[objective.component]]\noracle = "python"\ncall = "{tmp_path}/slow.py:slow"\nhigh = 1\n'
                    "low = 0\n")  # fmt: skip
    return path


@pytest.fixture
def running(tmp_path: Path, slow_campaign: Path) -> Iterator[tuple[Path, Started]]:
    """A campaign that goes on and on in another process, some calls in."""
    folder = tmp_path / "live"
    process = start("run", slow_campaign, "--out", folder)
    wait_until(lambda: calls(folder) > 30, process)
    yield folder, process
    process.kill()
    process.communicate()


def test_the_lock_is_held_by_one_and_free_after_it(tmp_path: Path) -> None:
    with only_writer(tmp_path / "a"):
        words = f"another process \\({os.getpid()} on .*\\) is writing there"
        with pytest.raises(ChemmaraError, match=words), only_writer(tmp_path / "a"):
            raise AssertionError
        with only_writer(tmp_path / "b"):
            pass
    with only_writer(tmp_path / "a"):
        pass


def test_a_live_run_refuses_every_other_writer_and_can_be_read(
    running: tuple[Path, Started], slow_campaign: Path
) -> None:
    folder, process = running
    before = calls(folder)
    for second in (
        ("run", slow_campaign, "--out", folder), ("run", slow_campaign, "--out", folder, "--resume"),
        ("run", slow_campaign, "--out", folder, "--force"), ("resume", folder),
    ):  # fmt: skip
        refused = chemmara(*second)
        assert refused.exit_code == 2, refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert f"{folder}: " in refused.stderr
        assert f"another process ({process.program} on " in refused.stderr
        assert refused.stdout == ""
    assert chemmara("report", folder).exit_code == 0
    assert process.poll() is None
    assert calls(folder) > before  # it went on all the while, and nothing was removed


def test_after_a_kill_the_folder_is_free_and_the_run_goes_on(running: tuple[Path, Started]) -> None:
    folder, process = running
    process.kill()
    process.communicate()
    before = calls(folder)
    again = start("resume", folder)
    wait_until(lambda: calls(folder) > before, again)
    again.kill()
    again.communicate()


def test_the_workers_of_an_oracle_that_outlive_a_kill_do_not_hold_the_folder(tmp_path: Path) -> None:
    hears, speaks = os.pipe()
    with only_writer(tmp_path):
        child = os.fork()
        if not child:
            os.write(speaks, b"!")
            time.sleep(60)
            os._exit(0)
        os.read(hears, 1)
    try:
        with only_writer(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_the_workers_of_an_oracle_end_at_their_terminate_and_say_nothing_of_an_interrupt() -> None:
    context, said = multiprocessing.get_context("fork"), multiprocessing.get_context("fork").Event()
    with interruptible(said.set) as interrupt:
        worker = context.Process(target=time.sleep, args=(60,))
        worker.start()
        os.kill(worker.pid or 0, signal.SIGINT)  # as a terminal's Ctrl-C reaches them all
        worker.join(0.3)
        assert worker.is_alive()
        worker.terminate()
        worker.join(10)
        assert worker.exitcode == -signal.SIGTERM
        assert not interrupt.requested
        assert not said.is_set()


def test_a_lock_that_may_not_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(ChemmaraError, match=r"\.lock: cannot be locked \(Is a directory\)"), only_writer(tmp_path):
        pass


def test_a_second_comparison_in_the_same_folder_is_refused(tmp_path: Path, slow_campaign: Path) -> None:
    command = ("compare", slow_campaign, "--methods", "mara", "--seeds", "1", "--out", tmp_path / "c")
    first = start(*command)
    wait_until(lambda: calls(tmp_path / "c" / "mara" / "3") > 10, first)
    second = chemmara(*command)
    assert (second.exit_code, len(second.stderr.splitlines())) == (2, 1)
    assert f"another process ({first.program} on " in second.stderr
    first.kill()
    first.communicate()
    # The killed comparison leaves no campaign behind that would hold its folder.
    third = start("resume", tmp_path / "c" / "mara" / "3")
    before = calls(tmp_path / "c" / "mara" / "3")
    wait_until(lambda: calls(tmp_path / "c" / "mara" / "3") > before, third)
    third.kill()
    third.communicate()


def test_a_comparison_that_is_interrupted_saves_every_run_and_ends_as_if_it_had_not_been(
    tmp_path: Path, campaign_file: Path
) -> None:
    command = ("compare", campaign_file, "--methods", "mara,vanilla", "--seeds", "1", "--budget", 90, "--out")
    whole = chemmara(*command, tmp_path / "whole")
    assert whole.exit_code == 0, whole.stderr
    first = start(*command, tmp_path / "c")
    wait_until(lambda: calls(tmp_path / "c" / "mara" / "3") > 20, first)
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 130
    assert "Traceback" not in err
    again = start(*command, tmp_path / "c")
    table, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    assert table == whole.stdout
