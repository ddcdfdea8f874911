"""Docking for real: a reference pose, a small ligand, and what is refused."""

import gzip
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from chemmara.config import parse
from chemmara.errors import ConfigError
from chemmara.molecules.chem import canonical, remember_smiles
from chemmara.molecules.chem import parse as molecule_of
from chemmara.oracles.docking import Docking, dockable, pose_file, rescore
from chemmara.oracles.receptor import Pocket, check_pocket
from chemmara.scoring.measurement import measure_with
from chemmara.scoring.objective import ObjectiveConfig
from cli.main import app

CENTRE, SIZE = (15.19, 53.903, 16.917), (20.0, 20.0, 20.0)


@pytest.fixture(scope="module")
def abl(shared: Path) -> Path:
    """c-Abl with imatinib, PDB 1IEP, as Vina's tutorial prepares it."""
    pytest.importorskip("vina", reason="needs the extra [docking]")
    return shared / "data" / "docking"


def test_the_reference_pose_of_1iep_has_its_published_energy(abl: Path) -> None:
    pocket = Pocket(abl / "1iep_receptor.pdbqt.gz", CENTRE, SIZE)
    text = (abl / "1iep_ligand_vina_out.pdbqt").read_text()
    pose = text.split("ENDMDL")[0].split("\n", 1)[1]
    published = float(text.split("REMARK VINA RESULT:")[1].split()[0])
    assert published == -13.234
    assert rescore(pocket, pose) == pytest.approx(published, abs=0.1)


