"""What a REINVENT 4 run begins with, as [start]: scaffolds, warheads or molecules of smiles_file, and of inception.

REINVENT tells these generators apart by their models, which chemmara does not open; here the file itself tells.
Source: configs/scaffolds.smi, warheads.smi and staged_learning.toml of github.com/MolecularAI/REINVENT4.
"""

import re
from pathlib import Path
from typing import Any

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.readers import lines_of


def converted_parts(name: object, folder: Path) -> tuple[dict[str, Any], str]:
    """What every molecule of the run has to hold (core, link or like), and a note on it; {} where that is nothing.

    Args:
        name: what `smiles_file` says: scaffolds with *, pairs of warheads with | between, or molecules, one a line.
        folder: of the REINVENT file, where the file is looked for first.
    """
    place = file_beside(str(name), folder)
    if place is None:
        return {}, f"parameters.smiles_file = {str(name)!r} was left out: the file is not there"
    try:
        entries = _entries(place)
    except ChemmaraError as error:
        return {}, f"parameters.smiles_file was left out: {error}"
    start, what = _parts(entries)
    if why := "it holds no molecule" if not entries else _obstacle(entries, start):
        return {}, f"parameters.smiles_file = {str(name)!r} was left out: {why}"
    others = f"; of its {len(entries)} lines the first was taken" if len(entries) > 1 else ""
    return start, f"parameters.smiles_file became {what}" + ("" if "core" in start else others)


def _parts(entries: list[str]) -> tuple[dict[str, Any], str]:
    """The keys of [start] that the lines of a file are, and what they are in words."""
    if any("|" in text for text in entries):
        return {"link": entries[0].split("|")}, "start.link (LinkInvent's warheads)"
    if any("*" in text for text in entries):
        several = "s, of which every molecule holds one" if len(entries) > 1 else ""
        return {"core": entries}, f"start.core (LibInvent's scaffold{several})"
    how = "start.similarity says how like it analogues are, as Mol2Mol's prior does in REINVENT"
    return {"like": entries[0]} if entries else {}, f"start.like (Mol2Mol's molecule; {how})"


def _obstacle(entries: list[str], start: dict[str, Any]) -> str:
    """Why these lines are nothing that every molecule can hold; "" where they are."""
    if any("?" in text for text in entries):
        return "PepInvent's masked peptides have no counterpart here"
    for part in start.get("core") or start.get("link") or [start["like"]]:
        if parse(part) is None:
            return f"{part!r} is no SMILES"
        if "like" not in start and "*" not in part:
            return f"{part!r} has no place, which * marks"
    return "LinkInvent's warheads are two, with | between" if len(start.get("link", ())) == 1 else ""


def file_beside(name: str, folder: Path) -> Path | None:
    """A file that is named in a REINVENT file in this folder: beside it, or where the user is; None for neither."""
    return next((file for file in (folder / name, Path(name)) if file.is_file()), None)


def _entries(path: Path) -> list[str]:
    """The first word of every line that is no comment; blanks around | count for nothing."""
    with lines_of(str(path), "molecules") as (_, lines):
        written = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [re.sub(r"\s*\|\s*", "|", line).split()[0] for line in written]
