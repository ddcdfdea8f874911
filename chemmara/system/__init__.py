"""What is asked of the operating system: whole files, locks, signals, processors."""
