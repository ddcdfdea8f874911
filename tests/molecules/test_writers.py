"""Tables are written as what the file's name says, and come back as they were."""

import io
from pathlib import Path

import pandas as pd
import pytest

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles
from chemmara.molecules.library import open_library
from chemmara.molecules.writers import format_of, table_writer

TABLE = pd.DataFrame(
    {
        "name": ["ethanol 96 %", "broken", "alanine"],
        "smiles": ["CCO", "C1CC", "C[C@H](N)C(=O)O |extension|"],
        "total": [0.25, float("nan"), 1.0],
        "error": ["", "not a molecule", ""],
    }
)


def written(kind: str, *, packed: bool = False, name: str | None = None) -> bytes:
    file = io.BytesIO()
    with table_writer(file, kind, packed=packed, name=name) as write:
        write(TABLE.iloc[:2])
        write(TABLE.iloc[2:])
    return file.getvalue()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet"])
def test_a_table_comes_back_with_its_columns_and_rows(suffix: str, tmp_path: Path) -> None:
    kind, packed = format_of(tmp_path / f"x{suffix}", ".smi")
    (tmp_path / f"x{suffix}").write_bytes(written(kind, packed=packed))
    table = next(open_library(tmp_path / f"x{suffix}").chunks())
    assert table["smiles"].tolist() == TABLE["smiles"].tolist()
    assert table["total"].tolist() == ["0.25", "", "1.0"]
    assert table["name"].tolist() == TABLE["name"].tolist()


def test_numbers_are_numbers_in_parquet(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(written(".parquet"))
    assert str(pd.read_parquet(tmp_path / "x.parquet")["total"].dtype) == "float64"


def test_an_sd_file_has_titles_data_and_stereo_and_a_record_for_what_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "x.sdf").write_bytes(written(".sdf"))
    text = (tmp_path / "x.sdf").read_text()
    assert text.count("$$$$") == 3
    assert text.splitlines()[0] == "ethanol 96 %"
    assert ">  <total>  \n0.25\n" in text
    from rdkit.Chem import ForwardSDMolSupplier, MolToSmiles

    records = list(ForwardSDMolSupplier(io.BytesIO(text.encode())))
    assert [record.GetNumAtoms() for record in records] == [3, 0, 6]
    assert records[1].GetProp("smiles") == "C1CC"
    assert MolToSmiles(records[2]) == canonical_smiles("C[C@H](N)C(=O)O")


def test_what_would_end_a_record_is_taken_out_of_its_data() -> None:
    table = pd.DataFrame({"smiles": ["C"], "a>b\n": ["x\n\n$$$$\ny"]})
    file = io.BytesIO()
    with table_writer(file, ".sdf") as write:
        write(table)
    assert b">  <a_b>  \nx $$$$ y\n" in file.getvalue()


def test_a_smi_has_smiles_and_names_and_no_name_without_a_smiles() -> None:
    assert written(".smi") == b"CCO ethanol 96 %\nC1CC broken\nC[C@H](N)C(=O)O alanine\n"
    assert written(".smi", name="total") == b"CCO 0.25\nC1CC\nC[C@H](N)C(=O)O 1.0\n"
    file = io.BytesIO()
    with table_writer(file, ".smi") as write:
        write(pd.DataFrame({"smiles": ["", "C"], "ID": ["CCO", "m"]}))
    assert file.getvalue() == b"\nC m\n"


def test_the_same_table_gives_the_same_packed_bytes() -> None:
    assert written(".csv", packed=True) == written(".csv", packed=True)


@pytest.mark.parametrize("name", ["x.xlsx", "x.json", "x.parquet.gz", "x.csv.bz2", "x.zip", "x.mol2", "x.txt"])
def test_what_cannot_be_written_is_refused(name: str) -> None:
    with pytest.raises(ChemmaraError, match=r"files are not written; use \.csv, \.tsv, \.parquet"):
        format_of(Path(name), ".csv")
