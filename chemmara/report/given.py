"""What every molecule of a run was to hold, laid out once, so that all of them are drawn the same way round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rdkit import Chem
from rdkit.Chem import Mol

from chemmara.molecules.chem import parse
from chemmara.oracles.substructure import core_query
from chemmara.report.depictions import lay_out, lay_out_on

_FEWEST = 5  # atoms that make a part worth drawing the rest around


@dataclass(frozen=True)
class Part:
    """A core or a fragment without its open places; both molecules have the same atoms in the same order."""

    layout: Mol  # with coordinates
    query: Mol  # finds it where it is substituted at its places only


def laid_out_parts(start: dict[str, Any]) -> list[Part]:
    """The cores or fragments of a run's settings; the largest first."""
    texts = [*(start.get("core") or ()), *(start.get("link") or ())]
    parts = [part for text in texts if (part := _part(text)) is not None]
    return sorted(parts, key=lambda part: -part.layout.GetNumAtoms())


def lay_out_on_part(molecule: Mol, parts: Sequence[Part]) -> bool:
    """Give a molecule coordinates for drawing, on the first of the parts that it holds; whether that could be done."""
    for part in parts:
        if match := molecule.GetSubstructMatch(part.query):
            return lay_out_on(molecule, part.layout, match)
    return False


def _part(text: str) -> Part | None:
    """The part as it lies in a drawing, its places taken away; None for a small one, and where it is not valid SMILES.

    What is left need not be a molecule by itself, as a pyrrole whose nitrogen was a place: it is only drawn on.
    """
    whole, query = parse(text), core_query(text)
    if whole is None or query is None or query.GetNumAtoms() < _FEWEST:
        return None
    lay_out(whole)
    left = Chem.RWMol(whole)
    for atom in reversed(list(whole.GetAtoms())):
        if not atom.GetAtomicNum():
            left.RemoveAtom(atom.GetIdx())
    left.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(left)
    return Part(left.GetMol(), query)
