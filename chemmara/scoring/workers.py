"""Who requests the oracles: this machine or a cluster; the values are the same to the bit."""

from collections.abc import Iterator
from contextlib import contextmanager

from chemmara.scoring.local import measuring_here
from chemmara.scoring.measurement import Measure
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits


@contextmanager
def measuring(objective: Objective, limits: WorkerLimits) -> Iterator[Measure]:
    """A way to measure molecules within limits."""
    if limits.scheduler is None:
        with measuring_here(objective, limits) as measure:
            yield measure
    else:
        from chemmara.scoring.cluster import measuring_on_cluster

        with measuring_on_cluster(objective, limits) as measure:
            yield measure
