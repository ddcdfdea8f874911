"""Between two steps: the search begins anew from the prior, where the best molecules get no better."""

from dataclasses import replace

import numpy as np

from chemmara.language_model.device import device_of
from chemmara.rl.augmentation import Augmentation
from chemmara.rl.estimators import ESTIMATORS
from chemmara.rl.finetune import Learner, optimizer_of
from chemmara.rl.niches import Start
from chemmara.rl.replay import Replay
from chemmara.rl.restarts import Restarts
from chemmara.rl.row_sources import canonically_written


def restart_where_due(learner: Learner) -> None:
    """Begin the search anew, where that is due; else nothing changes.

    The policy has the prior's weights again, and all that was learned is forgotten: replay, parents, visits, and what
    the model of screening was fitted to. Seeds of the campaign are known as they were at its start. What was measured
    stays known, and is not measured again; the diversity filter stays as it is.
    """
    restarts = learner.restarts
    if restarts is None or not restarts.due:
        return
    weights = {name: tensor.clone() for name, tensor in learner.policy.state_dict().items()}
    restarts.begin(weights, len(learner.under_way))
    begin(learner, _from_the_prior(learner, restarts))
    learner.augmentation = Augmentation.of(learner.method, learner.generator, learner.augmentation.spelled)
    learner.augmentation.visits.of_batch(list(restarts.given), np.array(list(restarts.given.values())))
    if learner.screening:
        learner.screening.memory.begin_anew(restarts.given)


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


def _from_the_prior(learner: Learner, restarts: Restarts) -> Start:
    """The prior, with the seeds as replay and parents."""
    best = sorted(restarts.given.items(), key=lambda entry: -entry[1])
    given = {smiles: earned for smiles, earned in best if smiles and earned == earned}  # noqa: PLR0124 - NaN
    replay = Replay(learner.method.replay) if learner.method.replay else None
    if replay:
        held = [smiles for smiles in given if learner.proposals.keeps(smiles)]
        scores = np.array([given[smiles] for smiles in held])
        replay.add(canonically_written(learner.prior, held, scores, device_of(learner.policy)))
    return Start(learner.prior.model.state_dict(), replay.kept if replay else [], given)
