"""The only place where SMILES are parsed, and what every molecule is asked: canonical form, scaffold, fingerprint."""

import random
import re
from collections.abc import Sequence

from rdkit import Chem
from rdkit.Chem import Atom, BondType, Mol, RWMol, rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold
from rdkit.DataStructs import BitVectToBinaryText, ExplicitBitVect

from chemmara.molecules.quiet import QUIET

LONGEST = 2000
"""Most characters of a SMILES: RDKit's time for some questions grows with the cube, to half a minute here."""
_MAPPED = re.compile(r":\d+\]")
# Texts whose canonical SMILES may not be readable: in 125,000 random changes of drugs' SMILES that RDKit reads no other
# failed. (`canonical_smiles` makes sure.) Several patterns are quicker than one.
_DOUBTFUL = tuple(
    re.compile(pattern)
    for pattern in (
        r"[*~]",  # a wildcard, a bond that stands for any
        r"\[\d*(?!(?:Cl|Br|[HBCNOFPSI]|[cnops])(?![a-z]))",  # an unusual element, or in lower case
        r"[bnops]H?[^A-Za-z]*=|[bnops]\d*\(.*\)=",  # a double bond at an aromatic atom other than carbon
        r"c[^A-Za-z]*=(?![OS])",  # or at an aromatic carbon, but for =O and =S outside the ring
        r"(?<![OS])=[^A-Za-z]*[bcnops]",
        r"\)=(?![OS])",  # a double bond whose first atom stands before a branch
        r"[bops]\d*[(]|[bops]\d+[^)\d]",  # an aromatic atom with a neighbour too many
    )
)
_CARBON_NEIGHBOURS = 4
_MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def parse(smiles: str) -> Mol | None:
    """The sanitised molecule of a SMILES, without atom maps; None where the text is not valid (docs/molecules.md).

    Valid: RDKit reads the text up to its first blank (a name or a CXSMILES extension may follow and is not read), it
    has an atom and at most 2,000 characters, and RDKit reads the canonical SMILES that it writes for it.

    >>> canonical(parse("[CH3:1][OH:2] methanol")), parse("C1=CC=[Al]C=C1")
    ('CO', None)
    """
    text = (smiles.split(None, 1) or [""])[0]
    if not text or len(text) > LONGEST:
        return None
    with QUIET:
        molecule: Mol | None = Chem.MolFromSmiles(text)
        if molecule is None or not molecule.GetNumAtoms():
            return None
        if _MAPPED.search(text):
            _remove_maps(molecule)
        doubtful = any(pattern.search(text) for pattern in _DOUBTFUL)
        return _read_again(molecule) if doubtful else molecule


def _remove_maps(molecule: Mol) -> None:
    for atom in molecule.GetAtoms():
        atom.SetAtomMapNum(0)
    Chem.AssignStereochemistry(molecule, cleanIt=True, force=True)


def _read_again(molecule: Mol) -> Mol | None:
    """The molecule that RDKit reads in its own canonical SMILES; None where it reads none, or another one each time."""
    text = Chem.MolToSmiles(molecule)
    for _ in range(3):
        again: Mol | None = Chem.MolFromSmiles(text)
        if again is None or any(bond.HasQuery() for bond in again.GetBonds()):
            return None
        before, text = text, Chem.MolToSmiles(again)
        if text == before:
            return again
    return None


def molecules_of(smiles: Sequence[str]) -> list[Mol]:
    """The molecules (n,) of valid SMILES; ValueError for one that is not."""
    molecules = [molecule for text in smiles if (molecule := parse(text)) is not None]
    if len(molecules) < len(smiles):
        wrong = next(text for text in smiles if parse(text) is None)
        raise ValueError(f"{wrong!r} is not a valid SMILES; leave invalid ones out first")
    return molecules


def why_invalid(smiles: str) -> str:
    """Why a SMILES is not valid, on one line: mostly RDKit's reason; '' for a valid one.

    >>> why_invalid("C1CC"), why_invalid("C[N](C)(C)C")
    ('not SMILES syntax', 'Explicit valence for atom # 1 N, 4, is greater than permitted')
    """
    if parse(smiles) is not None:  # first: RDKit may have mended what it would complain about (C=O[Al], a dative bond)
        return ""
    text = (smiles.split(None, 1) or [""])[0]
    if not text or len(text) > LONGEST:
        return f"{len(text)} characters, of which {LONGEST} are allowed" if text else "empty"
    if "~" in text:
        return "a bond ~ stands for any bond"
    with QUIET:
        molecule: Mol | None = Chem.MolFromSmiles(text, sanitize=False)
        if molecule is None:
            return "not SMILES syntax"
        problems = Chem.DetectChemistryProblems(molecule)
    if problems:
        return "; ".join(dict.fromkeys(str(problem.Message()) for problem in problems))
    return "RDKit cannot read the canonical SMILES that it writes for it"


