"""What a REINVENT 4 run begins with, as [start]: scaffolds, warheads or molecules of smiles_file, and of inception.

REINVENT tells these generators apart by their models, which chemmara does not open; here the file itself tells.
Source: configs/scaffolds.smi, warheads.smi and staged_learning.toml of github.com/MolecularAI/REINVENT4.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

from chemmara.errors import ChemmaraError
from chemmara.molecules.archives import open_bytes
from chemmara.molecules.readers import plain_words
from chemmara.molecules.text import text_lines


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
    if not entries or any("?" in text for text in entries):
        why = "PepInvent's masked peptides have no counterpart here" if entries else "it holds no molecule"
        return {}, f"parameters.smiles_file = {str(name)!r} was left out: {why}"
    others = f"; of its {len(entries)} lines the first was taken" if len(entries) > 1 else ""
    if any("|" in text for text in entries):
        link = entries[0].split("|")
        return {"link": link}, f"parameters.smiles_file became start.link (LinkInvent's warheads){others}"
    if any("*" in text for text in entries):
        several = "s, of which every molecule holds one" if len(entries) > 1 else ""
        return {"core": entries}, f"parameters.smiles_file became start.core (LibInvent's scaffold{several})"
    how = "start.similarity says how like it analogues are, as Mol2Mol's prior does in REINVENT"
    return {"like": entries[0]}, f"parameters.smiles_file became start.like (Mol2Mol's molecule){others}; {how}"


def file_beside(name: str, folder: Path) -> Path | None:
    """A file that is named in a REINVENT file in this folder: beside it, or where the user is; None for neither."""
    return next((file for file in (folder / name, Path(name)) if file.is_file()), None)


def _entries(path: Path) -> list[str]:
    """The first word of every line that is no comment."""
    with (
        plain_words(str(path)),
        open_bytes(str(path)) as source,
        closing(text_lines(source.name, source.file, source.head)) as lines,
    ):
        return [line.split()[0] for line in lines if line.strip() and not line.lstrip().startswith("#")]
