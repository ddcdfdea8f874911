"""Molecules as text and as RDKit objects: the only SMILES parsing, notations, files of molecules, standardisation."""
