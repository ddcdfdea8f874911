"""Docking targets: from a crystal structure, from DOCKSTRING's files, and docking by other programs."""

import gzip
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from typer.testing import CliRunner

from chemmara.config import parse
from chemmara.errors import ConfigError
from chemmara.oracles.crystal import distance, with_bonds
from chemmara.oracles.receptor import read_box, receptor_atoms
from chemmara.oracles.target import box_text
from chemmara.scoring.components.docked import DockingComponent
from chemmara.scoring.objective import ObjectiveConfig
from cli.main import app

IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ATOMS = "".join(
    f"ATOM  {i + 1:5d}  CA  GLY A   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00    +0.000 C \n"
    for i, (x, y, z) in enumerate([(0, 0, 0), (5, 0, 0), (0, 5, 0)])
)
BOX = box_text((0.0, 0.0, 0.0), (20.0, 20.0, 20.0))


def program(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def hetero_atom(
    serial: int, name: str, residue: str, number: int, symbol: str, place: tuple[float, float, float]
) -> str:
    x, y, z = place
    columns = f"HETATM{serial:5d}  {name:<3} {residue:>3} A{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}"
    return f"{columns}  1.00  0.00          {symbol:>2}"


@pytest.fixture(scope="module")
def complex_(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1IEP as it is deposited, but for what was left out long ago: heavy atoms, imatinib, a water and a chloride."""
    pytest.importorskip("gemmi", reason="needs the extra [docking]")
    pytest.importorskip("meeko", reason="needs the extra [docking]")
    folder = shared / "data" / "docking"
    lines = [
        f"{line[:66]:<76}{line[12:16].strip()[0]:>2}"
        for line in gzip.decompress((folder / "1iep_receptor.pdbqt.gz").read_bytes()).decode().splitlines()
        if line.startswith("ATOM") and line[77:79].strip() not in {"H", "HD"}
    ]
    ligand = Chem.RemoveHs(next(iter(Chem.SDMolSupplier(str(folder / "1iep_ligand.sdf")))))
    counts: dict[str, int] = {}
    for atom, (x, y, z) in zip(ligand.GetAtoms(), ligand.GetConformer().GetPositions(), strict=True):
        symbol = atom.GetSymbol()
        counts[symbol] = counts.get(symbol, 0) + 1
        name = f"{symbol}{counts[symbol]}"
        lines.append(hetero_atom(len(lines) + 1, name, "STI", 201, symbol, (x, y, z)))
    for name, symbol, number in (("HOH", "O", 601), ("CL", "CL", 602)):
        lines.append(hetero_atom(len(lines) + 1, symbol, name, number, symbol, (number - 590.0, 66.0, 30.0)))
    path = tmp_path_factory.mktemp("complex") / "1iep.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    return path


def test_a_box_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "box.txt").write_text(box_text((15.19, 53.903, -16.917), (20.0, 22.5, 30.0)))
    assert read_box(tmp_path / "box.txt") == ((15.19, 53.903, -16.917), (20.0, 22.5, 30.0))


def test_a_crystal_structure_becomes_a_target_that_an_objective_takes(complex_: Path, tmp_path: Path) -> None:
    out = tmp_path / "abl"
    code, _, err = program("dock", "prepare", complex_, "--ligand", "STI", "--out", out)
    assert code == 0, err
    assert "left out of the receptor: A:CL:602" in err  # but not the water, which goes without saying
    assert "not docked again: give the ligand's --smiles" in err
    text = (out / "receptor.pdbqt").read_text()
    assert "STI" not in text
    assert "HOH" not in text
    # The Vina tutorial's receptor has 497 polar hydrogens; ours were added to heavy atoms alone.
    hydrogens = sum(line[77:79].strip() == "HD" for line in text.splitlines())
    assert 450 < hydrogens < 520
    positions = np.array([[float(line[s : s + 8]) for s in (30, 38, 46)] for line in complex_.read_text().splitlines()
                          if " STI " in line])  # fmt: skip
    centre, size = read_box(out / "box.txt")
    np.testing.assert_allclose(centre, (positions.min(axis=0) + positions.max(axis=0)) / 2, atol=1e-3)
    # The ligand's extent and 5 angstrom on either side, but at least 15.
    extent = positions.max(axis=0) - positions.min(axis=0)
    np.testing.assert_allclose(size, np.maximum(extent + 10.0, 15.0), atol=1e-3)
    pytest.importorskip("vina", reason="needs the extra [docking]")
    ramp = {"kind": "ramp", "worst": -5.0, "best": -11.0}
    table = {"oracle": "docking", "target": "abl", "transform": ramp}
    (component,) = parse(ObjectiveConfig, {"component": [table]}, source="o", folder=tmp_path).component
    assert isinstance(component, DockingComponent)
    assert component.pocket().receptor == out / "receptor.pdbqt"
    assert component.pocket().centre == centre
    # Where the folder lies is no part of what is measured; what is in it is.
    moved = tmp_path / "elsewhere"
    out.rename(moved)
    (again,) = parse(
        ObjectiveConfig, {"component": [table | {"target": "elsewhere"}]}, source="o", folder=tmp_path
    ).component
    assert (
        again.identity()
        == component.model_copy(update={"receptor": moved / "receptor.pdbqt", "box": moved / "box.txt"}).identity()
    )
    # A saved campaign names target, receptor and box, and is read again.
    saved = again.model_dump(mode="json")
    (read,) = parse(ObjectiveConfig, {"component": [saved]}, source="campaign.json", folder=tmp_path).component
    assert read == again


@pytest.mark.slow
def test_imatinib_is_found_again_where_it_lies_in_the_crystal(complex_: Path, tmp_path: Path) -> None:
    pytest.importorskip("vina", reason="needs the extra [docking]")
    command = ("dock", "prepare", complex_, "--ligand", "A:STI:201", "--out", tmp_path / "abl", "--smiles", IMATINIB)
    code, out, err = program(*command, "--exhaustiveness", 2)
    assert code == 0, err
    words = out.split()
    energy, rmsd = float(words[words.index("kcal/mol,") - 1]), float(words[words.index("RMSD") + 1])
    assert energy < -11
    assert rmsd < 2


def test_the_distance_of_poses_counts_heavy_atoms_and_symmetry_without_alignment() -> None:
    block = (
        "HETATM    1  C1  LIG A   1       0.000   0.000   0.000  1.00  0.00           C\n"
        "HETATM    2  O1  LIG A   1       1.200   0.000   0.000  1.00  0.00           O\n"
        "HETATM    3  O2  LIG A   1      -1.200   0.000   0.000  1.00  0.00           O\n"
    )
    crystal = with_bonds(block, "O=C=O")
    assert [str(bond.GetBondType()) for bond in crystal.GetBonds()] == ["DOUBLE", "DOUBLE"]
    turned, moved = Chem.Mol(crystal), Chem.Mol(crystal)
    turned.GetConformer().SetAtomPosition(1, (-1.2, 0, 0))
    turned.GetConformer().SetAtomPosition(2, (1.2, 0, 0))
    for row, (x, y, z) in enumerate(crystal.GetConformer().GetPositions()):
        moved.GetConformer().SetAtomPosition(row, (x, y + 3.0, z))
    assert distance(turned, crystal) == pytest.approx(0.0)
    assert distance(moved, crystal) == pytest.approx(3.0)


def test_what_cannot_be_prepared_is_one_line_and_leaves_nothing(complex_: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pdb").write_text("nothing\n")
    water = tmp_path / "ligand.pdb"
    water.write_text("\n".join(line for line in complex_.read_text().splitlines() if " STI " in line) + "\nEND\n")
    for file, ligand, words in [
        (tmp_path / "none.pdb", "STI", "none.pdb: cannot be read"),
        (tmp_path / "text.pdb", "STI", "text.pdb"),
        (complex_, "ATP", "has no ligand ATP; it has A:CL:602, A:STI:201"),
        (complex_, "B:STI", "has no ligand B:STI"),
        (water, "STI", "holds no protein or nucleic acid"),
    ]:
        code, _, err = program("dock", "prepare", file, "--ligand", ligand, "--out", tmp_path / "out")
        assert (code, err.count("\n")) == (2, 1), err
        assert words in err
        assert not (tmp_path / "out").exists()
    block = "HETATM    1  C1  LIG A   1       0.000   0.000   0.000  1.00  0.00           C\n"
    for smiles, words in (("CCO", "is not the ligand of the structure"), ("C1", "is not a valid SMILES")):
        with pytest.raises(Exception, match=words):
            with_bonds(block, smiles)


def dockstring(folder: Path) -> None:
    folder.mkdir()
    for name in ("ABL1", "ACHE"):
        (folder / f"{name}_target.pdbqt").write_text(ATOMS)
        (folder / f"{name}_conf.txt").write_text(BOX)


@pytest.mark.parametrize("packed", [False, True])
def test_dockstrings_files_become_target_folders(packed: bool, tmp_path: Path) -> None:
    dockstring(source := tmp_path / "targets")
    if packed:
        with tarfile.open(tmp_path / "t.tar.xz", "w:xz") as archive:
            archive.add(source, "targets")
        source = tmp_path / "t.tar.xz"
    code, out, err = program("dock", "import", source, "--out", tmp_path / "out")
    assert (code, err) == (0, "2 targets\n")
    assert out.splitlines() == [str(tmp_path / "out" / name) for name in ("ABL1", "ACHE")]
    assert (tmp_path / "out" / "ABL1" / "receptor.pdbqt").read_text() == ATOMS
    assert read_box(tmp_path / "out" / "ACHE" / "box.txt")[1] == (20.0, 20.0, 20.0)
    code, _, err = program("dock", "import", source, "--out", tmp_path / "out")
    assert (code, "is there already" in err) == (2, True)


def test_files_that_are_no_targets_are_refused_in_one_line(tmp_path: Path) -> None:
    dockstring(source := tmp_path / "targets")
    (source / "ACHE_conf.txt").unlink()
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.tar").write_text("no archive")
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        for name, text in (("../../OUT_target.pdbqt", ATOMS), ("/OUT_conf.txt", "center_x = 1\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))
    for path, words in [
        (source, "of ACHE there is ACHE_target.pdbqt alone"),
        (tmp_path / "empty", "holds no NAME_target.pdbqt"),
        (tmp_path / "no.tar", "neither a folder nor a readable .tar archive"),
        (evil, "OUT is not sound"),
    ]:
        code, _, err = program("dock", "import", path, "--out", tmp_path / "out")
        assert (code, err.count("\n")) == (2, 1), err
        assert words in err
    assert not (tmp_path.parent / "OUT_target.pdbqt").exists()


def test_all_58_targets_of_dockstring_are_imported_and_sound(shared: Path, tmp_path: Path) -> None:
    archive = shared / "data" / "docking" / "dockstring_58_targets.tar.xz"
    code, out, err = program("dock", "import", archive, "--out", tmp_path / "targets")
    assert (code, err) == (0, "58 targets\n")
    assert "ABL1" in out
    assert len(receptor_atoms(tmp_path / "targets" / "ABL1" / "receptor.pdbqt")) > 2000


STAND_IN = '''#!{python}
"""Stands in for a docking program: checks its options, and writes what that program writes."""
import os, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert os.path.isfile(options["--receptor"]), options
size = [float(options["--size_" + axis]) for axis in "xyz"]
assert size == [20.0, 20.0, 20.0], size
text = open(options["--ligand"]).read()
carbons = sum(" C  " in line for line in text.splitlines())
if {kind!r} == "pdbqt":
    assert "TORSDOF" in text
    out = "MODEL 1\\nREMARK VINA RESULT:    -6.5      0.000      0.000\\nENDMDL\\n"
    out += "MODEL 2\\nREMARK VINA RESULT:    -5.0      1.000      2.000\\nENDMDL\\n"
else:
    assert "V2000" in text and len(text.splitlines()) > 8
    record = "{{0}}\\n> <minimizedAffinity>\\n{{1}}\\n\\n> <CNNaffinity>\\n{{2}}\\n\\n$$$$\\n"
    ligand = text.split("M  END")[0] + "M  END"
    out = record.format(ligand, -7.5, 5.25) + record.format(ligand, -7.0, 6.0)
open(options["--out"], "w").write(out)
'''


@pytest.mark.parametrize(
    ("name", "kind", "score", "value"),
    [
        ("smina", "sdf", "minimizedAffinity", -7.5),
        ("gnina", "sdf", "minimizedAffinity", -7.5),
        ("gnina", "sdf", "CNNaffinity", 5.25),
        ("qvina2.1", "pdbqt", "vina", -6.5),
    ],
)
def test_a_recipe_docks_by_another_program(name: str, kind: str, score: str, value: float, tmp_path: Path) -> None:
    if kind == "pdbqt":
        pytest.importorskip("meeko", reason="needs the extra [docking]")
    stand_in = tmp_path / name
    stand_in.write_text(STAND_IN.format(python=sys.executable, kind=kind))
    stand_in.chmod(0o755)
    target = tmp_path / "abl"
    target.mkdir()
    (target / "receptor.pdbqt").write_text(ATOMS)
    (target / "box.txt").write_text(BOX)
    recipe = (EXAMPLES / "docking_program.py").read_text()
    (tmp_path / "docking_program.py").write_text(recipe)
    command = [sys.executable, "docking_program.py", str(stand_in), "abl", "--score", score]
    ramp = {"kind": "ramp", "worst": -5.0, "best": -11.0}
    table = {"oracle": "program", "command": command, "transform": ramp, "name": "docked"}
    (component,) = parse(ObjectiveConfig, {"component": [table]}, source="o", folder=tmp_path).component
    oracle = component.build()
    molecules = [molecule for text in ("CCO", "c1ccccc1C(=O)O") if (molecule := Chem.MolFromSmiles(text)) is not None]  # noqa: TID251
    assert oracle(molecules).tolist() == [value, value]


def test_a_recipe_says_on_stderr_what_failed_and_gives_no_value(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "broken").write_text(f"#!{sys.executable}\nimport sys\nsys.exit('out of licences')\n")
    (tmp_path / "broken").chmod(0o755)
    (tmp_path / "receptor.pdbqt").write_text(ATOMS)
    (tmp_path / "box.txt").write_text(BOX)
    ran = subprocess.run(
        [sys.executable, EXAMPLES / "docking_program.py", tmp_path / "broken", tmp_path],
        input="CCO\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == '{"smiles": "CCO", "value": null}\n'
    assert "CCO: " in ran.stderr
    assert "out of licences" in ran.stderr


def test_a_target_without_its_files_is_refused(tmp_path: Path) -> None:
    table = {"oracle": "docking", "target": "none", "transform": {"kind": "ramp", "worst": -5.0, "best": -11.0}}
    with pytest.raises(ConfigError, match=r"none/receptor.pdbqt: no such receptor"):
        parse(ObjectiveConfig, {"component": [table]}, source="o.toml", folder=tmp_path)
