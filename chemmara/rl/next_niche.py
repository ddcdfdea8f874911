"""Between two steps: the policy leaves a niche for the next, or goes back to the one before; or the search restarts."""

from copy import deepcopy
from itertools import islice
from typing import Final

import numpy as np

from chemmara.language_model.device import device_of
from chemmara.rl.finetune import Learner
from chemmara.rl.next_search import begin, restart_where_due
from chemmara.rl.niches import Niches, Start
from chemmara.rl.replay import Replay, ReplayEntry
from chemmara.rl.row_sources import canonically_written

_KNOWN: Final = 20_000  # best molecules of all that was measured, among which the next niche has its start
_SPARE: Final = 4  # molecules written anew for each that the replay holds, since of each scaffold only the best is kept


def move_on(learner: Learner) -> None:
    """Restart, leave the niche that was worked on, or go back to the one before, where due; else nothing changes."""
    restart_where_due(learner)
    niches = learner.niches
    if niches is None:
        return
    match niches.due:
        case "leave":
            weights = deepcopy(learner.policy.state_dict())
            replay = learner.replay.kept if learner.replay else []
            niches.leave(Start(weights, replay, learner.breeding.pool if learner.breeding else {}))
            begin(learner, _away(learner, niches))
        case "return":
            begin(learner, niches.go_back())
        case "stay":
            pass


def _away(learner: Learner, niches: Niches) -> Start:
    """The prior, and the best of what was measured away from the niches left behind."""
    pool = _earned(niches, learner.breeding.pool) if learner.breeding else {}
    return Start(learner.prior.model.state_dict(), _replay_away(learner, niches), pool)


def _replay_away(learner: Learner, niches: Niches) -> list[ReplayEntry]:
    """A replay of that; [] without a replay, or without screening, which alone remembers what was measured."""
    if not learner.replay or not learner.screening:
        return []
    config, earned = learner.replay.config, _earned(niches, learner.screening.memory.best(_KNOWN))
    best = list(islice(filter(learner.proposals.keeps, earned), _SPARE * config.capacity))
    scores = np.array([earned[smiles] for smiles in best])
    replay = Replay(config)
    replay.add(canonically_written(learner.prior, best, scores, device_of(learner.policy)))
    return replay.kept


def _earned(niches: Niches, scores: dict[str, float]) -> dict[str, float]:
    """What molecules earn, given their scores, the best first; without those that earn nothing."""
    earned = niches.earned(list(scores), np.array(list(scores.values())))
    found = {smiles: value for smiles, value in zip(scores, earned.tolist(), strict=True) if value}
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))
