"""Docking for real: a reference pose, a small ligand, and what is refused."""

import gzip
from pathlib import Path

import pytest

from chemmara.config import parse
from chemmara.errors import ConfigError
from chemmara.molecules.chem import parse as molecule_of
from chemmara.molecules.chem import remember_smiles
from chemmara.oracles.docking import Docking, Pocket, pose_file, rescore
from chemmara.scoring.objective import ObjectiveConfig

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
