"""Molecules that hold given parts: decorated cores, linked fragments, analogues; from any SMILES prior as it is."""
