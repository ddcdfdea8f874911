"""Next-token training of a prior: from scratch, from another prior, on one process or several."""
