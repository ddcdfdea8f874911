"""Models of activity: trained from a table of molecules, judged by held-out scaffolds, kept without pickle."""
