"""Between two steps: the search begins anew from the prior, where the best molecules get no better."""

from copy import deepcopy
from dataclasses import replace

import numpy as np

from chemmara.rl.augmentation import Augmentation
from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.finetune import Learner, optimizer_of
from chemmara.rl.niches import Start
from chemmara.rl.seeds import remember_seeds


def restart_where_due(learner: Learner) -> None:
    """Begin the search anew, where that is due; else nothing changes.

    The policy has the prior's weights again, and all that was learned is forgotten: replay, parents, visits, and what
    the model of screening was fitted to. Seeds of the campaign are known as they were at its start. What was measured
    stays known, and is not measured again; the diversity filter stays as it is.
    """
    restarts = learner.restarts
    if restarts is None or not restarts.due:
        return
    restarts.begin(deepcopy(learner.policy.state_dict()), len(learner.under_way))
    begin(learner, Start(learner.prior.model.state_dict(), [], {}))
    learner.augmentation = Augmentation.of(learner.method, learner.generator, learner.augmentation.spelled)
    if learner.screening:
        learner.screening.memory.begin_anew(restarts.given)
    remember_seeds(learner, list(restarts.given), np.array(list(restarts.given.values())))


def begin(learner: Learner, start: Start) -> None:
    """Go on from a start; the optimiser, the loss's own parameters, tau and the anchor begin anew."""
    method = learner.method
    learner.policy.load_state_dict(start.policy)
    learner.loss = ESTIMATORS[method.estimator].new()
    learner.optimizer = optimizer_of(learner.policy, learner.loss, method)
    fresh = Augmentation.of(method, learner.generator, learner.augmentation.spelled)
    learner.augmentation = replace(learner.augmentation, tau=fresh.tau, anchors=fresh.anchors)
    if learner.replay:
        learner.replay.kept = start.replay
    if learner.breeding:
        learner.breeding.pool = start.pool
