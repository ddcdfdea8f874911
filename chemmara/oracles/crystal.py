"""From a crystal structure with a ligand to a docking target, and how well docking finds the ligand's pose again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem, Mol, rdMolAlign

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.quiet import QUIET
from chemmara.oracles.docking import NEEDS, dock, pose_molecule
from chemmara.oracles.receptor import Pocket
from chemmara.oracles.target import box_text, write_target
from chemmara.system.files import write_text

_SMALLEST: Final = 15.0  # angstrom: edge of a box in which a ligand of any size can still turn
_CLOSE: Final = 8.0  # angstrom from the ligand within which a residue that is left out matters


@dataclass(frozen=True)
class Prepared:
    """A target's folder, and what was done."""

    pocket: Pocket
    ligand: str  # its PDB block, as it lies in the crystal
    notes: list[str]  # what was left out of the receptor


def prepare(source: Path, ligand: str, out: Path, *, padding: float = 5.0) -> Prepared:
    """Write the receptor and the box around a ligand of a crystal structure into a folder.

    The receptor is the first model's polymers in their first conformation, without waters, ions and other small
    molecules. Hydrogens that the file lacks are added by meeko's residue templates, in the commonest protonation state;
    those that it has decide the state. The box is the ligand's, `padding` angstrom wider on each side.

    Args:
        source: .pdb or .cif (mmCIF), also .gz.
        ligand: name of its residue as STI, or CHAIN:NAME, or CHAIN:NAME:NUMBER; of several the first is taken.
        out: folder of the target: receptor.pdbqt, box.txt and ligand.pdb.
        padding: angstrom.

    Raises:
        ChemmaraError: the file cannot be read, holds no such ligand or no polymer, or a library is missing.
    """
    structure, residue, notes = _read(source, ligand)
    atoms = np.array([list(atom.pos) for atom in residue[1]])
    low, high = atoms.min(axis=0) - padding, atoms.max(axis=0) + padding
    centre, size = (low + high) / 2, np.maximum(high - low, _SMALLEST)
    block = _ligand_block(*residue)
    notes += _left_out(structure, residue)
    structure.remove_ligands_and_waters()
    structure.remove_empty_chains()
    if not len(structure) or not structure[0].count_atom_sites():
        raise ChemmaraError(f"{source}: holds no protein or nucleic acid")
    receptor, more = _as_pdbqt(source, structure, atoms)
    box = box_text(tuple(centre.tolist()), tuple(size.tolist()))
    try:
        pocket = write_target(out, receptor, box)
    except ValueError as error:
        raise ChemmaraError(f"{source}: {error}") from None
    write_text(out / "ligand.pdb", block)
    return Prepared(pocket, block, notes + more)


def _read(source: Path, ligand: str) -> tuple[Any, tuple[str, Any], list[str]]:
    """The structure, the chain's name and the residue of the ligand, and notes."""
    try:
        import gemmi
    except ModuleNotFoundError:
        raise ChemmaraError(NEEDS) from None
    try:
        structure = gemmi.read_structure(str(source))
    except (RuntimeError, ValueError, OSError) as error:
        raise ChemmaraError(f"{source}: cannot be read ({str(error).splitlines()[0]})") from None
    if not len(structure):
        raise ChemmaraError(f"{source}: holds no atoms; .pdb and .cif files are read")
    notes = [f"{len(structure)} models: the first is taken"] if len(structure) > 1 else []
    while len(structure) > 1:
        del structure[-1]
    structure.setup_entities()
    structure.remove_alternative_conformations()
    small = _small_molecules(structure)
    *chain, name, number = ligand.split(":") if ligand.count(":") == 2 else [*ligand.split(":"), ""]  # noqa: PLR2004
    found = [
        (there, residue)
        for there, residue in small
        if residue.name == name and chain in ([], [there]) and number in {"", str(residue.seqid)}
    ]
    if not found:
        names = ", ".join(sorted({f"{there}:{residue.name}:{residue.seqid}" for there, residue in small})) or "none"
        raise ChemmaraError(f"{source}: has no ligand {ligand}; it has {names}")
    if len(found) > 1:
        notes.append(f"{len(found)} ligands are called {ligand}: {found[0][0]}:{name}:{found[0][1].seqid} is taken")
    return structure, (found[0][0], found[0][1].clone()), notes


