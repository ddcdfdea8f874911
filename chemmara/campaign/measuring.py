"""How the molecules of a campaign come to its oracles: one batch at a time, or several under way."""

from collections.abc import Iterator
from contextlib import contextmanager

from chemmara.campaign.settings import CampaignConfig
from chemmara.scoring.cache import remembering
from chemmara.scoring.measurement import HandOver, at_once, waiting_for
from chemmara.scoring.objective import Objective
from chemmara.scoring.worker_limits import WorkerLimits
from chemmara.scoring.workers import handing_over, sharing


@contextmanager
def handing_over_batches(settings: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
    """A way to hand a batch over to the oracles, through the campaign's cache.

    With `ahead` nobody waits for it; without, its values are there when it returns.
    """
    limits = WorkerLimits(settings.workers, settings.timeout, settings.worker_memory, settings.scheduler)
    to_workers = handing_over if settings.ahead else sharing
    with (
        to_workers(objective, limits) as measured,
        remembering(objective, measured, settings.cache) as hand_over,
    ):
        yield hand_over if settings.ahead else at_once(waiting_for(hand_over))
