"""What every molecule of a run was to hold, laid out once, so that all of them are drawn the same way round."""

from collections.abc import Iterable, Sequence
from typing import Any

from rdkit import Chem
from rdkit.Chem import Mol

from chemmara.molecules.chem import parse
from chemmara.report.depictions import lay_out

_FEWEST = 5  # atoms that make a part worth drawing the rest around


def laid_out_parts(start: dict[str, Any]) -> list[Mol]:
    """The cores or fragments of a run's settings with coordinates, without their open places; the largest first."""
    texts = [*(start.get("core") or ()), *(start.get("link") or ())]
    parts = [part for text in texts if (part := _without_places(text)).GetNumAtoms() >= _FEWEST]
    return sorted(parts, key=lambda part: -part.GetNumAtoms())


def part_in(molecule: Mol, parts: Iterable[Mol]) -> Mol | None:
    """The first of the parts that a molecule holds."""
    return next((part for part in parts if molecule.HasSubstructMatch(part)), None)


def _without_places(text: str) -> Mol:
    """The part as it lies in a drawing, its places taken away; without an atom where it is not valid SMILES.

    What is left need not be a molecule by itself, as a pyrrole whose nitrogen was a place: it is matched and drawn on.
    """
    whole = parse(text)
    if whole is None:
        return Mol()
    lay_out(whole)
    left = Chem.RWMol(whole)
    for place in sorted(_places(whole), reverse=True):
        left.RemoveAtom(place)
    left.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(left)
    return left.GetMol()


def _places(molecule: Mol) -> Sequence[int]:
    return [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() == 0]
