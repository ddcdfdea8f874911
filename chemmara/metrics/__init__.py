"""What a set of molecules, or a run, is worth: quality, diversity, distribution, efficiency."""
