"""Drawings of molecules."""

from rdkit.Chem.Draw import rdMolDraw2D

from chemmara.molecules.chem import parse


def drawing(smiles: str, width: int = 220, height: int = 150) -> str:
    """The molecule as an <svg> element on no background; '' for an invalid SMILES."""
    molecule = parse(smiles)
    if molecule is None:
        return ""
    canvas = rdMolDraw2D.MolDraw2DSVG(width, height)
    canvas.drawOptions().clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    text = canvas.GetDrawingText()
    return text[text.index("<svg") :]
