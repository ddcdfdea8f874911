"""Oracles: each gives one value a molecule, in order, NaN where it has none."""
