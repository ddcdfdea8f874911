"""A disk that takes no more: one clear line, and what was saved before stays good."""

import resource
import sqlite3
import subprocess
from functools import partial
from pathlib import Path

import pytest

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.errors import ChemmaraError
from chemmara.system.database import transaction
from tests.support.processes import ran


def chemmara(*arguments: object, most: int | None = None) -> "subprocess.CompletedProcess[str]":
    """The program; with `most`, no file of it may grow beyond so many bytes, as on a disk that is full."""
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most)) if most is not None else None
    return ran(*arguments, before=full)


def rows(folder: Path) -> list[tuple]:
    connection = sqlite3.connect(folder / "ledger.sqlite")
    try:
        return connection.execute("SELECT * FROM calls ORDER BY call").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("most", [20_000, 45_000, 90_000])
def test_a_campaign_on_a_full_disk_stops_in_one_line_and_goes_on_once_there_is_room(
    tmp_path: Path, campaign_file: Path, most: int
) -> None:
    with Run.start(tmp_path / "whole", load_campaign(campaign_file)) as run:
        run.go()
    stopped = chemmara("run", campaign_file, "--out", tmp_path / "run", most=most)
    assert stopped.returncode == 2, stopped.stderr
    assert "Traceback" not in stopped.stderr
    *_, last = stopped.stderr.strip().splitlines()
    assert last.startswith("error: ")
    assert "cannot be written" in last
    again = chemmara("run", campaign_file, "--out", tmp_path / "run", "--resume")
    assert again.returncode == 0, again.stderr
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")


def test_a_cache_on_a_full_disk_is_one_line_and_what_it_held_is_held_still(
    tmp_path: Path, drugs: dict[str, str]
) -> None:
    library, objective = tmp_path / "l.smi", tmp_path / "o.toml"
    objective.write_text('[[component]]\noracle = "qed"\n')
    library.write_text("\n".join(drugs.values()) + "\n")
    command = ("score", library, "--objective", objective, "--cache", tmp_path / "cache.sqlite")
    assert chemmara(*command).returncode == 0
    library.write_text("\n".join(f"{'C' * a}O{'C' * b}N" for a in range(1, 31) for b in range(1, 31)) + "\n")
    stopped = chemmara(*command, most=40_000)
    assert (stopped.returncode, stopped.stderr.count("\n")) == (2, 1), stopped.stderr
    assert "cache.sqlite: cannot be written" in stopped.stderr
    assert chemmara(*command).returncode == 0
    connection = sqlite3.connect(tmp_path / "cache.sqlite")
    known = {smiles for (smiles,) in connection.execute("SELECT smiles FROM measured")}
    assert set(drugs.values()) <= known
    assert len(known) == len(drugs) + 900


def test_a_refusal_is_told_from_a_bug(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    connection = sqlite3.connect(path)
    with transaction(connection, path):
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), transaction(connection, path):
        connection.execute("INSERT INTO absent VALUES (1)")
    other = sqlite3.connect(path, timeout=0.1)
    connection.execute("BEGIN EXCLUSIVE")
    locked = r"x.sqlite: cannot be written \(database is locked\); what is in it stays good"
    with pytest.raises(ChemmaraError, match=locked), transaction(other, path):
        other.execute("INSERT INTO t VALUES (1)")
