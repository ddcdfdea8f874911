"""The columns of hits.csv that say what a molecule made of the parts from which its run started."""

from collections.abc import Mapping, Sequence
from typing import Any

from chemmara.decoration.read_linkers import linkers
from chemmara.molecules.chem import molecules_of
from chemmara.oracles.similarity import Similarity
from chemmara.selection.groups import groups


def given_columns(start: Mapping[str, Any], smiles: Sequence[str]) -> dict[str, list[Any]]:
    """Columns core, R1, R2, ... of cores; linker, of fragments; lead_similarity (Tanimoto, ECFP4), of a lead.

    `start` is that of a run's settings; none of these where it gives no parts. The SMILES are valid.
    """
    if cores := start.get("core"):
        return {**groups(cores, molecules_of(smiles), start["atoms"])}
    if fragments := start.get("link"):
        return {"linker": linkers(fragments, molecules_of(smiles))}
    if lead := start.get("like"):
        return {"lead_similarity": Similarity((lead,))(molecules_of(smiles)).round(4).tolist()}
    return {}
