"""The learner of a campaign, as its settings say, before its first step."""

from collections.abc import Callable
from copy import deepcopy

from chemmara.campaign.settings import CampaignConfig
from chemmara.campaign.start import Seeds, given_parts
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of
from chemmara.rl.finetune import Learner, new_learner
from chemmara.rl.niches import Niches
from chemmara.rl.seeds import take_seeds
from chemmara.scoring.objective import Objective
from chemmara.scoring.scores import Scores
from chemmara.screening.screening import Screening


def learner_of(settings: CampaignConfig, prior: Prior, before: Screening | None = None) -> Learner:
    """A learner whose policy is a copy of the prior; `before`: screening of an earlier stage, whose models go on.

    Raises:
        ChemmaraError: the given parts cannot be written by the prior, or a library to choose from, or the user's own
            model, cannot be read.
    """
    screen, threshold = settings.method.screen, settings.hit_threshold
    screening = Screening.of(screen, Objective(settings.objective), threshold, before) if screen else None
    policy = deepcopy(prior.model).to(device_of(prior.model))
    niching = settings.method.niching
    niches = Niches(niching, settings.hit_threshold) if niching else None
    parts = given_parts(settings.start, prior)
    return new_learner(prior, policy, settings.method, settings.seed, screening, parts, niches)


def learner_of_next_stage(before: Learner, settings: CampaignConfig) -> Learner:
    """A learner for the next stage, with its settings, that goes on with the policy and the random draws.

    What was learned from the scores of the stage before is not comparable and begins anew: replay, model of screening,
    diversity filter, niches, tau, anchors, visits, parents, the loss's own parameters, and the moments of Adam.
    """
    learner = learner_of(settings, before.prior, before.screening)
    learner.policy.load_state_dict(before.trained().state_dict())
    if learner.niches and before.niches:
        learner.niches.budget, learner.niches.spent = before.niches.budget, before.niches.on_ways
    learner.generator.set_state(before.generator.get_state())
    learner.sampling.set_state(before.sampling.get_state())
    return learner


def learn_seeds(learner: Learner, seeds: Seeds, measure: Callable[[list[str]], Scores]) -> list[str]:
    """Have a learner know the seeds, measured where the file has no scores; those that it cannot learn from.

    No call is spent on a seed that lacks the given parts.
    """
    if seeds.scores:
        return take_seeds(learner, seeds.known())
    held = learner.proposals.kept(seeds.smiles)
    lacking = [smiles for smiles in seeds.smiles if smiles not in set(held)]
    return lacking + take_seeds(learner, measure(held)) if held else lacking
