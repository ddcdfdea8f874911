"""How many processes score, and how much time and memory a molecule may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerLimits:
    """How many processes score, and what a molecule may take; the scores do not depend on it."""

    workers: int = 1
    timeout: float | None = None  # seconds for a molecule; None: no limit
    memory: float | None = None  # GiB that a scoring process may take beyond what it begins with; None: no limit
    scheduler: str | None = None  # address of a Dask scheduler; None: this machine

    @property
    def here(self) -> bool:
        """Whether this process can do it alone: time-outs, crashes and memory limits need a process to lose."""
        return self.workers == 1 and self.timeout is None and self.memory is None and self.scheduler is None
