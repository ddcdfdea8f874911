"""A look at molecules such as a campaign begins with, before a call: what its models know, and what rules all out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from rdkit.Chem import Mol

from chemmara.campaign.settings import CampaignConfig
from chemmara.campaign.start import first_molecules, given_parts
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.wanted import sample_wanted
from chemmara.molecules.chem import molecules_of
from chemmara.oracles.qsar import load_model
from chemmara.scoring.aggregation import ZERO_IS_FINAL
from chemmara.scoring.components import Component
from chemmara.scoring.components.base import COSTLY
from chemmara.scoring.components.learned import QsarComponent
from chemmara.scoring.components.own import ProgramComponent, PythonComponent, RestComponent
from chemmara.scoring.measurement import measure_with

_SAMPLED: Final = 200  # molecules that stand for those that a campaign begins with
_OF_THE_USER: Final = (ProgramComponent, PythonComponent, RestComponent)


@dataclass(frozen=True)
class FirstLook:
    """Molecules such as a campaign begins with, drawn when they are first needed."""

    settings: CampaignConfig
    prior: Prior

    @cached_property
    def molecules(self) -> list[Mol]:
        """Valid molecules of the prior; where the campaign starts from parts, such as hold them."""
        start, seed = self.settings.start, self.settings.seed
        if start.has_parts:
            drawn = first_molecules(given_parts(start, self.prior), self.prior, _SAMPLED, seed=seed)
        else:
            drawn = sample_wanted(self.prior, _SAMPLED, seed=seed, valid=True)
        return molecules_of([text for draw in drawn for text in draw.smiles])

    def words(self) -> str:
        """How many they are, and of what."""
        held = " that hold what [start] gives" if self.settings.start.has_parts else ""
        return f"{len(self.molecules)} molecules of the prior {self.prior.name}{held}"


def of_models(look: FirstLook) -> Iterator[str]:
    """For each model of activity a sentence: how much of what the campaign begins with lies outside its domain."""
    for name, component in look.settings.objective.named:
        if not isinstance(component, QsarComponent) or not look.molecules:
            continue
        model = load_model(component.model)
        outside = float((model.similarity(look.molecules) < model.card.domain_similarity).mean())
        treated = {
            "keep": 'outside = "keep" scores them as if they were inside',
            "none": 'outside = "none" gives them no score',
            "discount": 'outside = "discount" draws their predictions towards the least wanted end',
        }[component.outside]
        yield (
            f"{name}: {outside:.0%} of {look.words()} lie outside the domain of"
            f" {component.model} ({model.card.molecules:,} molecules); {treated}"
        )


def of_what_rules_out(look: FirstLook) -> Iterator[str]:
    """A sentence for each component that is 0, or has no value, for every molecule that the campaign begins with.

    Only oracles of this project that are cheap are asked; neither a docking nor what the user brought. With given
    parts, a sentence, too, where hardly a molecule holds them.
    """
    if look.settings.start.has_parts and len(look.molecules) < _SAMPLED:
        found = len(look.molecules) or "no"
        yield f"[start]: {found} molecules of the prior {look.prior.name} that hold what it gives were found; widen it"
    for name, component in look.settings.objectives[0].named:
        if component.role == "penalty" or component.cost >= COSTLY or isinstance(component, _OF_THE_USER):
            continue
        if not look.molecules:
            return
        answers = measure_with(component.build(), look.molecules)
        desirable = component.desirability(np.array([value for value, _ in answers], dtype=float))
        if np.isnan(desirable).all():
            yield f"{name}: has no value for any of {look.words()} ({answers[0][1]})"
        elif np.nanmax(desirable) == 0:
            passes = "passes none" if component.role == "filter" else "is 0 for all"
            yield f"{name}: {passes} of {look.words()}{_consequence(look.settings, component)}"


def _consequence(settings: CampaignConfig, component: Component) -> str:
    if component.role == "score" and settings.objectives[0].aggregation not in ZERO_IS_FINAL:
        return "; the other components alone make the score at first"
    if settings.start.seeds:
        return "; the seeds alone may do better"
    return (
        ", so that a policy has little or nothing to learn from; mend its settings, wish for less at first, or begin"
        " elsewhere (docs/where-to-start.md)"
    )
