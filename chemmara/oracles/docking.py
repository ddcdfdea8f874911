"""Docking by AutoDock Vina: how well a molecule fits a receptor's pocket."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from rdkit.Chem import Mol, SDWriter
from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import given_smiles
from chemmara.molecules.standardise import parent_fragment
from chemmara.oracles.receptor import Pocket, receptor_text
from chemmara.oracles.spatial import conformers

NEEDS = (
    "docking needs Vina and meeko: pip install 'chemmara[docking]'"
    " (Vina has wheels for Linux and Python up to 3.12; elsewhere take it from conda-forge)"
)
_ELEMENTS: Final = frozenset(
    ["H", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "I", "Mg", "Ca", "Mn", "Fe", "Zn"]
)  # that meeko and Vina have types for


@dataclass(frozen=True)
class Docking:
    """Vina's binding energy of the best pose in kcal/mol; the lower the better.

    Of a salt the largest organic fragment is docked. It has the protonation state that its SMILES has. Where stereo is
    not given, up to `stereoisomers` isomers are docked, chosen by the seed, and the best one counts. Each begins with
    one ETKDGv3 conformer relaxed by MMFF94. A molecule is docked by one thread; the same seed gives the same energy.

    Args:
        pocket: where to.
        exhaustiveness: Vina's: independent searches, each of which costs as much.
        stereoisomers: most of them to dock.
        seed: of conformers and searches.
        poses: folder that keeps the best pose of each molecule as an SD file; none: poses are not kept.
    """

    pocket: Pocket
    exhaustiveness: int = 8
    stereoisomers: int = 1
    seed: int = 42
    poses: Path | None = None
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Energies (n,)."""
        return np.array([self._best_energy(molecule) for molecule in molecules], dtype=float)

    def _best_energy(self, molecule: Mol) -> float:
        options = StereoEnumerationOptions(maxIsomers=self.stereoisomers, onlyUnassigned=True, rand=self.seed)
        ligand = dockable(molecule)
        docked = [self._dock(isomer) for isomer in EnumerateStereoisomers(ligand, options=options)]
        energy, pose = min(docked, key=lambda found: found[0])
        if self.poses is not None:
            write_pose(self.poses, given_smiles(molecule), energy, pose)
        return energy

    def _dock(self, molecule: Mol) -> tuple[float, str]:
        """Energy and pose, as PDBQT, of one stereoisomer."""
        return dock(self.pocket, molecule, exhaustiveness=self.exhaustiveness, seed=self.seed)


def dock(pocket: Pocket, molecule: Mol, *, exhaustiveness: int, seed: int) -> tuple[float, str]:
    """Energy in kcal/mol and pose, as PDBQT, of a molecule whose stereo is given; from a new conformer."""
    vina = _ready(pocket, seed)
    vina.set_ligand_from_string(_prepared(molecule, seed))
    vina.dock(exhaustiveness=exhaustiveness, n_poses=1)
    return float(vina.energies(n_poses=1)[0][0]), str(vina.poses(n_poses=1))


def dockable(molecule: Mol) -> Mol:
    """The fragment of a molecule that is docked; ValueError with the reason where it cannot be.

    >>> from chemmara.molecules.chem import canonical, parse
    >>> canonical(dockable(parse("Cl.CCN")))
    'CCN'
    """
    ligand = parent_fragment(molecule)
    foreign = sorted({atom.GetSymbol() for atom in ligand.GetAtoms()} - _ELEMENTS)
    if foreign:
        raise ValueError(f"cannot be docked: Vina has no atom type for {', '.join(foreign)}")
    if not ligand.GetNumHeavyAtoms():
        raise ValueError("cannot be docked: hydrogen alone")
    return ligand


@cache
def _ready(pocket: Pocket, seed: int) -> Any:
    """Vina with the receptor's maps, computed once in a process."""
    vina = _with_receptor(pocket.receptor, seed)
    vina.compute_vina_maps(center=list(pocket.centre), box_size=list(pocket.size))
    return vina


def check_receptor(receptor: Path) -> None:
    """ChemmaraError where Vina refuses a receptor; its atoms must have been read before (see receptor_atoms)."""
    _with_receptor(receptor, 42)


def _with_receptor(receptor: Path, seed: int) -> Any:
    try:
        from vina import Vina
    except ModuleNotFoundError:
        raise ChemmaraError(NEEDS) from None
    vina = Vina(sf_name="vina", cpu=1, seed=seed, verbosity=0)
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "receptor.pdbqt"
        plain.write_bytes(receptor_text(receptor))
        try:
            vina.set_receptor(str(plain))
        except (RuntimeError, TypeError) as error:  # its wrapper makes TypeErrors of parsing errors
            words = " ".join(
                line.strip() for line in str(error).split("Additional information")[0].splitlines() if line
            )
            raise ChemmaraError(f"{receptor}: Vina refuses it ({words})") from None
    return vina


def _prepared(molecule: Mol, seed: int) -> str:
    """PDBQT of a conformer, with torsions free to turn; ValueError where meeko refuses it."""
    try:
        from meeko import MoleculePreparation, PDBQTWriterLegacy
    except ModuleNotFoundError:
        raise ChemmaraError(NEEDS) from None
    setup = MoleculePreparation().prepare(conformers(molecule, 1, seed))[0]
    text, well, why = PDBQTWriterLegacy.write_string(setup)
    if not well:
        raise ValueError(why.strip())
    return str(text)


def rescore(pocket: Pocket, pose: str) -> float:
    """Vina's energy of a ligand's pose (PDBQT) as it lies, kcal/mol."""
    vina = _ready(pocket, 42)
    vina.set_ligand_from_string(pose)
    return float(vina.score()[0])


def pose_file(folder: Path, smiles: str) -> Path:
    """Where the pose of a molecule is kept."""
    return folder / f"{sha256(smiles.encode()).hexdigest()[:24]}.sdf"


def pose_molecule(pose: str) -> Mol:
    """The molecule of a pose that meeko prepared (PDBQT), with its coordinates."""
    from meeko import PDBQTMolecule, RDKitMolCreate

    return RDKitMolCreate.from_pdbqt_mol(PDBQTMolecule(pose, is_dlg=False, skip_typing=True))[0]


def write_pose(folder: Path, smiles: str, energy: float, pose: str) -> None:
    """Keep a pose as an SD file, with its energy and SMILES."""
    molecule = pose_molecule(pose)
    molecule.SetProp("_Name", smiles)
    molecule.SetProp("smiles", smiles)
    molecule.SetDoubleProp("vina_kcal_per_mol", energy)
    folder.mkdir(parents=True, exist_ok=True)
    partial = pose_file(folder, smiles).with_suffix(".partial")
    with SDWriter(str(partial)) as writer:
        writer.write(molecule, confId=molecule.GetConformer().GetId())
    partial.replace(pose_file(folder, smiles))
