"""Molecule files of every kind, read in order, or refused in one line."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from chemmara.errors import ChemmaraError
from chemmara.molecules.library import open_library

TABLE = pd.DataFrame({"id": ["a", "b", "c"], "SMILES": ["CCO", "bad", "c1ccccc1"], "x": ["1.50", "", "NA"]})
LINES = "CCO first molecule\n\nbad\tsecond\nc1ccccc1\n"


def read(path: Path | str, column: str | None = None) -> list[str]:
    return list(open_library(path, column).smiles())


def test_lines_hold_a_smiles_and_perhaps_a_name(tmp_path: Path) -> None:
    (tmp_path / "x.smi").write_text("smiles\n" + LINES)
    library = open_library(tmp_path / "x.smi")
    table = next(library.chunks())
    assert table["smiles"].tolist() == ["CCO", "bad", "c1ccccc1"]
    assert table["name"].tolist() == ["first molecule", "second", ""]
    (tmp_path / "y.smi").write_text("c1ccccc1\n" + LINES)
    assert next(open_library(tmp_path / "y.smi").chunks())["name"].tolist() == ["", "first molecule", "second", ""]


def test_what_spreadsheets_and_editors_add_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfid;SMILES;IC50\r\n1;CCO;0,5\r\n")
    table = next(open_library(tmp_path / "x.csv").chunks())
    assert table.to_dict("records") == [{"id": "1", "SMILES": "CCO", "IC50": "0,5"}]
    (tmp_path / "x.smi").write_bytes(b"\xef\xbb\xbfCCO\r\nCC\r\n")
    assert read(tmp_path / "x.smi") == ["CCO", "CC"]


def test_cells_stay_text_and_rows_keep_their_number(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "x.csv", index=False)
    library = open_library(tmp_path / "x.csv")
    assert (library.smiles_column, library.columns) == ("SMILES", ["id", "SMILES", "x"])
    chunks = list(library.chunks(2))
    assert [chunk.index.tolist() for chunk in chunks] == [[0, 1], [2]]
    assert pd.concat(chunks)["x"].tolist() == ["1.50", "", "NA"]


def test_every_packing_gives_the_same_rows(tmp_path: Path) -> None:
    data = TABLE.to_csv(index=False).encode()
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)):
        (tmp_path / f"x.csv{suffix}").write_bytes(pack(data))
    with zipfile.ZipFile(tmp_path / "x.csv.zip", "w") as archive:
        archive.writestr("inner.csv", data)
    with tarfile.open(tmp_path / "x.csv.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("inner.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    TABLE.to_parquet(tmp_path / "x.parquet")
    TABLE.to_csv(tmp_path / "x.tsv", index=False, sep="\t")
    for path in sorted(tmp_path.iterdir()):
        assert read(path) == ["CCO", "bad", "c1ccccc1"], path


def test_an_sd_file_keeps_its_properties_and_its_unreadable_records(tmp_path: Path) -> None:
    from rdkit import Chem

    from chemmara.molecules.chem import parse

    with Chem.SDWriter(str(tmp_path / "x.sdf")) as writer:
        for smiles, value in (("CCO", 1.5), ("CCN", 2.5)):
            molecule = parse(smiles)
            assert molecule is not None
            molecule.SetDoubleProp("value", value)
            writer.write(molecule)
    text = (tmp_path / "x.sdf").read_text()
    (tmp_path / "x.sdf").write_text(text.replace("  3  2  0", "  9  9  0", 1))
    table = next(open_library(tmp_path / "x.sdf").chunks())
    assert table["smiles"].tolist()[-1] == "CCN"
    assert table["value"].tolist()[-1] == "2.5"
    assert table["smiles"].tolist()[0] == ""


@pytest.mark.parametrize(
    "name", ["isomeric_smiles", "IsomericSMILES", "Smiles String", "smiles_string", "CXSMILES", "Canonical-SMILES"]
)
def test_a_column_of_smiles_has_many_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.csv").write_text(f"id,{name},structure\n1,CCO,x.png\n")
    library = open_library(tmp_path / "x.csv")
    assert (library.smiles_column, list(library.smiles())) == (name, ["CCO"])
    (tmp_path / "x.csv").write_text(f"{name},smi,Canonical SMILES\nCCO,CCN,CCC\n")
    assert open_library(tmp_path / "x.csv").smiles_column == (
        name if name == "Canonical-SMILES" else "Canonical SMILES"
    )


@pytest.mark.parametrize(("text", "expected"), [("CC(,x\n", ["CC(,x"]), ("id,smiles\n1,CCO\n", ["CCO"]), (LINES, None)])
def test_standard_input_is_a_table_or_lines(monkeypatch: pytest.MonkeyPatch, text: str, expected: list[str]) -> None:
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(text.encode()))  # type: ignore[arg-type]

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert read("-") == (expected or ["CCO", "bad", "c1ccccc1"])


def truncated(path: Path) -> None:
    path.write_bytes(gzip.compress(b"CCO\n" * 5000)[:-20])


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("x.csv", lambda _: None, "no such file"),
        ("x.smi", lambda path: path.mkdir(), "is a folder"),
        ("x.smi", lambda path: path.touch(), "holds no molecules"),
        ("x.csv", lambda path: path.touch(), "holds no molecules"),
        ("x.csv", lambda path: path.write_text("a,b\n1,2\n"), "name one of a, b by --smiles-column"),
        (
            "x.csv",
            lambda path: path.write_text("smiles,b\n1,2\n1,2,3,4\n"),
            "line 3 has 4 cells, but the header names 2",
        ),
        ("x.smi", lambda path: path.write_bytes(b"\xff\xfe\x00"), "not text"),
        ("x.smi", lambda path: path.write_bytes(b"CCO\n\x00\x01\xffC"), "line 2 holds a NUL byte: not text"),
        ("x.smi.gz", truncated, "truncated or damaged"),
        ("x.smi.gz", lambda path: path.write_text("CCO"), "truncated or damaged"),
        ("x.parquet", lambda path: path.write_text("CCO"), "not a parquet file"),
        ("x.zip", lambda path: path.write_text("CCO"), "not a zip archive"),
        ("x.tar.gz", lambda path: path.write_text("CCO"), "not a tar archive"),
        ("x.mol2", lambda path: path.write_text("CCO"), ".mol2 files are not read"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, name: str, make: Callable[[Path], None], words: str) -> None:
    make(tmp_path / name)
    with pytest.raises(ChemmaraError) as caught:
        read(tmp_path / name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mol_text,smiles\nCCO,CCN\n")
    assert read(tmp_path / "x.csv", "mol_text") == ["CCO"]
    with pytest.raises(ChemmaraError, match="has no column 'y'; it has mol_text, smiles"):
        read(tmp_path / "x.csv", "y")
