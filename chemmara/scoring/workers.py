"""Who measures: this machine or a cluster; the values are the same to the bit."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from chemmara.scoring.local import handing_over_here, sharing_here
from chemmara.scoring.measurement import HandOver, Measure, waiting_for
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits


@contextmanager
def measuring(objective: Objective, limits: WorkerLimits) -> Iterator[Measure]:
    """A way to measure molecules within limits."""
    with sharing(objective, limits) as hand_over:
        yield waiting_for(hand_over)


def sharing(objective: Objective, limits: WorkerLimits) -> AbstractContextManager[HandOver]:
    """A way to hand a batch over within limits, in tasks that are worth it; its values come task by task."""
    if limits.scheduler is None:
        return sharing_here(objective, limits)
    from chemmara.scoring.cluster import sharing_on_cluster

    return sharing_on_cluster(objective, limits)


def handing_over(objective: Objective, limits: WorkerLimits) -> AbstractContextManager[HandOver]:
    """A way to hand molecules over to workers, a task each, without waiting; there is always at least one worker."""
    if limits.scheduler is None:
        return handing_over_here(objective, limits)
    from chemmara.scoring.cluster import handing_over_to_cluster

    return handing_over_to_cluster(objective, limits)
