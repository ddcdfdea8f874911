"""The only place where SMILES are parsed, and what every molecule is asked: canonical form, scaffold, fingerprint."""

import random

from rdkit import Chem, rdBase
from rdkit.Chem import Atom, BondType, Mol, RWMol, rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold
from rdkit.DataStructs import ExplicitBitVect

_CARBON_NEIGHBOURS = 4
_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def parse(smiles: str) -> Mol | None:
    """The sanitised molecule, or None where the text is not one (empty text is none)."""
    text = smiles.strip()
    if not text:
        return None
    with rdBase.BlockLogs():
        molecule: Mol | None = Chem.MolFromSmiles(text)
    return molecule if molecule is not None and molecule.GetNumAtoms() else None


def why_invalid(smiles: str) -> str:
    """RDKit's reason for refusing a SMILES, on one line; '' for a valid one.

    >>> why_invalid("C1CC"), why_invalid("C[N](C)(C)C")
    ('not SMILES syntax', 'Explicit valence for atom # 1 N, 4, is greater than permitted')
    """
    text = smiles.strip()
    if not text:
        return "empty"
    with rdBase.BlockLogs():
        molecule: Mol | None = Chem.MolFromSmiles(text, sanitize=False)
        if molecule is None:
            return "not SMILES syntax"
        problems = Chem.DetectChemistryProblems(molecule)
    return "; ".join(dict.fromkeys(str(problem.Message()) for problem in problems))


def parse_pattern(smarts: str) -> Mol | None:
    """The query molecule of a SMARTS, or None where the text is not one."""
    with rdBase.BlockLogs():
        query: Mol | None = Chem.MolFromSmarts(smarts) if smarts.strip() else None
    return query


def canonical(molecule: Mol) -> str:
    """RDKit's canonical isomeric SMILES: one string per molecule, whatever order its atoms came in."""
    return Chem.MolToSmiles(molecule)


def canonical_smiles(smiles: str) -> str | None:
    """Canonical form of a SMILES; None where it does not parse.

    >>> canonical_smiles("OCC"), canonical_smiles("C1CC")
    ('CCO', None)
    """
    molecule = parse(smiles)
    return None if molecule is None else canonical(molecule)


def flat_smiles(smiles: str) -> str | None:
    """Canonical SMILES without stereo and isotopes; None where the text does not parse."""
    molecule = parse(smiles)
    return None if molecule is None else Chem.MolToSmiles(molecule, isomericSmiles=False)


def scaffold(molecule: Mol) -> str:
    """Bemis-Murcko scaffold (rings and what links them) as SMILES without stereo; '' for an acyclic molecule.

    >>> scaffold(parse("CCOc1ccccc1CC2CC2"))
    'c1ccc(CC2CC2)cc1'
    """
    core = MurckoScaffold.GetScaffoldForMol(molecule)
    return Chem.MolToSmiles(core, isomericSmiles=False) if core.GetNumAtoms() else ""


def generic_scaffold(molecule: Mol) -> str:
    """Bemis-Murcko framework: the scaffold with every atom carbon and every bond single; '' if acyclic.

    An atom with more than four neighbours, which carbon cannot have, stays what it is.

    >>> generic_scaffold(parse("CCOc1ccccc1CC2CC2"))
    'C1CCC(CC2CC2)CC1'
    """
    core = MurckoScaffold.GetScaffoldForMol(molecule)
    if not core.GetNumAtoms():
        return ""
    with rdBase.BlockLogs():
        flat = _all_carbon(core)
        # Exocyclic =O of a scaffold becomes a methyl when made generic: prune once more.
        return Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(flat), isomericSmiles=False)


def _all_carbon(core: Mol) -> Mol:
    """A copy with carbon atoms and single bonds, as far as valence allows."""
    try:
        return MurckoScaffold.MakeScaffoldGeneric(core)
    except Chem.AtomValenceException:
        flat = RWMol(core)
    for atom in core.GetAtoms():
        if atom.GetDegree() <= _CARBON_NEIGHBOURS:
            flat.ReplaceAtom(atom.GetIdx(), Atom(6))
    for bond in flat.GetBonds():
        bond.SetBondType(BondType.SINGLE)
        bond.SetIsAromatic(False)
    Chem.SanitizeMol(flat)
    return flat


def fingerprint(molecule: Mol) -> ExplicitBitVect:
    """Morgan fingerprint of radius 2 in 2048 bits, the one every diversity figure uses."""
    return _MORGAN.GetFingerprint(molecule)


def without_stereo(molecule: Mol) -> Mol:
    """A copy with stereo centres, double-bond stereo and isotope-free wedging removed."""
    flat = Mol(molecule)
    Chem.RemoveStereochemistry(flat)
    return flat


def randomised(molecule: Mol, seed: int) -> str:
    """One of the many SMILES of a molecule: its atoms renumbered at random, chosen by `seed`."""
    order = list(range(molecule.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    return Chem.MolToSmiles(Chem.RenumberAtoms(molecule, order), canonical=False)


_GIVEN = "_chemmara_smiles"


def remember_smiles(molecule: Mol, smiles: str) -> Mol:
    """The molecule with the SMILES it was read from on it (canonical text is not always its own canonical text)."""
    molecule.SetProp(_GIVEN, smiles)
    return molecule


def given_smiles(molecule: Mol) -> str:
    """The SMILES that `remember_smiles` put on a molecule; its canonical one if there is none."""
    return molecule.GetProp(_GIVEN) if molecule.HasProp(_GIVEN) else canonical(molecule)
