"""What a run leaves on disk and what is counted from it: ledger, run folder, figures, live tally."""
