"""A core or a fragment as a chemist writes it: a SMILES in which `*` marks the places where something is attached."""

import re
from dataclasses import dataclass

from rdkit.Chem import Atom, BondType, Mol, RemoveHs, RWMol, SanitizeMol

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse, why_invalid
from chemmara.molecules.notation import Smiles

_PLACE = re.compile(r"\*|\[(\d*)\*(?::(\d+))?\]")


@dataclass(frozen=True)
class Part:
    """A core or a fragment whose places are dummy atoms with the place's number as their isotope."""

    text: str  # as it was given
    molecule: Mol
    places: tuple[int, ...]  # numbers, rising

    def at(self, place: int) -> Atom:
        """The dummy atom of a place."""
        return next(atom for atom in _dummies(self.molecule) if atom.GetIsotope() == place)

    def with_hydrogen(self, places: tuple[int, ...]) -> Mol:
        """The molecule with a hydrogen at these places; the others stay open."""
        edited = RWMol(self.molecule)
        for place in places:
            hydrogen = edited.GetAtomWithIdx(self.at(place).GetIdx())
            hydrogen.SetAtomicNum(1)
            hydrogen.SetIsotope(0)
        SanitizeMol(edited)
        return RemoveHs(edited.GetMol())


def _dummies(molecule: Mol) -> list[Atom]:
    return [atom for atom in molecule.GetAtoms() if atom.GetAtomicNum() == 0]


def read_part(text: str, what: str) -> Part:
    """The part that a SMILES with places (`*`, `[*:1]` or `[1*]`) stands for.

    Places without a number get the free numbers in the order in which they are written.

    Args:
        text: the SMILES.
        what: what an error calls it: "core" or "fragment".

    Raises:
        ChemmaraError: the SMILES is not valid, has no place, or has one that no single bond leads to.

    >>> read_part("*c1ncnc2cc([*:7])ccc12", "core").places
    (1, 7)
    """
    numbered, places = _numbered(text, what)
    molecule = parse(numbered)
    if molecule is None:
        raise ChemmaraError(f"{what} {text!r}: invalid SMILES: {why_invalid(numbered)}")
    if not places:
        raise ChemmaraError(f"{what} {text!r}: has no place; mark with * where something is to be attached")
    if "." in text:
        raise ChemmaraError(f"{what} {text!r}: is several molecules; write one without a dot")
    for dummy in _dummies(molecule):
        _check_place(dummy, f"{what} {text!r}: place {dummy.GetIsotope()}")
    return Part(text, molecule, places)


def _check_place(dummy: Atom, where: str) -> None:
    bonds = dummy.GetBonds()
    if len(bonds) != 1 or dummy.GetNeighbors()[0].GetAtomicNum() == 0:
        raise ChemmaraError(f"{where} must be bound to exactly one atom of it")
    if bonds[0].GetBondType() != BondType.SINGLE:
        raise ChemmaraError(f"{where} is bound by a multiple bond; only a single bond can lead to a place")


def _numbered(text: str, what: str) -> tuple[str, tuple[int, ...]]:
    """The SMILES with every place as `[n*]`, and the numbers."""
    tokens = Smiles().split(text.strip())
    matches = [_PLACE.fullmatch(token) for token in tokens]
    given = [int(match[2] or match[1] or 0) for match in matches if match]
    used = [number for number in given if number]
    if len(set(used)) < len(used):
        raise ChemmaraError(f"{what} {text!r}: two places have the same number")
    free = (number for number in range(1, len(given) + 1) if number not in used)
    numbers = [number or next(free) for number in given]
    following = iter(numbers)
    written = [f"[{next(following)}*]" if match else token for token, match in zip(tokens, matches, strict=True)]
    return "".join(written), tuple(sorted(numbers))
