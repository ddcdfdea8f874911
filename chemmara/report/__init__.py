"""Figures and one self-contained HTML page, made from a run's ledger and nothing else."""
