"""Which molecules to take out of many: nearest known ones, picks, clusters, and the table that goes to the chemist."""
