"""What every molecule of a run was to hold, laid out once, so that all of them are drawn the same way round."""

from typing import Any

from rdkit.Chem import Conformer, Mol

from chemmara.molecules.chem import parse
from chemmara.oracles.substructure import core_query
from chemmara.report.depictions import lay_out

_FEWEST = 5  # atoms that make a part worth drawing the rest around


def laid_out_parts(start: dict[str, Any]) -> list[Mol]:
    """The cores or fragments of a run's settings, the largest first: queries with coordinates.

    A query finds its part where it is substituted at its places only; these are taken away.
    """
    texts = [*(start.get("core") or ()), *(start.get("link") or ())]
    parts = [part for text in texts if (part := _part(text)) is not None]
    return sorted(parts, key=lambda part: -part.GetNumAtoms())


def _part(text: str) -> Mol | None:
    """The query of a part, laid out as the part with its places; None for a small one, or where it is not SMILES."""
    whole, query = parse(text), core_query(text)
    if whole is None or query is None or query.GetNumAtoms() < _FEWEST:
        return None
    lay_out(whole)
    own = [atom.GetIdx() for atom in whole.GetAtoms() if atom.GetAtomicNum()]  # the query's atoms, in their order
    conformer = Conformer(len(own))
    conformer.SetPositions(whole.GetConformer().GetPositions()[own])
    part = Mol(query)
    part.AddConformer(conformer)
    return part
