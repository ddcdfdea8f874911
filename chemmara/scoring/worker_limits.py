"""What may work on a batch, and what one molecule may cost."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How many may work, and what one molecule may cost; the values do not depend on it."""

    workers: int = 1
    timeout: float | None = None  # seconds a molecule; none: wait for ever
    memory: float | None = None  # GiB that a worker may take beyond what it begins with
    scheduler: str | None = None  # address of a Dask scheduler; none: this machine

    @property
    def here(self) -> bool:
        """Whether this process can do it alone: time-outs, crashes and memory limits need a process to lose."""
        return self.workers == 1 and self.timeout is None and self.memory is None and self.scheduler is None
