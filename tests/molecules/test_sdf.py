"""SD files: the structure counts, tags stay what they are, and a record that cannot be read keeps the rest."""

from pathlib import Path

import pytest
from rdkit import Chem

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical, parse
from chemmara.molecules.library import Library, open_library
from tests.conftest import DRUGS


def record(smiles: str, title: str = "", tags: str = "", *, v3000: bool = False) -> str:
    molecule = parse(smiles)
    assert molecule is not None
    block = Chem.MolToV3KMolBlock(molecule) if v3000 else Chem.MolToMolBlock(molecule)
    return f"{title}{block[block.index(chr(10)) :]}{tags}$$$$\n"


def rows_of(library: Library, size: int = 1024) -> list[dict[str, str]]:
    return [row for chunk in library.chunks(size) for row in chunk.to_dict("records")]


def read(path: Path, text: str | bytes) -> list[dict[str, str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return rows_of(open_library(path))


def test_values_stay_the_text_they_are(tmp_path: Path) -> None:
    tags = "> <id>\n000731\n\n>  <plate> (7)\n12E3\n\n> 25 <IC50>\n>99.50\n\n"
    tags += "> <note>\n two \n> <lines>\n\n> <none>\n\n\n> DT5\n1\n\n"
    assert read(tmp_path / "x.sdf", record("CCO", "ethanol ", tags)) == [
        {"smiles": "CCO", "name": "ethanol", "id": "000731", "plate": "12E3", "IC50": ">99.50",
         "note": " two \n> <lines>", "none": "", "DT5": "1"}
    ]  # fmt: skip


def test_nothing_of_a_value_is_lost_behind_a_blank_line_or_to_a_second_tag(tmp_path: Path) -> None:
    tags = "> <a>\none\n\ntwo\n\n> <b>\n1\n\n> <a>\nthree\n\n"
    assert read(tmp_path / "x.sdf", record("C", tags=tags)) == [{"smiles": "C", "a": "one\n\ntwo\nthree", "b": "1"}]


def test_tags_named_like_our_columns_do_not_replace_them(tmp_path: Path) -> None:
    tags = "> <smiles>\nnonsense\n\n> <name>\nother\n\n> <smiles (tag)>\nx\n\n> <SMILES>\ny\n\n"
    assert read(tmp_path / "x.sdf", record("CCO", "ethanol", tags)) == [
        {"smiles": "CCO", "name": "ethanol", "smiles (tag) (tag)": "nonsense", "name (tag)": "other",
         "smiles (tag)": "x", "SMILES": "y"}
    ]  # fmt: skip
    assert list(open_library(tmp_path / "x.sdf", "SMILES").smiles()) == ["y"]
    assert read(tmp_path / "x.sdf", record("CCO", "", "> <name>\nown\n\n")) == [{"smiles": "CCO", "name": "own"}]


def test_a_tag_that_comes_late_is_a_column(tmp_path: Path) -> None:
    text = record("CCO") * 1500 + record("CC", tags="> <late>\n1\n\n") + record("C", "named")
    rows = read(tmp_path / "x.sdf", text)
    assert [list(row.values()) for row in rows[-3:]] == [["CCO", "", ""], ["CC", "", "1"], ["C", "named", ""]]
    assert len(rows) == 1502


def test_an_unreadable_record_keeps_its_name_and_tags_and_has_a_reason(tmp_path: Path) -> None:
    tag = "> <id>\n00{}\n\n"
    texts = [
        record("CCO", "a", tag.format(1)),
        record("CCO", "b", tag.format(2)).replace("  3  2  0", "  9  9  0"),
        record("CCO", "c", tag.format(3)).replace(" O  ", " Qx ", 1),
        record("CCO", "d", tag.format(4)).replace(" C   0  0", " F   0  0"),  # FFO
        record("CCO", "e", tag.format(5)).replace("M  END\n", "").replace("V2000", "V9000"),
        "f\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n> <id>\n006\n\n$$$$\n",
        "$$$$\n",
        record("CC", "g", tag.format(7)),
    ]
    (tmp_path / "x.sdf").write_text("".join(texts))
    library = open_library(tmp_path / "x.sdf")
    rows = rows_of(library, size=3)
    assert [row["name"] for row in rows] == ["a", "b", "c", "d", "e", "f", "", "g"]
    assert [row["id"] for row in rows] == ["001", "002", "003", "004", "005", "006", "", "007"]
    assert [row["smiles"] for row in rows] == ["CCO", "", "", "", "", "", "", "CC"]
    assert list(library.unreadable) == [1, 2, 3, 4, 5, 6]
    reasons = list(library.unreadable.values())
    assert "on line" in reasons[0]
    assert "Element 'Qx' not found" in reasons[1]
    assert "Explicit valence for atom # 0 F, 2, is greater than permitted" not in reasons[2]
    assert "valence" in reasons[2]
    assert "V9000" in reasons[3]
    assert reasons[4] == "the structure has no atoms"
    assert all("\n" not in reason for reason in reasons)


def test_a_latin_1_byte_refuses_nothing(tmp_path: Path) -> None:
    text = record("CCO", "caf\xe9", "> <unit>\n\xb5M\n\n").encode("latin-1") + record("CC").encode()
    assert [list(row.values()) for row in read(tmp_path / "x.sdf", text)] == [
        ["CCO", "caf\xe9", "\xb5M"],
        ["CC", "", ""],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("v3000", [False, True])
def test_every_version_and_line_end_gives_the_same_molecules(tmp_path: Path, end: str, v3000: bool) -> None:
    chiral = [*DRUGS.values(), "C[C@H](N)C(=O)O", "F/C=C/F", "[13CH4]", "C[N+](C)(C)C.[Cl-]"]
    text = "".join(record(smiles, v3000=v3000) for smiles in chiral).removesuffix(
        "$$$$\n"
    )  # a last one without its end
    rows = read(tmp_path / "x.sdf", text.replace("\n", end))
    assert [row["smiles"] for row in rows] == [canonical(molecule) for smiles in chiral if (molecule := parse(smiles))]
    supplier = Chem.SDMolSupplier()
    supplier.SetData(text)
    assert [row["smiles"] for row in rows] == [canonical(molecule) for molecule in supplier]


def test_conformers_of_a_molecule_are_a_row_each(tmp_path: Path) -> None:
    rows = read(tmp_path / "x.sdf", record("CCO", "one") + record("CCO", "two"))
    assert rows == [{"smiles": "CCO", "name": "one"}, {"smiles": "CCO", "name": "two"}]


def test_what_is_no_sd_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChemmaraError, match="not an SD file"):
        read(tmp_path / "x.sdf", "smiles,name\nCCO,ethanol\n")
    with pytest.raises(ChemmaraError, match="holds no molecules"):
        read(tmp_path / "x.sdf", "\n\n")
