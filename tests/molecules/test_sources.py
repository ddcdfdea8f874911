"""Files, pipes and standard input are read alike: encodings, packings, kinds, and what is wrong with them."""

import bz2
import codecs
import gzip
import io
import logging
import lzma
import os
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from chemmara.errors import ChemmaraError
from chemmara.molecules.library import open_library
from chemmara.molecules.readers import count_rows
from tests.molecules.test_sdf import record

TABLE = "SMILES,name,note\nCCO,caf\xe9,\u20ac 5\nbad,\xb5M,\n"
ROWS = [("CCO", "caf\xe9", "\u20ac 5"), ("bad", "\xb5M", "")]


def zipped(data: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return file.getvalue()


def tarred(data: bytes, mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("inner.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def rows(source: Path | str, column: str | None = None) -> list[tuple[str, ...]]:
    return [tuple(row) for chunk in open_library(source, column).chunks() for row in chunk.itertuples(index=False)]


DIRECTORY = (
    b"PK\x01\x02\x14\x03\x14\x00\x00\x00"  # a member's entry in a zip up to its flags, of which the first is encryption
)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    buffer = io.BytesIO()

    class Stdin:
        def __init__(self) -> None:
            self.buffer = buffer

    monkeypatch.setattr(sys, "stdin", Stdin())
    return buffer


def given(stdin: io.BytesIO, data: bytes) -> str:
    stdin.seek(0)
    stdin.truncate()
    stdin.write(data)
    stdin.seek(0)
    return "-"


ENCODED = {
    "utf-8": TABLE.encode(),
    "with a mark": codecs.BOM_UTF8 + TABLE.encode(),
    "utf-16": TABLE.encode("utf-16"),
    "utf-16, big end first": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "windows-1252": TABLE.encode("cp1252"),
    "tabs": TABLE.replace(",", "\t").encode(),
    "semicolons": TABLE.replace(",", ";").encode(),
    "gzip": gzip.compress(TABLE.encode()),
    "gzip of utf-16": gzip.compress(TABLE.encode("utf-16")),
    "xz": lzma.compress(TABLE.encode()),
    "bz2": bz2.compress(TABLE.encode()),
    "zip": zipped(TABLE.encode(), "inner.csv"),
    "zip of gzip": zipped(gzip.compress(TABLE.encode()), "inner.csv.gz"),
    "zip from a Mac": zipped(TABLE.encode(), "inner.csv", "__MACOSX/._inner.csv"),
    "tar": tarred(TABLE.encode()),
    "tar.gz": tarred(TABLE.encode(), "w:gz"),
}


@pytest.mark.parametrize("how", ENCODED)
def test_a_table_is_the_same_however_it_comes(tmp_path: Path, stdin: io.BytesIO, how: str) -> None:
    assert rows(given(stdin, ENCODED[how])) == ROWS
    for name in ("x.csv", "x.txt", "x"):
        (tmp_path / name).write_bytes(ENCODED[how])
        assert rows(tmp_path / name) == ROWS, name


def test_a_parquet_or_sd_file_may_come_by_stdin_or_without_a_suffix(tmp_path: Path, stdin: io.BytesIO) -> None:
    parquet = io.BytesIO()
    pd.DataFrame(ROWS, columns=["SMILES", "name", "note"]).to_parquet(parquet)
    sdf = record("CCO", "caf\xe9", "> <note>\n\u20ac 5\n\n").encode()
    for data, expected in ((parquet.getvalue(), ROWS), (sdf, ROWS[:1]), (sdf.replace(b"\n", b"\r\n"), ROWS[:1])):
        for packed in (data, gzip.compress(data), zipped(data, "inner")):
            (tmp_path / "x").write_bytes(packed)
            assert rows(tmp_path / "x") == rows(given(stdin, packed)) == expected


def test_a_named_pipe_is_a_file(tmp_path: Path) -> None:
    for name, data in (("x.csv", TABLE.encode()), ("x", record("CCO", "ethanol").encode())):
        os.mkfifo(tmp_path / name)
        assert count_rows(tmp_path / name) is None
        writer = threading.Thread(target=(tmp_path / name).write_bytes, args=(data,))
        writer.start()
        assert rows(tmp_path / name) == (ROWS if name == "x.csv" else [("CCO", "ethanol")])
        writer.join()


def test_a_byte_that_is_not_utf_8_is_windows_1252_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x.smi").write_bytes(b"CCO caf\xe9\nCC \xe2\x82\xac\nC \x80\x81\n" + b"CCC na\xefve\n")
    with caplog.at_level(logging.WARNING, "chemmara"):
        assert [name for _, name in rows(tmp_path / "x.smi")] == ["caf\xe9", "\u20ac", "\u20ac\x81", "na\xefve"]
    assert [line.getMessage().removeprefix(str(tmp_path)) for line in caplog.records] == [
        "/x.smi: line 1 is not UTF-8; its bytes are read as Windows-1252 (Latin-1)"
    ]


def test_pipes_of_lines_are_not_waited_for(stdin: io.BytesIO) -> None:
    many = b"CCO\n" * 100_000
    library = open_library(given(stdin, many))
    assert len(next(library.chunks(10))) == 10
    assert stdin.tell() < len(many) / 2


def test_the_first_line_of_a_file_of_lines_may_name_the_columns(tmp_path: Path) -> None:
    for text, columns, expected in (
        ("smiles zinc_id\nCCO Z1\n", ["smiles", "zinc_id"], [("CCO", "Z1")]),
        ("SMI\nCCO\nCC ethane\n", ["SMI", "name"], [("CCO", ""), ("CC", "ethane")]),
        ("smiles\tname\tx\nCCO\ta b\t1\nCC\n", ["smiles", "name", "x"], [("CCO", "a b", "1"), ("CC", "", "")]),
        ("CCO\ta b\t1\n", ["smiles", "name"], [("CCO", "a b\t1")]),
    ):
        (tmp_path / "x.smi").write_text(text)
        assert open_library(tmp_path / "x.smi").columns == columns
        assert rows(tmp_path / "x.smi") == expected


def test_a_name_that_comes_late_is_kept_or_refused(tmp_path: Path, stdin: io.BytesIO) -> None:
    data = b"CCO\n" * 2000 + b"CC ethane\n"
    (tmp_path / "x.smi").write_bytes(data)
    assert rows(tmp_path / "x.smi")[-2:] == [("CCO", ""), ("CC", "ethane")]
    with pytest.raises(ChemmaraError, match="line 2001 has a name, but the first 1024 have none; begin with"):
        rows(given(stdin, data))
    assert rows(given(stdin, b"smiles name\n" + data))[-1] == ("CC", "ethane")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.smi", b"CCO,ethanol\nCC,ethane\n", "line 1 ('CCO,ethanol') looks like a CSV without a header; begin with"),
        ("x.txt", b"\nCCO;ethanol\n", "such as smiles;name"),
        ("x.smi", b"smiles\n", "holds no molecules: a header and no row"),
        ("x.csv", TABLE.encode("utf-16")[:-1], "is not text, though it begins as UTF-16"),
        ("x.csv", TABLE.encode("utf-16-le"), "line 1 holds a NUL byte"),
        ("x.zip", zipped(b"CCO", "a", "b"), "holds 2 files; one is needed"),
        ("x.zip", zipped(TABLE.encode(), "x.csv")[:-30], "not a zip archive"),
        ("x.zip", zipped(TABLE.encode(), "x.csv").replace(b"CCO", b"CCN"), "truncated or damaged (Bad CRC-32"),
        ("x.csv.zip", zipped(TABLE.encode(), "x").replace(DIRECTORY, DIRECTORY[:-2] + b"\x01\0"), "is encrypted"),
        ("x.tar", tarred(TABLE.encode())[:550], "not a tar archive (unexpected end of data)"),
        ("x.csv.bz2", bz2.compress(TABLE.encode())[:-5], "truncated or damaged"),
        ("x.csv.xz", lzma.compress(TABLE.encode())[:-5], "truncated or damaged"),
        ("x", gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"CCO")))), "is packed 3 times over"),
        ("x.csv/y", b"", "no such file"),
        ("x.parquet", b"PAR1" + bytes(100) + b"PAR1", "truncated or damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    if path.parent != tmp_path:
        path.parent.touch()
    else:
        path.write_bytes(data)
    with pytest.raises(ChemmaraError) as caught:
        rows(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    count_rows(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refused)  # root may read everything
    with pytest.raises(ChemmaraError, match="permission denied"):
        rows(tmp_path / "x.csv")


def test_cells_of_a_parquet_file_are_not_retyped(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "smiles": ["CCO", None, "C"],
            "id": pd.array([731, None, 9007199254740993], dtype="Int64"),
            "x": pd.array([0.1, None, 99.5], dtype="float32"),
            "flag": [True, False, None],
            "note": ["a\r\nb", "c\rd", ""],
        },
        index=[5, 6, 9],
    )
    frame.to_parquet(tmp_path / "x.parquet")
    assert open_library(tmp_path / "x.parquet").columns == ["smiles", "id", "x", "flag", "note"]
    assert rows(tmp_path / "x.parquet") == [
        ("CCO", "731", "0.1", "True", "a\nb"), ("", "", "", "False", "c\nd"), ("C", "9007199254740993", "99.5", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "number"),
    [
        ("x.smi", b"CCO\nCC", 2), ("x.smi", b"CCO\rCC\r", 2), ("x.csv", b"smiles,a\r\nCCO,1\r\n", 1),
        ("x.csv.gz", gzip.compress(TABLE.encode()), 2), ("x", record("C").encode() * 3, 3), ("x.smi", b"", 0),
        ("x.csv.gz", gzip.compress(TABLE.encode())[:-9], None), ("x.csv.gz", b"none", None), ("x.mol2", b"x", None),
        ("x.parquet", b"none", None), ("x.zip", zipped(b"C\n", "a", "b"), None),
    ],
)  # fmt: skip
def test_rows_are_counted_where_they_can_be(tmp_path: Path, name: str, data: bytes, number: int | None) -> None:
    (tmp_path / name).write_bytes(data)
    assert count_rows(tmp_path / name) == number
    assert count_rows(tmp_path / "none") is count_rows("-") is count_rows(tmp_path) is None
