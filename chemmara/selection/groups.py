"""R-groups: what stands at the places of a core that all molecules hold."""

import re
from collections.abc import Mapping, Sequence

from rdkit.Chem import Mol, MolToSmiles
from rdkit.Chem.rdRGroupDecomposition import (
    RGroupDecomposition,
    RGroupDecompositionParameters,
    RGroupLabels,
    RGroupMatching,
)

from chemmara.decoration.places import Part, read_part
from chemmara.decoration.window import Window
from chemmara.molecules.chem import parse
from chemmara.molecules.quiet import QUIET

_PLACE = re.compile(r"\[\d*\*(?::\d+)?\]")
_HYDROGEN = re.compile(r"^\[H\]\*(\.\[H\]\*)*$|^\*\[H\](\.\*\[H\])*$")


def groups(cores: Sequence[str], molecules: Sequence[Mol], atoms: Sequence[str] = ()) -> dict[str, list[str]]:
    """Columns core, R1, R2, ...: for each molecule the core that it holds, and the group at each of its places.

    A group is a SMILES with `*` where it is bound, `*[H]` for none; a ring that closes over two places has two `*`. A
    molecule without a core has "". R1 is the place with the lowest number, as in `chemmara sample --core`.

    `atoms`: MIN..MAX heavy atoms of the group at each place, as a campaign's `start.atoms` has them. Where a core may
    be turned, so that the same groups change places, they stand as they fit these; hydrogen fits everywhere.

    >>> from chemmara.molecules.chem import parse
    >>> groups(["*c1ccncc1"], [parse("COc1ccncc1"), parse("c1ccncc1"), parse("CCO")])
    {'core': ['*c1ccncc1', '*c1ccncc1', ''], 'R1': ['CO*', '*[H]', '']}
    """
    parts = [read_part(core, "core") for core in cores]
    width = max(len(part.places) for part in parts)
    columns: dict[str, list[str]] = {name: [""] * len(molecules) for name in ("core", *_names(width))}
    windows = [Window.read(text, "atoms") for text in atoms]
    for part in reversed(parts):  # the first core that fits has the last word
        turns = _turns(part) if len(windows) == len(part.places) else [part.places]
        for row, found in _decomposed(part.molecule, molecules).items():
            shown = [_group(found.get(f"R{place}", "")) for place in _fitting(turns, found, windows)]
            shown += [""] * (width - len(shown))
            for name, text in zip(columns, (part.text, *shown), strict=True):
                columns[name][row] = text
    return columns


def _turns(part: Part) -> list[tuple[int, ...]]:
    """The orders of a core's places that turning it allows, as they are first."""
    plain = Mol(part.molecule)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    dummies = {place: part.at(place).GetIdx() for place in part.places}
    number = {index: place for place, index in dummies.items()}
    ways = plain.GetSubstructMatches(plain, uniquify=False)
    orders = [tuple(number[way[dummies[place]]] for place in part.places) for way in ways]
    return list(dict.fromkeys([part.places, *orders]))


def _fitting(turns: Sequence[tuple[int, ...]], found: Mapping[str, str], windows: Sequence[Window]) -> tuple[int, ...]:
    """The first order of places in which every group has as many heavy atoms as it may; the first where none has."""
    if len(turns) == 1:
        return turns[0]
    heavy = {place: _heavy(found.get(f"R{place}", "")) for place in turns[0]}
    fits = (
        turn
        for turn in turns
        if all(not heavy[place] or heavy[place] in window for place, window in zip(turn, windows, strict=True))
    )
    return next(fits, turns[0])


def _heavy(group: str) -> int:
    molecule = parse(group) if group else None
    return 0 if molecule is None else molecule.GetNumHeavyAtoms()


def _names(width: int) -> list[str]:
    return [f"R{number}" for number in range(1, width + 1)]


def _decomposed(core: Mol, molecules: Sequence[Mol]) -> dict[int, dict[str, str]]:
    """By row of the molecules that hold the core: the group at each place, as RDKit writes it."""
    settings = RGroupDecompositionParameters()
    settings.labels = RGroupLabels.IsotopeLabels
    settings.onlyMatchAtRGroups = True
    settings.removeHydrogensPostMatch = True
    settings.matchingStrategy = RGroupMatching.Greedy
    with QUIET:
        decomposition = RGroupDecomposition(core, settings)
        rows = [row for row, molecule in enumerate(molecules) if decomposition.Add(molecule) >= 0]
        decomposition.Process()
        found = decomposition.GetRGroupsAsRows(asSmiles=False)
    return {row: {name: MolToSmiles(group) for name, group in row_groups.items() if name != "Core"}
            for row, row_groups in zip(rows, found, strict=True)}  # fmt: skip


def _group(smiles: str) -> str:
    text = _PLACE.sub("*", smiles)
    return "*[H]" if not text or _HYDROGEN.match(text) else text
