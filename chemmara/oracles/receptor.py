"""A receptor's file and the box in it, checked before anything is docked."""

import gzip
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

_TYPES: Final = frozenset(
    [
        "A",
        "At",
        "Br",
        "C",
        "CG0",
        "Ca",
        "Cd",
        "Cl",
        "Co",
        "Cu",
        "F",
        "Fe",
        "G0",
        "G1",
        "H",
        "HD",
        "Hg",
        "I",
        "K",
        "Mg",
        "Mn",
        "N",
        "NA",
        "Na",
        "Ni",
        "O",
        "OA",
        "P",
        "S",
        "SA",
        "Se",
        "Si",
        "U",
        "W",
        "Zn",
    ]
)  # atom types that Vina 1.2 takes in a receptor (tried one by one)
_TYPE: Final = slice(77, 79)  # columns of an atom line in PDBQT
_COORDINATES: Final = tuple(slice(start, start + 8) for start in (30, 38, 46))
_REACH: Final = 4.0  # angstrom: an atom farther away than that from the box touches nothing in it
_LONGEST: Final = 100.0  # angstrom: maps of a larger box take gigabytes


@dataclass(frozen=True)
class Pocket:
    """A receptor and the box in it that ligands are put into, in angstrom."""

    receptor: Path  # PDBQT, perhaps .gz
    centre: tuple[float, float, float]
    size: tuple[float, float, float]


def receptor_text(path: Path) -> bytes:
    """Contents of a receptor's file, unpacked; ValueError where it is damaged."""
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None


def read_box(path: Path) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Centre and size of a box in Vina's notation (center_x = ..., size_x = ...); ValueError where one is lacking."""
    text = path.read_text(encoding="utf-8")
    found = dict(re.findall(r"^\s*((?:center|size)_[xyz])\s*=\s*([-+.\deE]+)", text, flags=re.MULTILINE))
    try:
        centre, size = (tuple(float(found[f"{key}_{axis}"]) for axis in "xyz") for key in ("center", "size"))
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: lacks {error}; it needs center_x, y, z and size_x, y, z") from None
    return (centre[0], centre[1], centre[2]), (size[0], size[1], size[2])


def receptor_atoms(path: Path) -> np.ndarray:
    """Coordinates (n, 3) of a receptor's atoms in angstrom; ValueError names the line that Vina could not read.

    Vina ends the whole process on a line without an atom type, so such a file must not reach it.
    """
    rows = []
    for number, line in enumerate(receptor_text(path).decode("ascii", errors="replace").splitlines(), start=1):
        if line.startswith(("ATOM", "HETATM")):
            rows.append(_coordinates(f"{path}: line {number}", line))
    if not rows or ".pdbqt" not in path.suffixes:
        raise ValueError(f"{path}: is no receptor in PDBQT; make one with meeko's mk_prepare_receptor.py")
    return np.array(rows)


def _coordinates(place: str, line: str) -> list[float]:
    try:
        values = [float(line[columns]) for columns in _COORDINATES]
    except ValueError:
        values = []
    if not values or not all(map(isfinite, values)):
        raise ValueError(f"{place}: an atom without coordinates")
    kind = line[_TYPE].strip()
    if kind not in _TYPES:
        words = f"unknown atom type {kind!r}" if kind else "an atom without a type (PDB instead of PDBQT?)"
        raise ValueError(f"{place}: {words}; make the receptor with meeko's mk_prepare_receptor.py")
    return values


def check_pocket(pocket: Pocket) -> None:
    """ValueError where the box is impossible or lies where no atom of the receptor is near."""
    if not all(map(isfinite, (*pocket.centre, *pocket.size))) or min(pocket.size) <= 0:
        raise ValueError(f"the box's edges {_angstrom(pocket.size)} must be above 0, and its centre a point")
    if max(pocket.size) > _LONGEST:
        raise ValueError(f"the box has edges of {_angstrom(pocket.size)}; 20 to 30 is usual, {_LONGEST:g} the most")
    atoms = receptor_atoms(pocket.receptor)
    centre, half = np.array(pocket.centre), np.array(pocket.size) / 2
    outside = np.abs(atoms - centre) - half
    distances = np.sqrt((np.maximum(outside, 0.0) ** 2).sum(axis=1))
    if distances.min() > _REACH:
        low, high = (_angstrom(tuple(ends)) for ends in (atoms.min(axis=0), atoms.max(axis=0)))
        raise ValueError(
            f"the box around {_angstrom(pocket.centre)} is {distances.min():.0f} angstrom away from the nearest atom of"
            f" {pocket.receptor.name}, which lies between {low} and {high}"
        )


def _angstrom(point: tuple[float, ...]) -> str:
    return f"({', '.join(f'{value:.4g}' for value in point)})"
