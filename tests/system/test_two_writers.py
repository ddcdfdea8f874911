"""A file that two write at once is whole, and what a kill left of it does not stay."""

import os
import time
from pathlib import Path

from chemmara.system.files import replacing, write_text


def test_two_who_write_a_file_at_once_do_not_meet_and_the_last_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    with replacing(file) as mine:
        mine.write_text("mine")
        with replacing(file) as theirs:
            assert theirs != mine
            theirs.write_text("theirs")
        assert file.read_text() == "theirs"
        assert mine.read_text() == "mine"
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_what_a_kill_left_is_removed_after_a_day_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    old, new, other = (
        tmp_path / name
        for name in (".a[1].csv.0a1b2c3d.partial", ".a[1].csv.4e5f6a7b.partial", ".b.csv.0a1b2c3d.partial")
    )
    for path in (old, new, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (time.time() - 90_000,) * 2)
    write_text(tmp_path / "a[1].csv", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a[1].csv", new.name, other.name])
