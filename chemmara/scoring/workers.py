"""Who measures: this machine or a cluster; the values are the same to the bit."""

from contextlib import AbstractContextManager

from chemmara.scoring.local import handing_over_here, measuring_here
from chemmara.scoring.measurement import HandOver, Measure
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits


def measuring(objective: Objective, limits: WorkerLimits) -> AbstractContextManager[Measure]:
    """A way to measure molecules within limits."""
    if limits.scheduler is None:
        return measuring_here(objective, limits)
    from chemmara.scoring.cluster import measuring_on_cluster

    return measuring_on_cluster(objective, limits)


def handing_over(objective: Objective, limits: WorkerLimits) -> AbstractContextManager[HandOver]:
    """A way to hand molecules over to workers within limits, without waiting; there is always at least one worker."""
    if limits.scheduler is None:
        return handing_over_here(objective, limits)
    from chemmara.scoring.cluster import handing_over_to_cluster

    return handing_over_to_cluster(objective, limits)
