"""R-groups: what stands at the places of a core that all molecules hold."""

import re
from collections.abc import Sequence

from rdkit import rdBase
from rdkit.Chem import Mol, MolToSmiles
from rdkit.Chem.rdRGroupDecomposition import (
    RGroupDecomposition,
    RGroupDecompositionParameters,
    RGroupLabels,
    RGroupMatching,
)

from chemmara.decoration.places import read_part

_PLACE = re.compile(r"\[\d*\*(?::\d+)?\]")
_HYDROGEN = re.compile(r"^\[H\]\*(\.\[H\]\*)*$|^\*\[H\](\.\*\[H\])*$")


def groups(cores: Sequence[str], molecules: Sequence[Mol]) -> dict[str, list[str]]:
    """Columns core, R1, R2, ...: for each molecule the core that it holds, and the group at each of its places.

    A group is a SMILES with `*` where it is bound, `*[H]` for none; a ring that closes over two places has two `*`. A
    molecule without a core has "". R1 is the place with the lowest number, as in `chemmara sample --core`.

    >>> from chemmara.molecules.chem import parse
    >>> groups(["*c1ccncc1"], [parse("COc1ccncc1"), parse("c1ccncc1"), parse("CCO")])
    {'core': ['*c1ccncc1', '*c1ccncc1', ''], 'R1': ['CO*', '*[H]', '']}
    """
    parts = [read_part(core, "core") for core in cores]
    width = max(len(part.places) for part in parts)
    columns: dict[str, list[str]] = {name: [""] * len(molecules) for name in ("core", *_names(width))}
    for part in reversed(parts):  # the first core that fits has the last word
        for row, found in _decomposed(part.molecule, molecules).items():
            shown = [_group(found.get(f"R{place}", "")) for place in part.places]
            shown += [""] * (width - len(shown))
            for name, text in zip(columns, (part.text, *shown), strict=True):
                columns[name][row] = text
    return columns


def _names(width: int) -> list[str]:
    return [f"R{number}" for number in range(1, width + 1)]


def _decomposed(core: Mol, molecules: Sequence[Mol]) -> dict[int, dict[str, str]]:
    """By row of the molecules that hold the core: the group at each place, as RDKit writes it."""
    settings = RGroupDecompositionParameters()
    settings.labels = RGroupLabels.IsotopeLabels
    settings.onlyMatchAtRGroups = True
    settings.removeHydrogensPostMatch = True
    settings.matchingStrategy = RGroupMatching.Greedy
    with rdBase.BlockLogs():
        decomposition = RGroupDecomposition(core, settings)
        rows = [row for row, molecule in enumerate(molecules) if decomposition.Add(molecule) >= 0]
        decomposition.Process()
        found = decomposition.GetRGroupsAsRows(asSmiles=False)
    return {row: {name: MolToSmiles(group) for name, group in row_groups.items() if name != "Core"}
            for row, row_groups in zip(rows, found, strict=True)}  # fmt: skip


def _group(smiles: str) -> str:
    text = _PLACE.sub("*", smiles)
    return "*[H]" if not text or _HYDROGEN.match(text) else text
