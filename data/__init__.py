"""Bundled examples: campaigns, objectives and the catalogue of public data sets."""
