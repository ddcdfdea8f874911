"""A docking target as a folder, receptor.pdbqt and box.txt, and DOCKSTRING's targets as such folders."""

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chemmara.errors import ChemmaraError
from chemmara.oracles.receptor import Pocket, check_pocket, read_box
from chemmara.system.files import new_folder, write_text

RECEPTOR: Final = "receptor.pdbqt"
BOX: Final = "box.txt"
_PARTS: Final = re.compile(r"([A-Za-z0-9]+)_(target\.pdbqt|conf\.txt)")


def write_target(folder: Path, receptor: str, box: str) -> Pocket:
    """Write a receptor (PDBQT) and its box (Vina's lines) into a folder; ValueError where they do not fit."""
    new_folder(folder)
    write_text(folder / RECEPTOR, receptor)
    write_text(folder / BOX, box)
    pocket = Pocket(folder / RECEPTOR, *read_box(folder / BOX))
    check_pocket(pocket)
    return pocket


def box_text(centre: tuple[float, float, float], size: tuple[float, float, float]) -> str:
    """A box as Vina reads it, in angstrom.

    >>> print(box_text((1, 2.5, -3), (20, 20, 22.25)).splitlines()[0])
    center_x = 1.000
    """
    rows = (("center", centre), ("size", size))
    return "".join(
        f"{key}_{axis} = {value:.3f}\n" for key, point in rows for axis, value in zip("xyz", point, strict=True)
    )


@dataclass(frozen=True)
class _Parts:
    """What DOCKSTRING has of a target."""

    receptor: str
    box: str


def import_dockstring(source: Path, out: Path) -> list[str]:
    """Make a folder of each target of DOCKSTRING (Garcia-Ortegon 2022, doi:10.1021/acs.jcim.1c01334); their names.

    Args:
        source: folder, or .tar archive, with NAME_target.pdbqt and NAME_conf.txt files.
        out: folder that gets a folder NAME for each.

    Raises:
        ChemmaraError: the source holds no target, or one that is not whole; what is there already is left alone.
    """
    targets = _targets(source)
    there = [name for name in targets if (out / name).exists()]
    if there:
        raise ChemmaraError(f"{out / there[0]}: is there already; choose another --out")
    for name, parts in targets.items():
        try:
            write_target(out / name, parts.receptor, parts.box)
        except ValueError as error:
            raise ChemmaraError(f"{source}: {name} is not sound: {error}") from None
    return list(targets)


def _targets(source: Path) -> dict[str, _Parts]:
    found: dict[str, dict[str, str]] = {}
    for file, text in _texts(source):
        if match := _PARTS.fullmatch(file):
            found.setdefault(match[1], {})[match[2]] = text
    if not found:
        raise ChemmaraError(f"{source}: holds no NAME_target.pdbqt with its NAME_conf.txt")
    for name, parts in found.items():
        if len(parts) == 1:
            raise ChemmaraError(f"{source}: of {name} there is {name}_{next(iter(parts))} alone")
    return {name: _Parts(parts["target.pdbqt"], parts["conf.txt"]) for name, parts in sorted(found.items())}


def _texts(source: Path) -> Iterator[tuple[str, str]]:
    """Names without folders, and contents, of what is in a folder or an archive."""
    if source.is_dir():
        for path in sorted(source.rglob("*_*")):
            if path.is_file() and _PARTS.fullmatch(path.name):
                yield path.name, path.read_text(encoding="ascii", errors="replace")
        return
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield Path(member.name).name, file.read().decode("ascii", errors="replace")
    except (OSError, EOFError, tarfile.TarError):
        raise ChemmaraError(f"{source}: neither a folder nor a readable .tar archive") from None