def _small_molecules(structure: Any) -> list[tuple[str, Any]]:
    """Names of chains with the residues in them that are neither polymer nor water."""
    return [
        (chain.name, residue)
        for chain in structure[0]
        for residue in chain
        if residue.entity_type.name in {"NonPolymer", "Branched"}
    ]


def _left_out(structure: Any, ligand: tuple[str, Any]) -> list[str]:
    """Which small molecules are not in the receptor, but for water and the ligand."""
    chosen = (ligand[0], ligand[1].name, str(ligand[1].seqid))
    names = [
        f"{chain}:{residue.name}:{residue.seqid}"
        for chain, residue in _small_molecules(structure)
        if (chain, residue.name, str(residue.seqid)) != chosen
    ]
    return (
        [f"left out of the receptor: {', '.join(names)} (a metal or cofactor near the ligand is missed)"]
        if names
        else []
    )


def _ligand_block(chain: str, residue: Any) -> str:
    """A residue alone as PDB."""
    import gemmi

    alone, model, holder = gemmi.Structure(), gemmi.Model(1), gemmi.Chain(chain)
    holder.add_residue(residue)
    model.add_chain(holder)
    alone.add_model(model)
    return str(alone.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)))


def _as_pdbqt(source: Path, structure: Any, ligand: np.ndarray) -> tuple[str, list[str]]:
    """The receptor as PDBQT, and which residues near the ligand have no template."""
    try:
        import gemmi
        from meeko import MoleculePreparation, PDBQTWriterLegacy, Polymer, ResidueChemTemplates
    except ModuleNotFoundError:
        raise ChemmaraError(NEEDS) from None
    text = structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True))
    templates = ResidueChemTemplates.create_from_defaults()
    try:
        polymer = Polymer.from_pdb_string(text, templates, MoleculePreparation(), allow_bad_res=True)
    except (RuntimeError, ValueError) as error:
        raise ChemmaraError(f"{source}: meeko cannot prepare the receptor ({str(error).splitlines()[0]})") from None
    receptor, _ = PDBQTWriterLegacy.write_string_from_polymer(polymer)
    positions = {
        f"{chain.name}:{residue.seqid}": np.array([list(atom.pos) for atom in residue])
        for chain in structure[0]
        for residue in chain
    }
    gone = sorted(set(positions) - set(polymer.get_valid_monomers()))
    near = [name for name in gone if _distance(positions[name], ligand) < _CLOSE]
    notes = (
        [f"{len(gone)} residues are left out, for meeko has no template that fits: {', '.join(gone)}"] if gone else []
    )
    return receptor, [*notes, *([f"of them near the ligand: {', '.join(near)}; mend them first"] if near else [])]


def _distance(some: np.ndarray, others: np.ndarray) -> float:
    return float(np.sqrt(((some[:, None] - others[None]) ** 2).sum(axis=2)).min())


def with_bonds(block: str, smiles: str) -> Mol:
    """A crystal ligand with the bond orders and charges of its SMILES; ChemmaraError where they do not fit."""
    template = parse(smiles)
    if template is None:
        raise ChemmaraError(f"{smiles}: is not a valid SMILES")
    with QUIET:
        found: Mol | None = Chem.MolFromPDBBlock(block, sanitize=False)
        try:
            return AllChem.AssignBondOrdersFromTemplate(template, Chem.RemoveHs(found, sanitize=False))
        except (ValueError, RuntimeError):
            raise ChemmaraError(f"{smiles}: is not the ligand of the structure; their atoms or bonds differ") from None


def redock(pocket: Pocket, crystal: Mol, *, exhaustiveness: int = 8, seed: int = 42) -> tuple[float, float]:
    """Dock a crystal ligand from a new conformer: Vina's energy (kcal/mol), and the pose's distance from the crystal's.

    The distance is the root mean square over heavy atoms, in angstrom, by the symmetry that makes it smallest and
    without alignment. Below 2 the pose counts as found again (Cole 2005, doi:10.1002/prot.20497).
    """
    ligand = Mol(crystal)
    Chem.AssignStereochemistryFrom3D(ligand)
    energy, pose = dock(pocket, ligand, exhaustiveness=exhaustiveness, seed=seed)
    return energy, distance(pose_molecule(pose), crystal)


def distance(pose: Mol, crystal: Mol) -> float:
    """Root mean square distance over heavy atoms, without alignment, by the best symmetry; angstrom."""
    return float(rdMolAlign.CalcRMS(Chem.RemoveHs(pose), Chem.RemoveHs(crystal)))
