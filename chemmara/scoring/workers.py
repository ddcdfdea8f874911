"""Who requests the oracles: this machine or a cluster; the values are the same to the bit."""

from collections.abc import Iterator
from contextlib import contextmanager

from chemmara.scoring.local import handing_over_here, measuring_here
from chemmara.scoring.measurement import HandOver, Measure
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


@contextmanager
def handing_over(objective: Objective, limits: WorkerLimits) -> Iterator[HandOver]:
    """A way to hand molecules over to workers within limits, without waiting; there is always at least one worker."""
    if limits.scheduler is None:
        with handing_over_here(objective, limits) as hand_over:
            yield hand_over
    else:
        from chemmara.scoring.cluster import handing_over_to_cluster

        with handing_over_to_cluster(objective, limits) as hand_over:
            yield hand_over
