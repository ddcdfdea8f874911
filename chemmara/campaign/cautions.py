"""What a campaign asks for that its prior cannot write or finds unlikely, or its models cannot vouch for."""

from collections.abc import Iterator
from typing import Final

from chemmara.campaign.first_look import FirstLook, of_models, of_what_rules_out
from chemmara.campaign.settings import CampaignConfig
from chemmara.campaign.start import Seeds
from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import chosen_device
from chemmara.molecules.alphabet import Alphabet, is_stereo
from chemmara.molecules.chem import canonical_smiles, flat_smiles
from chemmara.rl.estimators import ESTIMATORS
from chemmara.scoring.components import Component
from chemmara.scoring.components.likeness import NoveltyComponent, ShapeComponent, SimilarityComponent
from chemmara.scoring.components.own import ProgramComponent

_REMEDY: Final = (
    "Write it without stereo and salts, or choose a prior that has these tokens (chembl-gru-stereo: stereo)"
)


def cautions(settings: CampaignConfig, prior: Prior, seeds: Seeds | None) -> list[str]:
    """Sentences on references, seeds and replayed SMILES that do not suit the prior, and on what a run begins with."""
    alphabet = Alphabet(prior.tokenizer.tokens, prior.config.max_length)
    found = [*_of_device(settings), *_of_programs(settings), *_of_ahead(settings), *_of_replay(settings, prior)]
    found += [*of_seeds(seeds, prior), *_of_like(settings, alphabet)]
    for name, component in settings.objective.named:
        found += _of_references(name, component, prior, alphabet)
    look = FirstLook(settings, prior)
    return [*found, *of_models(look), *of_what_rules_out(look)]


def of_seeds(seeds: Seeds | None, prior: Prior) -> Iterator[str]:
    """A sentence where the prior cannot write some of the seeds, so that nothing is learned from them."""
    if seeds is None:
        return
    alphabet = Alphabet(prior.tokenizer.tokens, prior.config.max_length)
    refused = [(smiles, reason) for smiles in seeds.smiles if (reason := _why_unwritable(smiles, prior, alphabet))]
    if refused:
        smiles, reason = refused[0]
        yield (
            f"start: {len(refused)} of {len(seeds.smiles)} seeds cannot be written by the prior {prior.name}"
            f" ({alphabet.sentence()}), so that nothing is learned from them; the first is {smiles}: {reason}."
            f" {_REMEDY}"
        )


def _of_like(settings: CampaignConfig, alphabet: Alphabet) -> Iterator[str]:
    like = settings.start.like
    if like and not alphabet.stereo and any(map(is_stereo, like)):
        yield (
            f"start: like {like} has stereo, which the prior {settings.prior} cannot write, so that every part of it"
            f" that has some is replaced. {_REMEDY}"
        )


def _of_device(settings: CampaignConfig) -> list[str]:
    try:
        chosen_device(settings.device, settings.method.batch_size)
    except ChemmaraError as error:
        return [f"{error}; a run on this machine would end here"]
    return []


def _of_ahead(settings: CampaignConfig) -> list[str]:
    name = settings.method.estimator
    if not settings.ahead or ESTIMATORS[name].normalised:
        return []
    why = f"rows are then off-policy, where {name} has no normalised target (docs/docking.md)"
    return [f"ahead = {settings.ahead}: {why}; log-variance keeps its optimum"]


def _of_programs(settings: CampaignConfig) -> Iterator[str]:
    """Programs and scripts of the objectives that are not on this machine; those of a scheduler's workers are there."""
    for objective in settings.objectives if settings.scheduler is None else []:
        for name, component in objective.named:
            for file in component.missing_files() if isinstance(component, ProgramComponent) else []:
                yield f"{name}: {file} is not there; a run may end with its first batch, whose calls are spent"


def _of_replay(settings: CampaignConfig, prior: Prior) -> Iterator[str]:
    replay = settings.method.replay
    if replay is None or not replay.rounds or replay.smiles != "randomised":
        return
    if prior.config.random_smiles is None and prior.tokenizer.notation == "smiles":
        yield (
            f'replay.smiles = "randomised" learns from random SMILES, which the prior {prior.name}, trained on'
            " canonical ones, finds unlikely; in docs/lab-notes.md (2026-11-25) this went with fewer valid samples: .74"
            ' instead of .92. Choose replay.smiles = "sampled", or a prior of `pretrain --random-smiles restricted`'
        )


def _references(component: Component) -> tuple[str, ...]:
    if isinstance(component, SimilarityComponent | NoveltyComponent):
        return component.all_references()
    return (component.reference,) if isinstance(component, ShapeComponent) else ()


def _of_references(name: str, component: Component, prior: Prior, alphabet: Alphabet) -> Iterator[str]:
    references = _references(component)
    unwritable = [(smiles, reason) for smiles in references if (reason := _why_unwritable(smiles, prior, alphabet))]
    if unwritable:
        smiles, reason = unwritable[0]
        yield (
            f"{name}: {len(unwritable)} of {len(references)} references cannot be written by the prior {prior.name}"
            f" ({alphabet.sentence()}); the first is {smiles}: {reason}. {_consequence(component)}"
        )


def _why_unwritable(smiles: str, prior: Prior, alphabet: Alphabet) -> str:
    """Why a prior cannot write a reference, in words; "" where it can."""
    text = canonical_smiles(smiles) or smiles
    try:
        length = len(prior.encode(text))
    except TokenError as error:
        if not alphabet.stereo and any(map(is_stereo, text)) and prior.tokenizer.knows(flat_smiles(text) or text):
            return "it has stereo"
        return str(error).removeprefix(f"{text}: ")
    longest = alphabet.max_length
    return "" if length <= longest else f"it takes {length - 1} tokens"


def _consequence(component: Component) -> str:
    if isinstance(component, SimilarityComponent):
        return "No fingerprint sees stereo: of a reference that lacks nothing else, similarity can still reach 1"
    if isinstance(component, NoveltyComponent):
        return "No molecule that is sampled can be such a reference, so that all count as new"
    return "A molecule without stereo is given some stereo at random when its conformers are made"
