"""RDKit's messages stay off stderr whatever other threads do."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from rdkit import Chem

from chemmara.molecules.quiet import QUIET
from chemmara.molecules.sdf import _why_unreadable

BLOCK = """


  1  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
M  CHG  1   9   1
M  END
"""


def _make_rdkit_complain() -> None:
    assert Chem.MolFromSmiles("CO(C)C") is None  # noqa: TID251 - `parse` is quiet


def test_a_thread_that_leaves_does_not_let_rdkit_speak_in_another(capfd: pytest.CaptureFixture[str]) -> None:
    entered, left = Event(), Event()

    def other() -> None:
        with QUIET:
            entered.set()
            assert left.wait(30)
            _make_rdkit_complain()

    with ThreadPoolExecutor(1) as helper:
        with QUIET:
            done = helper.submit(other)
            assert entered.wait(30)
        left.set()
        done.result()
    assert capfd.readouterr().err == ""


def test_after_the_last_block_rdkit_speaks_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), QUIET, QUIET:
        _ = 1 / 0
    _make_rdkit_complain()
    assert "Explicit valence" in capfd.readouterr().err


def test_a_reason_is_read_while_another_thread_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    alone = _why_unreadable(BLOCK)
    with QUIET:
        assert _why_unreadable(BLOCK) == alone != "not a structure"
        _make_rdkit_complain()
    assert capfd.readouterr().err == ""
