"""The ledger: what is written is there, is the same, or is refused."""

import math
import sqlite3
from pathlib import Path

import pytest

from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Call, Ledger

CALLS = [
    Call(1, 1, "CCO", 0.5, {"qed": 0.5, "tpsa": 20.23}, ""),
    Call(2, 1, "CCN", math.nan, {"qed": math.nan, "tpsa": 26.0}, "qed: no value"),
    Call(3, 2, "'; DROP TABLE calls; --", 1.0, {"qed": 1.0, "tpsa": 0.0}, ""),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Ledger.create(tmp_path / "ledger.sqlite") as ledger:
        ledger.append(CALLS)
        ledger.append_step(1, 2, {"loss": 3.5, "kl": math.nan})
        ledger.set("campaign", {"budget": 3})
    return tmp_path / "ledger.sqlite"


def test_calls_come_back_as_they_were(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for before, after in zip(CALLS, ledger.calls(), strict=True):
            assert str(before) == str(after)  # as text, for NaN differs from itself
        assert ledger.get("campaign") == {"budget": 3}
        assert ledger.get("nothing") is None
        frame, steps = ledger.frame(), ledger.steps()
    assert list(frame.columns) == ["call", "step", "smiles", "score", "error", "qed", "tpsa"]
    assert frame["score"].isna().tolist() == [False, True, False]
    assert steps["loss"].tolist() == [3.5]


def test_outside_scripts_find_the_columns_they_rely_on(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT call, step, smiles, score FROM calls WHERE call = 2").fetchall() == [
        (2, 1, "CCN", None)
    ]
    connection.close()


def test_a_call_may_be_written_again_but_not_changed(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.append(CALLS[:2])
        with pytest.raises(ChemmaraError, match="does not repeat itself"):
            ledger.append([Call(1, 1, "CCO", 0.6, {"qed": 0.6, "tpsa": 20.23}, "")])
        assert len(ledger.calls()) == 3


def test_a_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    with Ledger.open(path) as ledger:
        with pytest.raises(sqlite3.IntegrityError):
            ledger.append([Call(4, 3, "CC", 0.1, {}, ""), Call(5, 3, "CCO", 0.1, {}, "")])  # CCO is there
        assert len(ledger.calls()) == 3


@pytest.mark.parametrize(
    ("content", "words"), [(None, "no such ledger"), (b"garbage" * 200, "not a ledger"), (b"", "not a ledger")]
)
def test_what_is_no_ledger_is_refused_in_one_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "x.sqlite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ChemmaraError, match=words) as caught:
        Ledger.open(file)
    assert "\n" not in str(caught.value)


def test_another_format_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ChemmaraError, match="has format 99"):
        Ledger.open(path)


def test_a_ledger_whose_making_was_cut_off_is_made_and_one_that_is_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    assert not Ledger.begun(path)
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL")  # a kill after this leaves a file without tables
    assert path.exists()
    assert not Ledger.begun(path)
    with Ledger.create(path) as ledger:
        assert ledger.calls() == []
    assert Ledger.begun(path)
    with pytest.raises(ChemmaraError, match="is there already"):
        Ledger.create(path)
