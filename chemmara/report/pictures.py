"""Molecules as small pictures that stand in a page without a script."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rdkit.Chem.Draw.rdMolDraw2D import MolDraw2DSVG

from chemmara.report.depictions import laid_out

_WIDTH, _HEIGHT = 200, 150  # pixels
_LINE: Final = 1.4


@dataclass(frozen=True)
class Picture:
    """A drawn molecule, and what is said of it."""

    source: str  # a data: address of an SVG
    smiles: str
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Rows of pictures, each with a name, under a title."""

    title: str
    rows: Sequence[tuple[str, Sequence[Picture]]]


def picture(smiles: str, caption: str) -> Picture:
    """The picture of a valid SMILES; ValueError for one that is not.

    >>> picture("CCO", "best").source[:26]
    'data:image/svg+xml;base64,'
    """
    molecule = laid_out(smiles)
    if molecule is None:
        raise ValueError(f"{smiles!r} is not a valid SMILES")
    drawer = MolDraw2DSVG(_WIDTH, _HEIGHT)
    drawer.drawOptions().bondLineWidth = _LINE
    drawer.DrawMolecule(molecule)
    drawer.FinishDrawing()
    return Picture("data:image/svg+xml;base64," + b64encode(drawer.GetDrawingText().encode()).decode(), smiles, caption)