def parse_pattern(smarts: str) -> Mol | None:
    """The query molecule of a SMARTS, or None where the text is not one."""
    with QUIET:
        query: Mol | None = Chem.MolFromSmarts(smarts) if smarts.strip() else None
    return query


def canonical(molecule: Mol) -> str:
    """RDKit's canonical isomeric SMILES: one string per molecule, whatever order its atoms came in."""
    return Chem.MolToSmiles(molecule)


def canonical_smiles(smiles: str) -> str | None:
    """Canonical form of a SMILES, which is valid itself; None where the text is not valid.

    >>> canonical_smiles("OCC"), canonical_smiles("C1CC")
    ('CCO', None)
    """
    return canonical_molecule(smiles)[0] or None


def canonical_molecule(smiles: str) -> tuple[str, Mol | None]:
    """Canonical form of a SMILES and the molecule that this form is read as; ("", None) where the text is not valid.

    >>> text, molecule = canonical_molecule("OCC")
    >>> text, [atom.GetSymbol() for atom in molecule.GetAtoms()]
    ('CCO', ['C', 'C', 'O'])
    """
    molecule = parse(smiles)
    if molecule is None:
        return "", None
    text = canonical(molecule)
    if text != smiles:
        molecule = parse(text)
    return ("", None) if molecule is None else (text, molecule)


def flat_smiles(smiles: str) -> str | None:
    """Canonical SMILES without stereo and isotopes; None where the text does not parse."""
    molecule = parse(smiles)
    return None if molecule is None else Chem.MolToSmiles(molecule, isomericSmiles=False)


def scaffold(molecule: Mol) -> str:
    """Bemis-Murcko scaffold (rings and what links them) as SMILES without stereo; '' for an acyclic molecule.

    >>> scaffold(parse("CCOc1ccccc1CC2CC2"))
    'c1ccc(CC2CC2)cc1'
    """
    if not molecule.GetRingInfo().NumRings():  # saves minutes on a long chain
        return ""
    core = MurckoScaffold.GetScaffoldForMol(molecule)
    return Chem.MolToSmiles(core, isomericSmiles=False) if core.GetNumAtoms() else ""


def generic_scaffold(molecule: Mol) -> str:
    """Bemis-Murcko framework: the scaffold with every atom carbon and every bond single; '' if acyclic.

    An atom with more than four neighbours, which carbon cannot have, stays what it is.

    >>> generic_scaffold(parse("CCOc1ccccc1CC2CC2"))
    'C1CCC(CC2CC2)CC1'
    """
    if not molecule.GetRingInfo().NumRings():
        return ""
    core = MurckoScaffold.GetScaffoldForMol(molecule)
    with QUIET:
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


def packed_bytes(molecule: Mol) -> bytes:
    """The fingerprint of a molecule as 256 bytes, a bit for each bit, the lowest of a byte first."""
    return BitVectToBinaryText(fingerprint(molecule))


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


def unrestricted(molecule: Mol, seed: int) -> str:
    """One of the many SMILES of a molecule by RDKit's doRandom (c1cc(ccc1)C is one, too), chosen by `seed`."""
    return Chem.MolToRandomSmilesVect(molecule, 1, randomSeed=seed % (2**31 - 1) + 1)[0]  # RDKit takes 0 for no seed


_GIVEN = "_chemmara_smiles"


def remember_smiles(molecule: Mol, smiles: str) -> Mol:
    """The molecule with the SMILES it was read from on it (canonical text is not always its own canonical text)."""
    molecule.SetProp(_GIVEN, smiles)
    return molecule


def given_smiles(molecule: Mol) -> str:
    """The SMILES that `remember_smiles` put on a molecule; its canonical one if there is none."""
    return molecule.GetProp(_GIVEN) if molecule.HasProp(_GIVEN) else canonical(molecule)
