"""A generation campaign: its settings, its run, what the run leaves for people, and what can be said beforehand."""