@pytest.mark.slow
def test_a_small_ligand_docks_alike_each_time_and_keeps_its_pose(abl: Path, tmp_path: Path) -> None:
    docking = Docking(
        Pocket(abl / "1iep_receptor.pdbqt.gz", CENTRE, SIZE),
        exhaustiveness=1,
        stereoisomers=2,
        poses=tmp_path / "poses",
    )
    molecule = molecule_of("CC(O)c1cccnc1")
    assert molecule is not None
    remember_smiles(molecule, "CC(O)c1cccnc1")
    (first,), (again,) = docking([molecule]), docking([molecule])
    assert first == again
    assert -8 < first < -3
    assert "vina_kcal_per_mol" in pose_file(tmp_path / "poses", "CC(O)c1cccnc1").read_text()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"receptor": "no.pdbqt"}, "no.pdbqt: no such receptor"),
        ({"receptor": "wrong.pdbqt"}, "is no receptor in PDBQT"),
        ({"centre": None}, "needs a box"),
        ({"box": "box.txt", "centre": None, "size": None}, "box.txt: lacks 'center_y'"),
        ({"box": "none.txt", "centre": None, "size": None}, "none.txt: no such box"),
        ({"size": (0, 1, 1)}, "greater than 0"),
    ],
)
def test_a_docking_that_cannot_work_is_refused_in_one_line(changes: dict, words: str, tmp_path: Path) -> None:
    (tmp_path / "receptor.pdbqt.gz").write_bytes(gzip.compress(b"ATOM      1  N   GLY A   1"))
    (tmp_path / "wrong.pdbqt").write_text("not a receptor")
    (tmp_path / "box.txt").write_text("center_x = 1.0\n")
    ramp = {"kind": "ramp", "worst": -5.0, "best": -11.0}
    settings = {"oracle": "docking", "receptor": "receptor.pdbqt.gz", "centre": CENTRE, "size": SIZE, "transform": ramp}
    given = {key: value for key, value in {**settings, **changes}.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        parse(ObjectiveConfig, {"component": [given]}, source="o.toml", folder=tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


ATOMS = "".join(
    f"ATOM  {i + 1:5d}  CA  GLY A   1    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00    +0.000 C \n"
    for i, (x, y, z) in enumerate([(0, 0, 0), (5, 0, 0), (0, 5, 0)])
)


def refusal(folder: Path, text: str, name: str = "r.pdbqt", **changes: object) -> str:
    (folder / name).write_text(text)
    ramp = {"kind": "ramp", "worst": -5.0, "best": -11.0}
    settings = {"oracle": "docking", "receptor": name, "centre": (0, 0, 0), "size": (20, 20, 20), "transform": ramp}
    with pytest.raises(ConfigError) as caught:
        parse(ObjectiveConfig, {"component": [{**settings, **changes}]}, source="o.toml", folder=folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("centre", "near"), [(20.0, False), (19.0, True), (-14.0, True), (-14.1, False)])
def test_a_box_is_near_where_an_atom_reaches_it(centre: float, near: bool, tmp_path: Path) -> None:
    # The box around x = 20 begins at 10, 5 away from the atom at x = 5; an atom reaches 4. Around -14 it ends at -4.
    (tmp_path / "r.pdbqt").write_text(ATOMS)
    pocket = Pocket(tmp_path / "r.pdbqt", (centre, 0.0, 0.0), SIZE)
    with nullcontext() if near else pytest.raises(ValueError, match="away from the nearest atom"):
        check_pocket(pocket)


def test_a_receptor_or_box_that_would_score_nothing_is_refused_before_the_first_call(tmp_path: Path) -> None:
    far = refusal(tmp_path, ATOMS, centre=(500, 0, 0))
    assert "the box around (500, 0, 0) is 485 angstrom away from the nearest atom of r.pdbqt" in far
    assert "lies between (0, 0, 0) and (5, 5, 0)" in far
    assert "is no receptor in PDBQT" in refusal(tmp_path, "")
    assert "is no receptor in PDBQT" in refusal(tmp_path, "REMARK ATOM\n")
    assert "line 2: unknown atom type 'Xx'" in refusal(
        tmp_path, ATOMS.replace("C \n", "Xx\n").replace("Xx\n", "C \n", 1)
    )
    assert "line 1: an atom without a type (PDB instead of PDBQT?)" in refusal(tmp_path, ATOMS.replace(" C \n", "\n"))
    assert "line 1: an atom without coordinates" in refusal(tmp_path, "ATOM      1  N   GLY A   1\n")
    assert "line 3: an atom without coordinates" in refusal(
        tmp_path, ATOMS.replace("   5.000   0.000  1.00", "     nan   0.000  1.00")
    )
    assert "20 to 30 is usual, 100 the most" in refusal(tmp_path, ATOMS, size=(500, 20, 20))
    assert "cannot be read" in refusal(tmp_path, ATOMS, name="r.pdbqt.gz")
    (tmp_path / "box.txt").write_text("center_x=0\ncenter_y=0\ncenter_z=0\nsize_x=0\nsize_y=9\nsize_z=9\n")
    assert "must be above 0" in refusal(tmp_path, ATOMS, box="box.txt", centre=None, size=None)


def test_vinas_own_refusal_of_a_receptor_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("vina", reason="needs the extra [docking]")
    assert "Vina refuses it (PDBQT parsing error: Unknown or inappropriate tag" in refusal(tmp_path, ATOMS + "CONECT\n")


def test_validate_says_that_the_box_is_far_before_a_call_is_spent(tmp_path: Path) -> None:
    (tmp_path / "r.pdbqt").write_text(ATOMS)
    (tmp_path / "c.toml").write_text(
        '[objective]\n[[objective.component]]\noracle = "docking"\nreceptor = "r.pdbqt"\ncentre = [500, 0, 0]\n'
        'size = [20, 20, 20]\ntransform = { kind = "ramp", worst = -5.0, best = -11.0 }\n'
    )
    result = CliRunner().invoke(app, ["validate", str(tmp_path / "c.toml")])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "485 angstrom away" in result.stderr


def test_a_salts_parent_is_docked_and_what_vina_does_not_know_has_a_reason() -> None:
    salt = molecule_of("Cl.CCNC")
    assert salt is not None
    assert canonical(dockable(salt)) == "CCNC"
    for smiles, words in [
        ("CB(O)O", "no atom type for B"),
        ("c1ccccc1[Se]C", "for Se"),
        ("C*", r"for \*"),
        ("[H][H]", "hydrogen"),
    ]:
        molecule = molecule_of(smiles)
        assert molecule is not None
        with pytest.raises(ValueError, match=words):
            dockable(molecule)


def test_salts_are_docked_and_every_molecule_that_cannot_be_has_its_reason(abl: Path) -> None:
    docking = Docking(Pocket(abl / "1iep_receptor.pdbqt.gz", CENTRE, (12.0, 12.0, 12.0)), exhaustiveness=1)
    smiles = ["CCN.Cl", "CCN", "CB(O)O", "C[Si](C)(C)C"]
    molecules = [molecule for text in smiles if (molecule := molecule_of(text)) is not None]
    (salt, _), (free, _), (boron, reason), (silicon, _) = measure_with(docking, molecules)
    assert salt == free < 0
    assert silicon < 0
    assert (np.isnan(boron), reason) == (True, "ValueError: cannot be docked: Vina has no atom type for B")
