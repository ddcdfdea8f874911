"""How the molecules of a campaign come to its oracles: one batch at a time, or several under way."""

from collections.abc import Iterator
from contextlib import contextmanager

from chemmara.campaign.settings import CampaignConfig
from chemmara.scoring.cache import remembering_what_comes
from chemmara.scoring.measurement import HandOver, at_once
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import handing_over, measuring


@contextmanager
def handing_over_batches(settings: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
    """A way to hand a batch over to the oracles, through the campaign's cache.

    With `ahead` nobody waits for it; without, its values are there when it returns.
    """
    with (
        _to_workers(settings, objective) as to_workers,
        remembering_what_comes(objective, to_workers, settings.cache) as hand_over,
    ):
        yield hand_over


@contextmanager
def _to_workers(settings: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
    limits = WorkerLimits(settings.workers, settings.timeout, settings.worker_memory, settings.scheduler)
    if settings.ahead:
        with handing_over(objective, limits) as hand_over:
            yield hand_over
    else:
        with measuring(objective, limits) as measure:
            yield at_once(measure)
